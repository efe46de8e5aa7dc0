from dataclasses import replace
from decimal import Decimal

import pytest

from configs.runway import MOST_TRADES, Reach, runway
from configs.tests.builders import make_effective
from volbal.decision import decide
from volbal.fills import apply_fill
from volbal.values import DayActivity, Fill, Gates, MarketQuote, PositionState, Side

CELL = PositionState(ticker="IBM", qty=Decimal(100), cash=Decimal(10_000), anchor_price=Decimal(100))
NOWHERE = Reach(price=None, move_pct=None, trades=0, pinned_by=None)


def runway_of(state, **settings):
    effective = make_effective(**settings)
    return runway(state, effective.trigger, effective.guardrail, effective.order_policy)


def test_the_defaults_reach_the_rails_after_seven_sells_or_six_buys():
    both = runway_of(CELL)

    assert both.up == Reach(
        price=Decimal("122.987388"), move_pct=Decimal("22.987388"), trades=7, pinned_by="min_stock_pct"
    )
    assert both.down == Reach(
        price=Decimal("83.297199"), move_pct=Decimal("-16.702801"), trades=6, pinned_by="max_stock_pct"
    )


def test_a_gentle_cell_goes_much_further():
    gentle = {
        "up_threshold_pct": Decimal(5),
        "down_threshold_pct": Decimal(5),
        "min_stock_pct": Decimal(30),
        "max_stock_pct": Decimal(70),
        "rebalance_ratio": Decimal("0.5"),
    }
    both, default = runway_of(CELL, **gentle), runway_of(CELL)

    assert both.up.price > default.up.price
    assert both.down.price < default.down.price
    assert both.up.trades > default.up.trades


def test_walking_the_prices_one_by_one_ends_at_the_same_rail():
    effective, state, price = make_effective(), CELL, Decimal(100)
    for _ in range(7):
        price *= Decimal("1.03")
        price = price.quantize(Decimal("0.000001"), rounding="ROUND_CEILING")
        decision = decide(
            position=state,
            quote=MarketQuote(price=price),
            trigger=effective.trigger,
            guardrail=effective.guardrail,
            order_policy=effective.order_policy,
            today=DayActivity(),
            gates=Gates(),
        )
        fill = Fill(side=Side.SELL, qty=decision.qty, price=price, commission=decision.commission)
        state = apply_fill(state, fill).set_anchor_price(price)

    assert (price, decision.binding_limit) == (runway_of(CELL).up.price, "min_stock_pct")
    assert round(decision.stock_pct_after, 4) == 25


def test_a_cell_beside_its_rail_is_pinned_by_the_first_trade():
    reach = runway_of(replace(CELL, qty=Decimal(290))).down

    assert (reach.price, reach.trades, reach.pinned_by) == (Decimal(97), 1, "max_stock_pct")


@pytest.mark.parametrize(
    "state",
    [replace(CELL, anchor_price=None), replace(CELL, qty=Decimal(0), cash=Decimal(0))],
)
def test_without_anchor_or_without_anything_there_is_no_way_to_go(state):
    both = runway_of(state)

    assert (both.up, both.down) == (NOWHERE, NOWHERE)


def test_settings_that_never_trade_go_nowhere():
    both = runway_of(CELL, max_orders_per_day=0)

    assert (both.up, both.down) == (NOWHERE, NOWHERE)


def test_cash_that_runs_out_pins_like_a_rail():
    awaiting = replace(CELL, cash=Decimal(500), dividend_receivable=Decimal(9500))

    reach = runway_of(awaiting).down

    assert (reach.price, reach.trades, reach.pinned_by) == (Decimal(97), 1, "cash")


def test_the_walk_ends_after_so_many_trades():
    reach = runway_of(CELL, rebalance_ratio=Decimal("0.2"), min_notional=Decimal(0)).up

    assert (reach.trades, reach.pinned_by) == (MOST_TRADES, None)


def test_slippage_lowers_the_anchor_of_sells_so_that_the_next_comes_sooner():
    reach = runway_of(CELL, slippage_bps=Decimal(10)).up

    assert (reach.trades, reach.pinned_by) == (6, "min_stock_pct")
    assert reach.price < runway_of(CELL).up.price
