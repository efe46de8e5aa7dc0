"""When it must not trade: an event that says why, and nothing else."""

from datetime import timedelta

import pytest

from accounts.transactions import unit_of_work
from configs.tests.builders import set_position
from market.tests.builders import new_york
from orders.models import Order
from orders.tests.builders import all_faults, events_of, fresh, make_order, run_at, set_market
from positions.models import JournalEntry, Position
from positions.services import pause
from positions.tests.builders import make_position, make_stamp
from volbal.values import Action

pytestmark = pytest.mark.django_db

CHRISTMAS = new_york("2023-12-25 11:00")
HALF_DAY = "2024-07-03"


def skipped(position, price=104, at=None):
    """Evaluate and return the reason, having checked that only an event was written."""
    before = (Order.objects.count(), JournalEntry.objects.count(), len(events_of(position)))
    evaluation = run_at(position, price) if at is None else run_at(position, price, at)
    after = (Order.objects.count(), JournalEntry.objects.count(), len(events_of(position)))
    assert (evaluation.decision.action, evaluation.order) == (Action.SKIP, None)
    assert after == (before[0], before[1], before[2] + 1)
    assert fresh(position).anchor_price == position.anchor_price
    assert all_faults() == []
    told = events_of(position)[-1]
    assert (told.type, told.outputs["decision"]["reason"]) == (
        "position_evaluated",
        evaluation.decision.reason,
    )
    return evaluation.decision.reason


@pytest.mark.parametrize("side", ["BUY", "SELL"])
def test_while_an_order_is_open_there_is_no_other(side):
    position = make_position()
    make_order(position, side=side, qty=1)

    assert skipped(position) == "duplicate"


def test_an_order_of_yesterday_that_is_still_open_counts_too():
    position = make_position()
    make_order(position)

    later = new_york("2024-01-09 11:00")

    assert skipped(position, at=later) == "duplicate"


def test_a_paused_position_waits():
    position = make_position()
    with unit_of_work():
        pause(Position.objects.lock(position.pk), "p", stamp=make_stamp())

    assert skipped(position) == "paused"
    assert fresh(position).status == "paused"


def test_without_an_anchor_nothing_can_be_compared():
    assert skipped(make_position(anchor=None)) == "no_anchor"


def test_without_a_quote_nothing_can_be_decided():
    assert skipped(make_position(), price=None) == "stale_quote"


def test_a_quote_of_another_ticker_is_none():
    set_market(104, ticker="MSFT")

    assert skipped(make_position(), price=None) == "stale_quote"


@pytest.mark.lesson
@pytest.mark.parametrize(
    "at",
    [
        "2023-12-25 11:00",
        "2024-01-07 11:00",
        "2024-01-06 11:00",
        "2024-01-08 09:29",
        "2024-01-08 16:01",
        "2024-07-08 09:29",
        "2024-07-08 16:01",
    ],
)
def test_a_closed_market_is_not_traded_on(at):
    """market hours at a fixed UTC-5: wrong half the year, open on Christmas, traded on a Sunday"""
    at = new_york(at)
    set_market(104, at=at)

    assert skipped(make_position(), price=None, at=at) == "market_closed"


@pytest.mark.lesson
@pytest.mark.parametrize(
    "at", ["2024-01-08 09:30", "2024-01-08 16:00", "2024-07-08 09:30", "2024-07-08 16:00"]
)
def test_an_open_market_is_traded_on_in_winter_and_in_summer(at):
    """market hours at a fixed UTC-5: wrong half the year"""
    at = new_york(at)
    set_market(104, at=at)

    assert run_at(make_position(), None, at).decision.trades


def test_on_a_half_day_one_o_clock_trades_and_a_minute_later_does_not():
    one = new_york(f"{HALF_DAY} 13:00")
    set_market(104, at=one)
    late, early = make_position(), make_position()

    assert skipped(late, price=None, at=one + timedelta(minutes=1)) == "market_closed"
    assert run_at(early, None, one).decision.trades


def test_after_hours_are_traded_where_that_is_allowed():
    position = make_position()
    set_position(position, "order_policy", allow_after_hours=True)
    set_market(104)

    assert run_at(position, None, CHRISTMAS).decision.trades


def test_a_given_price_counts_as_inside_the_session():
    assert run_at(make_position(), 104, CHRISTMAS).decision.trades


@pytest.mark.parametrize("price", [104, 97])
def test_an_empty_cell_has_no_room_for_a_trade(price):
    assert skipped(make_position(qty=0, cash=0), price=price) == "guardrail"
