"""The day after Thanksgiving: the session ends at 13:00 in New York, and that minute belongs to it."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import pytest

from market.providers.registry import provider
from market.tests.builders import new_york
from orders.tests.builders import events_of, run_at
from positions.tests.builders import make_position, make_tenant
from volbal_site.tests.api_client import Api, make_key

pytestmark = pytest.mark.django_db

TIMES = [("13:00:00", True), ("13:00:59", True), ("13:01:00", False), ("16:00:00", False)]


def at(time) -> datetime:
    return new_york(f"2026-11-27 {time}")


@pytest.mark.parametrize(("time", "is_open"), TIMES)
def test_it_trades_until_its_closing_minute_is_over(time, is_open):
    position = make_position(at=at("09:30:00"))
    provider("static").set_price("IBM", Decimal(104), at(time), is_real=True)

    decision = run_at(position, None, at=at(time)).decision

    assert (decision.action, decision.reason) == (
        ("SELL", "trigger_up") if is_open else ("SKIP", "market_closed")
    )
    assert len(events_of(position, "position_evaluated")) == 1
    assert position.orders.count() == is_open


@pytest.mark.parametrize(("time", "is_open"), TIMES)
def test_the_api_says_so(time, is_open):
    api = Api(make_key(make_tenant("ann")))

    status = api.get(f"/market/status?at=2026-11-27T{time}-05:00").json()

    if is_open:
        assert status == {
            "open": True,
            "session": "2026-11-27",
            "opens_at": "2026-11-27T14:30:00Z",
            "closes_at": "2026-11-27T18:00:00Z",
            "half_day": True,
        }
    else:
        assert (status["open"], status["session"], status["half_day"]) == (False, "2026-11-30", False)
