"""What the next trades are said to be is what is decided when their prices are posted, to the last digit."""

from __future__ import annotations

from decimal import Decimal

import pytest

from accounts.transactions import unit_of_work
from configs.tests.builders import set_position
from market.values import CheckedQuote
from orders.circumstances import circumstances_of
from orders.cycle import given_quote
from orders.models import TradingState
from orders.next_trades import NextTrades, blocked_by, next_trades
from orders.switches import turn
from orders.tests.builders import everything_written, make_order, run_at
from positions.models import Position
from positions.services import pause
from positions.tests.builders import OPENED_AT, make_position, make_stamp
from volbal.values import Action

pytestmark = pytest.mark.django_db

CELLS = {
    "usual": {},
    "little cash": {"cash": 1000},
    "nearly all cash": {"qty": 40},
    "on the upper rail": {"cash": 3200},
    "outside the band": {"cash": 100},
    "no shares": {"qty": 0},
    "no cash": {"cash": 0},
    "odd numbers": {"qty": "33.33333333", "cash": "4321.123456", "anchor": "97.654321"},
}
SETTINGS = {
    "as they come": (),
    "lots": (("order_policy", {"lot_size": "5"}),),
    "clipped": (("order_policy", {"min_notional": "2000", "action_below_min": "clip"}),),
    "capped": (("guardrail", {"max_trade_pct_of_position": "2", "max_daily_notional": "500"}),),
    "dear": (("order_policy", {"commission_rate": "0.01", "slippage_bps": "20"}),),
}


def seen_from(position: Position, price: str) -> NextTrades:
    position.refresh_from_db()
    return next_trades(circumstances_of(position, OPENED_AT), position, Decimal(price), OPENED_AT)


@pytest.mark.parametrize("settings", SETTINGS)
@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("side", ["buy", "sell"])
@pytest.mark.parametrize("price", ["100", "96", "104"])
def test_the_next_trade_is_the_decision_when_its_price_is_posted(cell, settings, side, price):
    position = make_position(**CELLS[cell])
    for group, values in SETTINGS[settings]:
        set_position(position, group, **values)

    trade = getattr(seen_from(position, price), side)

    if trade is not None:
        decided = run_at(position, trade.price).decision
        assert decided == trade.decision
        assert decided.action == side.upper()


def test_a_price_that_trades_already_is_the_next_trade_itself():
    trades = seen_from(make_position(), "95")

    assert (trades.buy.price, trades.buy.distance_pct) == (95, 0)
    assert trades.nearest is trades.buy
    assert trades.buy.decision.qty == Decimal("18.00590027")


def test_the_nearer_of_both_is_the_nearest():
    trades = seen_from(make_position(), "102")

    assert trades.nearest.price == 103
    assert trades.nearest.distance_pct == Decimal("0.980392")
    assert (trades.refused_buy, trades.refused_sell) == (None, None)


def test_a_side_that_is_refused_at_its_threshold_says_why():
    trades = seen_from(make_position(qty=9, cash=900), "100")

    assert trades.refused_buy.reason == "below_min"
    assert trades.buy.price < 97


def test_a_cell_at_its_rail_says_that_it_is_pinned_just_here():
    trades = seen_from(make_position(cash=3200), "96")

    assert trades.refused_buy.reason == "guardrail"
    assert trades.here.action is Action.SKIP


def test_when_todays_orders_are_used_up_the_next_days_trades_are_told():
    position = make_position()
    set_position(position, "guardrail", max_orders_per_day=1)
    run_at(position, 97)

    trades = seen_from(position, "97")

    assert trades.is_for_tomorrow
    assert trades.buy.decision.action is Action.BUY


def test_a_cell_that_may_never_trade_has_no_next_trades():
    position = make_position()
    set_position(position, "guardrail", max_orders_per_day=0)

    trades = seen_from(position, "100")

    assert (trades.buy, trades.sell, trades.is_for_tomorrow) == (None, None, False)
    assert trades.refused_buy.reason == "daily_order_cap"


def test_without_an_anchor_there_are_none():
    assert seen_from(make_position(anchor=None), "100") is None


def test_what_stands_against_trading_does_not_change_what_comes_next():
    position = make_position()
    before = seen_from(position, "100")
    with unit_of_work():
        pause(Position.objects.lock(position.pk), "holiday", stamp=make_stamp())

    assert seen_from(position, "100") == before


def test_only_sales_leave_no_purchase():
    position = make_position()
    with unit_of_work():
        turn(TradingState.REDUCING, reason="drill", stamp=make_stamp(), position_id=position.pk)

    trades = seen_from(position, "100")

    assert trades.buy is None
    assert trades.refused_buy.reason == "reducing"
    assert trades.sell.price == 103


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda position: None, None),
        (lambda position: make_order(position), "duplicate"),
        (lambda position: turn(TradingState.HALTED, reason="x", stamp=make_stamp()), "halted"),
    ],
)
def test_what_stands_against_trading_is_named(spoil, reason):
    position = make_position()
    if reason == "halted":
        with unit_of_work():
            spoil(position)
    else:
        spoil(position)
    position.refresh_from_db()
    checked = CheckedQuote(quote=given_quote(Decimal(100), OPENED_AT))

    assert blocked_by(circumstances_of(position, OPENED_AT), position, checked, OPENED_AT) == reason


def test_a_cell_without_a_price_waits_for_one():
    position = make_position()
    around = circumstances_of(position, OPENED_AT)

    assert blocked_by(around, position, CheckedQuote(quote=None), OPENED_AT) == "stale_quote"


def test_looking_ahead_writes_nothing():
    position = make_position()
    before = everything_written()

    seen_from(position, "100")

    assert everything_written() == before
