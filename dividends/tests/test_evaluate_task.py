"""A message of the schedule: first the morning, then the evaluation; nothing while the market is closed."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from dividends.models import Receivable
from dividends.tasks import evaluate
from dividends.tests.builders import EX_DATE, make_dividend
from market.calendar import open_of
from market.providers.registry import provider
from orders.models import Tick
from orders.tests.builders import events_of, fresh, set_market
from positions.tests.builders import make_position

pytestmark = pytest.mark.django_db


@pytest.fixture
def at(monkeypatch):
    """Set the wall clock."""

    def move(moment):
        monkeypatch.setattr(timezone, "now", lambda: moment)
        provider("static").move_to(moment)

    yield move
    provider("static").clear()


def test_a_dividend_is_taken_off_before_anything_is_decided_even_by_a_worker_that_comes_late(at):
    cell = make_position()
    make_dividend(dps="4")
    at(open_of(EX_DATE) + timedelta(hours=1))
    set_market(96, at=timezone.now())

    evaluate()

    assert (fresh(cell).anchor_price, fresh(cell).dividend_receivable) == (Decimal(96), Decimal(300))
    (event,) = events_of(cell, "position_evaluated")
    assert event.outputs["decision"]["action"] == "HOLD"
    assert Tick.objects.get().positions == 1


def test_while_the_market_is_closed_it_does_nothing(at):
    make_position()
    make_dividend()
    at(open_of(EX_DATE) - timedelta(minutes=1))

    evaluate()

    assert (Tick.objects.count(), Receivable.objects.count()) == (0, 0)
