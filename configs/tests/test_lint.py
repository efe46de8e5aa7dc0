from dataclasses import replace
from decimal import Decimal

import pytest

from configs.lint import lint
from configs.tests.builders import make_effective
from volbal.decision import decide
from volbal.values import DayActivity, Gates, MarketQuote, PositionState, Side

CELL = PositionState(ticker="IBM", qty=Decimal(100), cash=Decimal(10_000), anchor_price=Decimal(100))
SMALL = replace(CELL, qty=Decimal(5), cash=Decimal(500))


def trades(state, effective, price):
    decision = decide(
        position=state,
        quote=MarketQuote(price=Decimal(price)),
        trigger=effective.trigger,
        guardrail=effective.guardrail,
        order_policy=effective.order_policy,
        today=DayActivity(),
        gates=Gates(),
    )
    return decision.trades


def test_settings_that_trade_are_not_warned_of():
    assert lint(CELL, make_effective()) == []


def test_a_cell_too_small_for_the_minimum_is_told_both_numbers_that_would_work():
    buy, sell = lint(SMALL, make_effective())

    assert (buy.code, buy.field, buy.side) == ("min_notional_too_large", "min_notional", Side.BUY)
    assert (buy.works_at, buy.works_with_value) == (Decimal("50.774211"), Decimal("1969.51"))
    assert (sell.side, sell.works_at, sell.works_with_value) == (
        Side.SELL,
        Decimal("49.272830"),
        Decimal("2029.52"),
    )
    assert buy.message == (
        "At 97, where it would buy: the trade would be 50.774211, less than min_notional 100. "
        "It works with 50.774211, or in a cell worth 1969.51."
    )


def test_the_minimum_that_would_work_works_and_a_tick_more_does_not():
    buy, _ = lint(SMALL, make_effective())

    assert trades(SMALL, make_effective(min_notional=buy.works_at), "97")
    assert not trades(SMALL, make_effective(min_notional=buy.works_at + Decimal("0.000001")), "97")


def test_the_value_that_would_work_works_and_a_cent_less_does_not():
    _, sell = lint(SMALL, make_effective())

    def grown_to(value):
        return replace(SMALL, qty=value / 200, cash=value / 2)

    assert trades(grown_to(sell.works_with_value), make_effective(), "103")
    assert not trades(grown_to(sell.works_with_value - Decimal("0.01")), make_effective(), "103")


def test_a_wider_threshold_makes_the_trade_large_enough():
    wide = make_effective(up_threshold_pct=Decimal(7), down_threshold_pct=Decimal(7))

    assert lint(SMALL, wide) == []


def test_clip_raises_to_the_minimum_and_needs_no_warning():
    assert lint(SMALL, make_effective(action_below_min="clip")) == []


def test_a_minimum_quantity_out_of_reach():
    buy, sell = lint(CELL, make_effective(min_qty=Decimal(30)))

    assert (buy.code, buy.works_at) == ("min_qty_too_large", Decimal("10.46890955"))
    assert sell.works_at == Decimal("9.56753982")
    assert trades(CELL, make_effective(min_qty=buy.works_at), "97")


def test_a_lot_larger_than_the_cash_buys_or_than_the_shares_held():
    buy, sell = lint(CELL, make_effective(lot_size=Decimal(200)))

    assert (buy.code, buy.field) == ("lot_exceeds_cash", "lot_size")
    assert "the cash buys 103.08247525 shares" in buy.message
    assert (sell.code, "there are 100 shares" in sell.message) == ("lot_exceeds_shares", True)
    assert trades(CELL, make_effective(lot_size=buy.works_at), "97")
    assert trades(CELL, make_effective(lot_size=sell.works_at), "103")


def test_a_lot_larger_than_the_rules_ask_for():
    buy, _ = lint(CELL, make_effective(lot_size=Decimal(20)))

    assert (buy.code, buy.works_at) == ("lot_too_large", Decimal("10.46890955"))
    assert buy.works_with_value == Decimal("38208.38")


def test_a_lot_stays_a_multiple_of_the_step():
    buy, _ = lint(CELL, make_effective(lot_size=Decimal(20), qty_step=Decimal("0.5")))

    assert buy.works_at == Decimal("10")


def test_a_step_out_of_reach_is_named_as_the_step():
    buy, sell = lint(CELL, make_effective(qty_step=Decimal(20)))

    assert {buy.field, sell.field} == {"qty_step"}


def test_no_lot_helps_where_the_whole_trade_is_under_the_minimum():
    buy, _ = lint(SMALL, make_effective(lot_size=Decimal(1)))

    assert (buy.code, buy.works_at) == ("lot_too_large", None)
    assert buy.works_with_value is not None


@pytest.mark.parametrize("cap", ["0", "0.1"])
def test_a_cap_on_one_trade_under_the_minimum(cap):
    buy, sell = lint(CELL, make_effective(max_trade_pct_of_position=Decimal(cap)))

    assert (buy.code, buy.works_at) == ("max_trade_pct_of_position_too_small", Decimal("0.507615"))
    assert trades(CELL, make_effective(max_trade_pct_of_position=buy.works_at), "97")
    assert trades(CELL, make_effective(max_trade_pct_of_position=sell.works_at), "103")


@pytest.mark.parametrize("cap", ["0", "50"])
def test_a_cap_on_the_day_under_the_minimum(cap):
    buy, sell = lint(CELL, make_effective(max_daily_notional=Decimal(cap)))

    assert (buy.code, sell.code) == ("max_daily_notional_too_small",) * 2
    assert trades(CELL, make_effective(max_daily_notional=buy.works_at), "97")
    assert trades(CELL, make_effective(max_daily_notional=sell.works_at), "103")


def test_a_day_without_orders_is_one_warning():
    (warning,) = lint(CELL, make_effective(max_orders_per_day=0))

    assert (warning.field, warning.side, warning.works_at) == ("max_orders_per_day", None, 1)


def test_a_cell_at_its_rail_or_without_cash_is_no_settings_fault():
    assert lint(replace(CELL, cash=Decimal(0)), make_effective()) == []
    assert lint(replace(CELL, qty=Decimal(0)), make_effective()) == []
    assert lint(replace(CELL, qty=Decimal(0), cash=Decimal(0)), make_effective()) == []


def test_the_price_stands_in_for_a_missing_anchor():
    unanchored = replace(SMALL, anchor_price=None)

    assert lint(unanchored, make_effective()) == []
    assert lint(unanchored, make_effective(), price=Decimal(100)) == lint(SMALL, make_effective())


def test_the_value_that_would_work_is_one_at_the_present_price():
    (buy, _), (again, _) = lint(SMALL, make_effective()), lint(SMALL, make_effective(), price=Decimal(101))

    assert again.works_at == buy.works_at
    assert again.works_with_value == Decimal("1979.36")
