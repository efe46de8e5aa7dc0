"""When trading must stop by itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from volbal.breakers import (
    Frequency,
    PlacedOrder,
    day_loss,
    lost_by_trading,
    repeated_orders,
    too_many_errors,
)
from volbal.values import Fill, PositionState, Side

AT = datetime(2024, 1, 8, 16, 0, tzinfo=UTC)
THREE_IN_TEN = Frequency(count=3, minutes=10)


def ago(minutes, seconds=0):
    return AT - timedelta(minutes=minutes, seconds=seconds)


def orders(*rows):
    return [PlacedOrder(side=Side(side), qty=Decimal(qty), at=ago(minutes)) for side, qty, minutes in rows]


def make_state(qty, cash):
    return PositionState(ticker="IBM", qty=Decimal(qty), cash=Decimal(cash))


def fill(side, qty, price, commission="0"):
    return Fill(side=Side(side), qty=Decimal(qty), price=Decimal(price), commission=Decimal(commission))


@pytest.mark.parametrize(
    ("times", "reached"),
    [
        ((), False),
        ((ago(0), ago(1)), False),
        ((ago(0), ago(1), ago(9)), True),
        ((ago(0), ago(1), ago(10)), True),
        ((ago(0), ago(1), ago(10, 1)), False),
        ((ago(0), ago(0), ago(0)), True),
        ((ago(0), ago(0), ago(-1)), False),
        ((ago(1), ago(2), ago(3), ago(60)), True),
    ],
)
def test_a_frequency_counts_what_lies_within_its_minutes(times, reached):
    assert THREE_IN_TEN.is_reached(times, AT) is reached


def test_a_count_of_none_is_never_reached():
    assert not Frequency(count=0, minutes=10).is_reached([AT] * 100, AT)


@pytest.mark.parametrize(
    ("placed", "stops"),
    [
        (orders(), False),
        (orders(("BUY", "5", 2), ("BUY", "5", 0)), False),
        (orders(("BUY", "5", 9), ("BUY", "5", 2), ("BUY", "5", 0)), True),
        (orders(("BUY", "5", 9), ("BUY", "5.0", 2), ("BUY", "5.00", 0)), True),
        (orders(("BUY", "5", 11), ("BUY", "5", 2), ("BUY", "5", 0)), False),
        (orders(("SELL", "5", 9), ("BUY", "5", 2), ("BUY", "5", 0)), False),
        (orders(("BUY", "5", 9), ("BUY", "5.00000001", 2), ("BUY", "5", 0)), False),
        (orders(("BUY", "5", 9), ("SELL", "5", 5), ("BUY", "5", 2), ("BUY", "5", 0)), True),
        (orders(("BUY", "5", 9), ("BUY", "5", 5), ("BUY", "5", 2), ("SELL", "5", 0)), False),
    ],
)
def test_the_same_side_and_size_three_times_in_ten_minutes_stops(placed, stops):
    assert (repeated_orders(placed, THREE_IN_TEN) is not None) is stops


def test_the_sentences_say_what_happened():
    repeated = repeated_orders(orders(*[("BUY", "5", 0)] * 3), THREE_IN_TEN)
    assert repeated == "the same order again and again (BUY 5, 3 within 10 minutes)"
    errors = too_many_errors("errors of alpaca", [AT] * 3, THREE_IN_TEN, AT)
    assert errors == "too many errors of alpaca (3 within 10 minutes)"
    assert too_many_errors("errors", [AT], THREE_IN_TEN, AT) is None


@pytest.mark.parametrize(
    ("fills", "price", "lost"),
    [
        ((), "90", "0"),
        ((fill("BUY", "10", "100"),), "90", "100"),
        ((fill("BUY", "10", "100"),), "110", "-100"),
        ((fill("SELL", "10", "100", "1.5"),), "100", "1.5"),
        ((fill("SELL", "10", "100"),), "110", "100"),
        ((fill("BUY", "10", "100", "1"), fill("SELL", "10", "95", "0.95")), "1", "51.95"),
    ],
)
def test_what_trading_has_cost_is_the_difference_to_not_having_traded(fills, price, lost):
    assert lost_by_trading(fills, Decimal(price)) == Decimal(lost)


@pytest.mark.parametrize(
    ("limit", "stops"),
    [("0", False), ("0.5", True), ("0.5263", True), ("0.5264", False), ("5", False)],
)
def test_the_day_loss_is_a_share_of_what_holding_would_be_worth(limit, stops):
    """110 shares at 90 and 9,000 are 18,900; held, 100 shares and 10,000 would be 19,000: 100 / 19,000."""
    state = make_state(qty="110", cash="9000")
    verdict = day_loss(state, [fill("BUY", "10", "100")], Decimal(90), Decimal(limit))
    assert (verdict is not None) is stops


def test_a_day_that_gained_by_trading_never_stops():
    state = make_state(qty="110", cash="9000")
    assert day_loss(state, [fill("BUY", "10", "100")], Decimal(110), Decimal("0.000001")) is None
    assert day_loss(make_state(qty="0", cash="0"), [], Decimal(1), Decimal(1)) is None


def test_the_day_loss_is_told_in_numbers():
    state = make_state(qty="110", cash="9000")
    told = day_loss(state, [fill("BUY", "10", "100")], Decimal(90), Decimal("0.5"))
    assert told == "today's trading has lost 100 against holding, 0.5 % of 19000 or more"
