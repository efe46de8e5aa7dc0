"""Whatever write the database breaks off at, an order and its fill are in the books whole or not at all."""

from __future__ import annotations

from functools import partial

import pytest
from django.db import OperationalError, connection

from orders.tests.builders import all_faults, everything_written, make_order, report, run_at
from positions.tests.builders import make_position

pytestmark = pytest.mark.django_db

WRITES = ("INSERT", "UPDATE", "DELETE")
FAR_MORE_THAN_THERE_ARE = 100


class BreaksAt:
    """Lets so many writes through and refuses the next, as a database does whose disk is full."""

    def __init__(self, number):
        self.left, self.broke = number, False

    def __call__(self, execute, sql, *rest):
        if sql.startswith(WRITES):
            self.left -= 1
            if self.left < 0:
                self.broke = True
                raise OperationalError("disk full")
        return execute(sql, *rest)


def fill_of_an_order():
    return partial(report, make_order(make_position()))


def evaluation_that_trades():
    return partial(run_at, make_position(), 104)


@pytest.mark.parametrize(("prepare", "at_least"), [(fill_of_an_order, 7), (evaluation_that_trades, 10)])
def test_a_trade_that_breaks_off_at_any_write_leaves_nothing(prepare, at_least):
    act = prepare()
    before = everything_written()

    for number in range(FAR_MORE_THAN_THERE_ARE):
        breaks = BreaksAt(number)
        with connection.execute_wrapper(breaks):
            try:
                act()
            except OperationalError:
                assert breaks.broke
        if not breaks.broke:
            break
        assert everything_written() == before, f"broken off at write {number + 1}"

    assert number >= at_least
    assert everything_written() != before
    assert all_faults() == []
