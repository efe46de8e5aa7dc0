"""What is read of cells while something happens to them."""

from __future__ import annotations

import pytest
from django.db import connection

from dividends.tests.builders import EX_DATE, make_split, morning
from positions.models import Position
from positions.tests.builders import make_position
from simulation.cell_rows import event_facts

pytestmark = pytest.mark.django_db


def test_a_split_that_is_applied_between_two_statements_is_told_whole_or_not_at_all():
    cell = make_position(anchor=100)
    make_split()
    statements = []

    def interrupt(execute, sql, parameters, many, context):
        statements.append(sql)
        if len(statements) == 2:
            morning(cell, EX_DATE)
        return execute(sql, parameters, many, context)

    with connection.execute_wrapper(interrupt):
        facts = event_facts(Position.objects.filter(pk=cell.pk))

    assert len(facts.splits) in (0, 1)
    assert len(event_facts(Position.objects.filter(pk=cell.pk)).splits) == 1
