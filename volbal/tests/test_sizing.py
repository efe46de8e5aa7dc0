"""docs/strategy.md, "Size", "Rounding" and "Minimums", case by case."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from volbal.errors import InvalidConfig
from volbal.sizing import STRATEGIES, strategy_named
from volbal.tests.builders import decide_at

FREE: dict[str, Any] = {
    "min_notional": "0",
    "commission_rate": "0",
    "min_stock_pct": "0",
    "max_stock_pct": "100",
}


def raw_size(price: str, strategy: str, **settings: Any) -> Decimal:
    answered = decide_at(price, order_sizing_strategy=strategy, **{**FREE, **settings})
    return Decimal(answered["raw_qty"])


def test_the_registry_has_the_three_strategies() -> None:
    assert {"proportional", "fixed_percentage", "original"} <= set(STRATEGIES)
    for name, function in STRATEGIES.items():
        assert strategy_named(name) is function


@pytest.mark.parametrize("name", ["", "Proportional", "kelly", "__class__"])
def test_an_unknown_strategy_is_refused(name: str) -> None:
    with pytest.raises(InvalidConfig):
        strategy_named(name)


def test_proportional_is_distance_times_ratio_times_value_over_price() -> None:
    assert raw_size("80", "proportional", rebalance_ratio="0.5") == Decimal("0.25") / 2 * 18000 / 80
    assert raw_size("125", "proportional", rebalance_ratio="0.5") == Decimal("0.2") / 2 * 22500 / 125


def test_proportional_counts_the_receivable_in_the_value() -> None:
    with_it = raw_size("80", "proportional", rebalance_ratio="0.5", dividend_receivable="2000")
    assert with_it == Decimal("0.25") / 2 * 20000 / 80


def test_fixed_percentage_spends_a_part_of_the_cash_and_sells_a_part_of_the_shares() -> None:
    assert raw_size("80", "fixed_percentage", rebalance_ratio="0.5") == Decimal("62.5")
    assert raw_size("125", "fixed_percentage", rebalance_ratio="0.5") == Decimal(50)


def test_fixed_percentage_does_not_count_the_receivable() -> None:
    assert raw_size("80", "fixed_percentage", rebalance_ratio="0.5", dividend_receivable="4000") == Decimal(
        "62.5"
    )


@pytest.mark.parametrize("ratio", ["1", "1.000001", "1.6667", "100"])
def test_fixed_percentage_is_at_most_everything(ratio: str) -> None:
    assert raw_size("80", "fixed_percentage", rebalance_ratio=ratio) == Decimal(125)
    assert raw_size("125", "fixed_percentage", rebalance_ratio=ratio) == Decimal(100)


def test_original_is_anchor_over_price_times_ratio_times_value_over_price() -> None:
    assert raw_size("80", "original", rebalance_ratio="0.5") == Decimal("1.25") / 2 * 18000 / 80
    assert raw_size("125", "original", rebalance_ratio="0.5") == Decimal("0.8") / 2 * 22500 / 125


def test_the_raw_size_is_half_even_to_12_places() -> None:
    exact = Fraction(100, 97) - 1
    expected = exact * Fraction("1.6667") * 19700 / 97
    answered = Fraction(decide_at("97")["raw_qty"])
    assert answered == Fraction(round(expected * 10**12), 10**12)


def test_the_raw_size_is_before_every_limit() -> None:
    free = decide_at("97")
    for limit in ({"max_daily_notional": "200"}, {"max_trade_pct_of_position": "1"}, {"lot_size": "1"}):
        assert decide_at("97", **limit)["raw_qty"] == free["raw_qty"]


# Rounding


@pytest.mark.parametrize(
    ("settings", "qty"),
    [
        ({}, "10.46890955"),
        ({"qty_step": "0.001"}, "10.468"),
        ({"qty_step": "1"}, "10"),
        ({"lot_size": "5"}, "10"),
        ({"lot_size": "5", "qty_step": "1"}, "10"),
        ({"lot_size": "4"}, "8"),
        ({"lot_size": "0.3", "qty_step": "0.1"}, "10.2"),
    ],
)
def test_a_size_goes_toward_zero_to_step_and_lot(settings: dict[str, str], qty: str) -> None:
    assert decide_at("97", **settings)["qty"] == qty


def test_a_size_of_exactly_50_is_50() -> None:
    answered = decide_at(
        "3", qty="1", cash="597", anchor_price="4", rebalance_ratio="0.75", lot_size="50", **FREE
    )
    assert (answered["raw_qty"], answered["qty"]) == ("50", "50")


def test_back_to_the_band_a_sale_is_rounded_away_from_zero() -> None:
    answered = decide_at("100", cash="1000", lot_size="1")
    assert answered["binding_limit"] == "max_stock_pct"
    assert answered["qty"] == "18"
    assert Decimal(answered["stock_pct_after"]) <= 75
    assert Decimal(decide_at("100", cash="1000")["stock_pct_after"]) <= 75


def test_back_to_the_band_a_buy_is_rounded_away_from_zero() -> None:
    answered = decide_at("100", qty="10", lot_size="1")
    assert (answered["qty"], answered["binding_limit"]) == ("18", "min_stock_pct")
    assert Decimal(answered["stock_pct_after"]) >= 25


def test_a_lot_that_would_cross_the_far_guardrail_is_not_rounded_up() -> None:
    answered = decide_at("100", qty="10", lot_size="100", min_notional="0")
    assert (answered["action"], answered["reason"]) == ("SKIP", "below_min")
    capped = decide_at("100", qty="10", lot_size="1", max_daily_notional="1799")
    assert (capped["qty"], capped["binding_limit"]) == ("17", "min_stock_pct")
    assert decide_at("100", qty="10", lot_size="1", max_daily_notional="1800")["qty"] == "18"


def test_a_buy_loses_a_lot_until_its_rounded_cost_is_paid_for() -> None:
    tight = {"max_stock_pct": "100", "min_notional": "0", "rebalance_ratio": "100", "commission_rate": "0.01"}
    answered = decide_at("50", qty="1", cash="505", lot_size="1", **tight)
    assert (answered["qty"], answered["binding_limit"]) == (
        "10",
        "max_stock_pct",
    )  # cash ties, and comes later
    answered = decide_at("50", qty="1", cash="504.999999", lot_size="1", **tight)
    assert answered["qty"] == "9"


@pytest.mark.parametrize("cash", ["1", "0.37", "97", "1234.567891", "0.000005", "33.333333"])
@pytest.mark.parametrize("rate", ["0", "0.0001", "0.01", "0.00333333"])
def test_a_buy_of_all_the_cash_never_costs_more_than_it(cash: str, rate: str) -> None:
    answered = decide_at(
        "97",
        qty="0",
        cash=cash,
        max_stock_pct="100",
        min_notional="0",
        commission_rate=rate,
        order_sizing_strategy="fixed_percentage",
    )
    cost = Decimal(answered["notional"]) + Decimal(answered["commission"])
    assert cost <= Decimal(cash)
    assert Decimal(cash) - cost < Decimal("0.00001")


def test_slippage_counts_in_the_cash_cap() -> None:
    settings = {"qty": "0", "cash": "970", "lot_size": "1", "rebalance_ratio": "100", **FREE}
    assert decide_at("97", **settings)["qty"] == "10"
    assert decide_at("97", slippage_bps="1", **settings)["qty"] == "9"


# Minimums


def test_below_the_minimum_hold_makes_no_order() -> None:
    answered = decide_at("97", min_notional="1016")
    assert (answered["action"], answered["reason"], answered["qty"]) == ("SKIP", "below_min", "0")
    assert answered["binding_limit"] == "min_notional"
    assert answered["raw_qty"].startswith("10.468")


def test_exactly_the_minimum_is_enough() -> None:
    notional = decide_at("97")["notional"]
    assert decide_at("97", min_notional=notional)["action"] == "BUY"
    more = str(Decimal(notional) + Decimal("0.000001"))
    assert decide_at("97", min_notional=more)["action"] == "SKIP"
    assert decide_at("97", min_qty="10.46890955")["action"] == "BUY"
    assert decide_at("97", min_qty="10.46890956")["action"] == "SKIP"


def test_below_the_minimum_reject_is_a_rejected_order_with_the_raw_size() -> None:
    answered = decide_at("97", min_notional="1016", action_below_min="reject")
    assert (answered["action"], answered["reason"], answered["side"]) == ("REJECT", "below_min", "BUY")
    assert (answered["qty"], answered["notional"], answered["commission"]) == ("0", "0", "0")
    assert answered["raw_qty"].startswith("10.468")


def test_a_size_of_nothing_is_skipped_and_not_rejected() -> None:
    answered = decide_at("97", lot_size="50", action_below_min="reject")
    assert (answered["action"], answered["reason"]) == ("SKIP", "below_min")


def test_clip_raises_to_the_minimum_notional_rounded_up() -> None:
    answered = decide_at("97", min_notional="2000", action_below_min="clip")
    assert (answered["action"], answered["binding_limit"]) == ("BUY", "min_notional")
    assert answered["qty"] == "20.61855671"
    assert Decimal(answered["notional"]) >= 2000


def test_clip_raises_to_the_minimum_quantity_in_lots() -> None:
    answered = decide_at("97", min_qty="12", lot_size="5", action_below_min="clip")
    assert (answered["action"], answered["qty"], answered["binding_limit"]) == ("BUY", "15", "min_qty")


def test_clip_names_the_quantity_when_both_minimums_ask_the_same() -> None:
    answered = decide_at(
        "80", min_qty="100", min_notional="8000", action_below_min="clip", **{"cash": "12000"}
    )
    assert answered["binding_limit"] == "min_qty"


@pytest.mark.parametrize(
    "limit",
    [
        {"max_daily_notional": "1999"},
        {"max_trade_pct_of_position": "10"},
        {"cash": "1999", "dividend_receivable": "8001"},
        {"max_stock_pct": "59"},
    ],
)
def test_clip_does_not_raise_above_an_upper_limit(limit: dict[str, str]) -> None:
    answered = decide_at("97", min_notional="2000", action_below_min="clip", **limit)
    assert (answered["action"], answered["reason"]) == ("SKIP", "below_min")


def test_clip_without_minimums_and_a_size_of_nothing_is_skipped() -> None:
    answered = decide_at("97", lot_size="50", min_notional="0", action_below_min="clip")
    assert (answered["action"], answered["reason"]) == ("SKIP", "below_min")


def test_clip_with_a_size_of_nothing_raises_to_the_minimum() -> None:
    answered = decide_at("97", lot_size="50", min_qty="1", min_notional="0", action_below_min="clip")
    assert (answered["action"], answered["qty"]) == ("BUY", "50")


# Caps


@pytest.mark.parametrize(
    ("settings", "limit"),
    [
        ({"max_trade_pct_of_position": "5"}, "max_trade_pct_of_position"),
        ({"max_daily_notional": "900"}, "max_daily_notional"),
        ({"max_daily_notional": "1500", "notional": "600"}, "max_daily_notional"),
        ({"cash": "900", "dividend_receivable": "9100"}, "cash"),
        ({"max_stock_pct": "54"}, "max_stock_pct"),
        ({"cash": "1020", "dividend_receivable": "8980"}, "sizing"),
        ({"cash": "1020", "dividend_receivable": "8980", "slippage_bps": "100"}, "cash"),
        ({}, "sizing"),
    ],
)
def test_the_limit_that_decided_is_named(settings: dict[str, str], limit: str) -> None:
    assert decide_at("97", **settings)["binding_limit"] == limit


def test_ties_go_to_the_first_limit() -> None:
    base = {"rebalance_ratio": "0.5", "order_sizing_strategy": "fixed_percentage", "commission_rate": "0"}
    tied = decide_at("80", max_daily_notional="5000", **base)
    assert (tied["qty"], tied["binding_limit"]) == ("62.5", "sizing")
    full = {**base, "rebalance_ratio": "1", "max_stock_pct": "100"}
    assert decide_at("80", **full)["binding_limit"] == "sizing"
    both = decide_at("80", max_trade_pct_of_position="10", max_daily_notional="1800", **full)
    assert both["binding_limit"] == "max_trade_pct_of_position"


def test_the_whole_position_may_be_sold() -> None:
    answered = decide_at(
        "110", min_stock_pct="0", order_sizing_strategy="fixed_percentage", rebalance_ratio="1"
    )
    assert (answered["qty"], answered["stock_pct_after"]) == ("100", "0")
