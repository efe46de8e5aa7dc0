"""What the predecessor got wrong about rules and money and the core could repeat, quoted test by test."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from volbal.door import decide_line
from volbal.errors import (
    BadInput,
    IllegalTransition,
    InsufficientCash,
    InsufficientShares,
    InvalidConfig,
    OutOfRange,
)
from volbal.fills import apply_fill, commission_on, notional_of
from volbal.order_states import OrderStatus, check_move
from volbal.tests.builders import decide_at, make_line, make_state
from volbal.values import Fill, Side

pytestmark = pytest.mark.lesson


def refuse(line: dict[str, Any], error: type[BadInput]) -> BadInput:
    with pytest.raises(error) as caught:
        decide_line(json.dumps(line).encode())
    return caught.value


def test_saved_thresholds_are_used() -> None:
    """saved thresholds and guardrails were ignored by the live worker (set 10 %, fired at 3 %)"""
    assert decide_at("95", down_threshold_pct="10")["action"] == "HOLD"
    assert decide_at("90", down_threshold_pct="10")["action"] == "BUY"
    assert decide_at("105", up_threshold_pct="10")["action"] == "HOLD"
    assert decide_at("110", up_threshold_pct="10")["action"] == "SELL"


def test_saved_guardrails_are_used() -> None:
    """saved thresholds and guardrails were ignored by the live worker (set 10 %, fired at 3 %)"""
    assert decide_at("100", min_stock_pct="60", max_stock_pct="70")["reason"] == "guardrail_low"
    assert decide_at("100", min_stock_pct="30", max_stock_pct="40")["reason"] == "guardrail_high"


@pytest.mark.parametrize("name", ["up_threshold_pct", "down_threshold_pct"])
@pytest.mark.parametrize("value", ["-3", "0", "100", "-0.000001"])
def test_a_threshold_that_is_not_between_0_and_100_is_refused(name: str, value: str) -> None:
    """A threshold stored as -3 bought on a rise."""
    assert refuse(make_line("103", **{name: value}), InvalidConfig).code == "invalid-config"


@pytest.mark.parametrize("price", ["97", "50", "1", "0.000001", "99", "120"])
@pytest.mark.parametrize("cash", ["2500", "2424.99", "1", "0"])
def test_a_cell_with_80_pct_stock_never_buys_a_negative_amount(price: str, cash: str) -> None:
    """With 80 % stock a BUY trigger proposed minus 500 shares, "valid"."""
    answered = decide_at(price, cash=cash)
    assert Decimal(answered["qty"]) >= 0
    assert Decimal(answered["raw_qty"]) >= 0


def test_a_buy_trigger_at_80_pct_stock_sells_down_to_the_band() -> None:
    """With 80 % stock a BUY trigger proposed minus 500 shares, "valid"."""
    answered = decide_at("97", cash="2425")
    assert answered["stock_pct_before"] == "80"
    assert (answered["action"], answered["reason"]) == ("SELL", "guardrail_high")
    assert answered["stock_pct_after"] == "75"


@pytest.mark.parametrize("price", ["100", "103", "110", "97", "60"])
def test_a_fully_invested_cell_can_sell(price: str) -> None:
    """A fully invested cell could never sell, because the trade cap left it above the band."""
    answered = decide_at(price, cash="0", max_trade_pct_of_position="10")
    assert answered["action"] == "SELL"
    assert answered["binding_limit"] == "max_trade_pct_of_position"
    assert Decimal(answered["notional"]) == 10 * Decimal(price)
    assert Decimal(answered["stock_pct_after"]) > 75


@pytest.mark.parametrize("price", ["0", "0.000000", "-1", 0, -1, None, ""])
def test_a_price_of_nothing_or_less_is_refused(price: Any) -> None:
    """`evaluate?price=0` set the anchor to 0"""
    refuse(make_line(price), BadInput)


def test_a_price_of_zero_is_out_of_range() -> None:
    """`evaluate?price=0` set the anchor to 0"""
    assert refuse(make_line("0"), OutOfRange).code == "out-of-range"


def test_an_anchor_of_zero_is_refused() -> None:
    """`evaluate?price=0` set the anchor to 0"""
    refuse(make_line("100", anchor_price="0"), OutOfRange)


@pytest.mark.parametrize(("price", "side"), [("49", "BUY"), ("151", "SELL"), ("10", "BUY"), ("900", "SELL")])
def test_a_huge_move_trades_against_the_same_anchor(price: str, side: str) -> None:
    """a move of -51 % silently reset the anchor"""
    answered = decide_at(price, min_stock_pct="0", max_stock_pct="100")
    assert (answered["action"], answered["reason"][:7]) == (side, "trigger")
    distance = abs(100 / Decimal(price) - 1)
    value = 100 * Decimal(price) + 10000
    expected = distance * Decimal("1.6667") * value / Decimal(price)
    assert abs(Decimal(answered["raw_qty"]) - expected) < Decimal("1e-9")


def test_a_fill_leaves_the_anchor_to_the_one_who_moves_it() -> None:
    """a move of -51 % silently reset the anchor"""
    fill = Fill(side=Side.BUY, qty=Decimal(1), price=Decimal(49))
    assert apply_fill(make_state(), fill).anchor_price == Decimal(100)


SEVENS = ["1", "3", "100", "0.37", "29", "58", "123.45", "10.01", "99999.99"]


@pytest.mark.parametrize("anchor", SEVENS)
def test_exactly_7_pct_is_hit_and_a_tick_less_is_not(anchor: str) -> None:
    """A 7 % threshold missed exactly +7 % (floats)."""
    up, down = Decimal(anchor) * Decimal("1.07"), Decimal(anchor) * Decimal("0.93")
    tick = Decimal("0.000001")
    cell = {
        "anchor_price": anchor,
        "cash": str(Decimal(anchor) * 100),
        "up_threshold_pct": "7",
        "down_threshold_pct": "7",
        "min_notional": "0",
    }
    assert decide_at(str(up), **cell)["reason"] == "trigger_up"
    assert decide_at(str(up - tick), **cell)["action"] == "HOLD"
    assert decide_at(str(down), **cell)["reason"] == "trigger_down"
    assert decide_at(str(down + tick), **cell)["action"] == "HOLD"


def test_a_rate_of_one_basis_point_is_one_basis_point() -> None:
    """Commission in one path was a hundred times the other."""
    answered = decide_at("97", commission_rate="0.0001")
    notional = Decimal(answered["notional"])
    assert Decimal(answered["commission"]) == commission_on(notional, Decimal("0.0001"))
    assert notional == notional_of(Decimal(answered["qty"]), Decimal(97))
    assert abs(Decimal(answered["commission"]) - notional / 10000) <= Decimal("0.0000005")


@pytest.mark.parametrize("rate", ["-0.0001", "1", "5"])
def test_a_negative_or_confiscating_rate_is_refused(rate: str) -> None:
    """a commission of -5,000 was accepted"""
    refuse(make_line("97", commission_rate=rate), InvalidConfig)


def test_more_than_there_is_cannot_leave_the_cell() -> None:
    """Withdrawing 800 of 1,000 left -600 (debited twice)."""
    with pytest.raises(InsufficientCash):
        apply_fill(make_state(cash="100"), Fill(side=Side.BUY, qty=Decimal(2), price=Decimal(51)))
    with pytest.raises(InsufficientShares):
        apply_fill(make_state(qty="1"), Fill(side=Side.SELL, qty=Decimal(2), price=Decimal(51)))


def test_a_cancelled_order_is_not_filled() -> None:
    """An order of 1 could be filled 30, a cancelled order filled, a partial fill became "filled"."""
    with pytest.raises(IllegalTransition):
        check_move(OrderStatus.CANCELLED, OrderStatus.FILLED)


def test_a_rejected_order_is_not_filled() -> None:
    """Orders that the broker had rejected were booked as filled."""
    with pytest.raises(IllegalTransition):
        check_move(OrderStatus.REJECTED, OrderStatus.FILLED)


def test_the_daily_cap_counts_up_to_its_number() -> None:
    """20 parallel submits passed a cap of 5 as 14"""
    assert decide_at("97", orders="4")["action"] == "BUY"
    assert decide_at("97", orders="5")["reason"] == "daily_order_cap"
    assert decide_at("97", orders="14")["reason"] == "daily_order_cap"
