"""Whatever a feed comes up with, through the real client of it: no order, the named reason, one event."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.cache import cache

from accounts.transactions import unit_of_work
from market.steps import tell_dividends
from market.tests.yahoo_stub import AS_OF
from market.values import DividendFact
from orders.models import Order
from orders.tests.builders import all_faults, events_of, run_at
from positions.tests.builders import make_position

pytestmark = pytest.mark.django_db

LATER = AS_OF + timedelta(minutes=1)
DPS = "4"


def seconds(at):
    return int(at.timestamp())


def quoted(yahoo, price, at, **other):
    """Let the feed say this from now on."""
    cache.clear()
    yahoo.know("IBM", price, **{"regularMarketTime": seconds(at), **other})


@pytest.fixture
def position(yahoo):
    """A cell that was looked at a minute ago, at a price that nothing is wrong with."""
    ex_date = AS_OF.date() - timedelta(days=30)
    with unit_of_work():
        tell_dividends(
            ticker="IBM",
            dividends=[DividendFact(ex_date=ex_date, pay_date=AS_OF.date(), dps=Decimal(DPS))],
        )
    cell = make_position(at=AS_OF - timedelta(days=1), market_provider="yfinance")
    quoted(yahoo, 100, AS_OF)
    assert run_at(cell, None, at=AS_OF).decision.reason == "inside_band"
    return cell


BAD = {
    "stale": ({"price": 104, "at": LATER - timedelta(minutes=20)}, "stale_quote"),
    "future": ({"price": 104, "at": LATER + timedelta(minutes=20)}, "stale_quote"),
    "zero": ({"price": 0}, "stale_quote"),
    "negative": ({"price": -104}, "stale_quote"),
    "NaN": ({"price": float("nan")}, "stale_quote"),
    "infinite": ({"price": float("inf")}, "stale_quote"),
    "no number": ({"price": "104"}, "stale_quote"),
    "nothing": ({"price": None}, "stale_quote"),
    "in pence": ({"price": 104, "currency": "GBp"}, "stale_quote"),
    "in pence, and it doesn't say so": ({"price": 10_400}, "outlier_quote"),
    "tenfold": ({"price": 1000}, "split_suspected"),
    "twelvefold": ({"price": 1200}, "outlier_quote"),
    "a third more": ({"price": 133}, "outlier_quote"),
    "the last dividend": ({"price": float(DPS)}, "outlier_quote"),
    "halved": ({"price": 50}, "split_suspected"),
    "split three for one": ({"price": 33.3}, "split_suspected"),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_quote_makes_no_order_and_one_event_with_its_reason(yahoo, position, kind):
    said, reason = BAD[kind]
    quoted(yahoo, **{"at": LATER, **said})

    evaluation = run_at(position, None, at=LATER)

    assert (evaluation.decision.action, evaluation.decision.reason) == ("SKIP", reason)
    told = events_of(position, "position_evaluated")
    assert [event.outputs["decision"]["reason"] for event in told] == ["inside_band", reason]
    assert Order.objects.count() == 0
    assert all_faults() == []


def test_the_same_quote_with_nothing_wrong_is_traded_on(yahoo, position):
    quoted(yahoo, 104, LATER)

    assert run_at(position, None, at=LATER).decision.action == "SELL"


@pytest.mark.parametrize(
    ("price", "action"), [(float(DPS), "SKIP"), (50, "SKIP"), (10_400, "SKIP"), (133, "SELL")]
)
def test_seen_again_only_what_may_be_a_price_is_traded_on(yahoo, position, price, action):
    for minutes in (1, 2):
        at = AS_OF + timedelta(minutes=minutes)
        quoted(yahoo, price, at)
        decision = run_at(position, None, at=at).decision

    assert decision.action == action
