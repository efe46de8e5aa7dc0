"""What is wrong with a live feed's quote is a gate of the decision: no order, the reason, one event."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.cache import cache

from accounts.transactions import unit_of_work
from market.errors import Unavailable
from market.providers.registry import provider
from orders.hand_orders import quote_for, submit_order
from orders.models import Order
from orders.tests.builders import events_of, run_at
from positions.tests.builders import OPENED_AT, make_position, make_stamp
from volbal.errors import OutlierQuote, SplitSuspected, StaleQuote
from volbal.values import Side

pytestmark = pytest.mark.django_db

LATER = OPENED_AT + timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _nothing_handed_out():
    cache.clear()


def feed(price, at=OPENED_AT):
    """Let a live feed say this now, however lately it was asked."""
    cache.clear()
    provider("static").set_price("IBM", Decimal(price), at, is_real=True)


@pytest.mark.parametrize(
    ("price", "age", "reason", "error"),
    [
        ("130", timedelta(0), "outlier_quote", OutlierQuote),
        ("10000", timedelta(0), "outlier_quote", OutlierQuote),
        ("50", timedelta(0), "split_suspected", SplitSuspected),
        ("104", timedelta(minutes=20), "stale_quote", StaleQuote),
        ("104", timedelta(minutes=-20), "stale_quote", StaleQuote),
    ],
)
def test_a_quote_not_to_trust_makes_no_order_and_one_event(price, age, reason, error):
    position = make_position()
    feed(100)
    run_at(position, None)
    feed(price, LATER - age)

    evaluation = run_at(position, None, at=LATER)

    assert (evaluation.decision.action, evaluation.decision.reason) == ("SKIP", reason)
    assert [e.outputs["decision"]["reason"] for e in events_of(position, "position_evaluated")] == [
        "inside_band",
        reason,
    ]
    quote, gate = quote_for(position, None, LATER)
    with pytest.raises(error), unit_of_work():
        submit_order(
            position_id=position.pk,
            side=Side.BUY,
            qty=Decimal(5),
            quote=quote,
            gate=gate,
            stamp=make_stamp(LATER),
        )
    assert Order.objects.count() == 0


def test_a_jump_that_is_seen_again_is_traded_on():
    position = make_position()
    feed(100)
    run_at(position, None)
    feed(130, LATER)
    run_at(position, None, at=LATER)
    feed(130, LATER + timedelta(minutes=1))

    assert run_at(position, None, at=LATER + timedelta(minutes=1)).decision.action == "SELL"


def test_a_feed_that_fails_is_a_skip_and_no_error(monkeypatch):
    position = make_position()

    def fail(tickers):
        raise Unavailable("down")

    monkeypatch.setattr(provider("static"), "latest_quotes", fail)

    assert run_at(position, None).decision.reason == "stale_quote"
