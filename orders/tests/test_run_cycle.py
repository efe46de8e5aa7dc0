"""The live cycle at worked numbers: quote, decide, record, order, fill."""

import uuid
from decimal import Decimal

import pytest

from accounts.errors import NotFound
from accounts.transactions import unit_of_work
from configs.tests.builders import set_global, set_position, set_rate
from orders.cycle import run_cycle
from orders.models import Order, Trade
from orders.tests.builders import (
    all_faults,
    events_of,
    everything_written,
    fresh,
    run_at,
    set_market,
)
from positions.errors import PositionClosed
from positions.models import JournalEntry
from positions.services import close_position
from positions.tests.builders import make_position, make_stamp
from volbal.errors import VolbalError
from volbal.values import Action

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("price", ["99.9", "100", "101", "102.99", "97.01"])
def test_inside_the_band_nothing_is_ordered(price):
    position = make_position()

    evaluation = run_at(position, price)

    assert (evaluation.decision.action, evaluation.decision.reason) == (Action.HOLD, "inside_band")
    assert evaluation.order is None
    assert [event.type for event in events_of(position)] == ["position_created", "position_evaluated"]
    assert (Order.objects.count(), Trade.objects.count(), JournalEntry.objects.count()) == (0, 0, 1)
    assert fresh(position).anchor_price == 100


TRADES = [
    ({}, "97", "BUY", "10.46890955", "trigger_down"),
    ({}, "96.9", "BUY", "10.83470999", "trigger_down"),
    ({}, "103", "SELL", "9.56753982", "trigger_up"),
    ({}, "104", "SELL", "12.57421597", "trigger_up"),
    ({"qty": 10}, "100", "BUY", "17.49956252", "guardrail_low"),
    ({"qty": 0}, "97", "BUY", "25.77255157", "trigger_down"),
    ({"qty": 0}, "104", "BUY", "24.0378606", "guardrail_low"),
    ({"cash": 0}, "104", "SELL", "25.00187515", "trigger_up"),
]


@pytest.mark.parametrize(("cell", "price", "side", "qty", "reason"), TRADES)
def test_outside_the_band_it_trades_the_worked_size(cell, price, side, qty, reason):
    position = make_position(**cell)

    evaluation = run_at(position, price)

    trade = Trade.objects.get()
    assert (evaluation.decision.action, evaluation.decision.reason) == (side, reason)
    assert (trade.side, trade.qty, trade.price) == (side, Decimal(qty), Decimal(price))
    assert (evaluation.order.status, evaluation.order.filled_qty) == ("filled", Decimal(qty))
    assert fresh(position).anchor_price == Decimal(price)
    assert (fresh(position).reserved_cash, fresh(position).reserved_qty) == (0, 0)
    assert fresh(position).status == "active"
    assert all_faults() == []


def test_the_books_after_a_sale_at_104():
    position = make_position()

    run_at(position, 104)

    position = fresh(position)
    assert (position.qty, position.cash) == (Decimal("87.42578403"), Decimal("11307.587689"))
    assert position.anchor_price == 104


def test_a_trade_tells_its_whole_story_in_order():
    position = make_position()

    run_at(position, 104)

    assert [event.type for event in events_of(position)] == [
        "position_created",
        "position_evaluated",
        "order_submitted",
        "order_filled",
        "anchor_updated",
    ]
    _, submitted, filled, _ = events_of(position)[1:]
    order = Order.objects.get()
    for event in (submitted, filled):
        assert event.inputs["order_id"] == str(order.pk)
        assert event.inputs["client_order_id"] == order.client_order_id
        assert (event.inputs["side"], event.inputs["qty"], event.inputs["price"]) == (
            "SELL",
            "12.57421597",
            "104",
        )
    assert filled.outputs["notional"] == "1307.718461"
    assert filled.outputs["commission"] == "0.130772"


def test_the_next_evaluation_starts_from_the_new_anchor():
    position = make_position()

    run_at(position, 104)

    assert run_at(position, 104).decision.action == Action.HOLD
    assert run_at(position, 101).decision.action == Action.HOLD
    assert run_at(position, "100.88").decision.action == Action.BUY
    assert Order.objects.count() == 2


def test_on_the_market_the_providers_quote_is_decided_on():
    position = make_position()
    set_market(104)

    evaluation = run_at(position, None)

    assert (evaluation.quote.price, evaluation.quote.source) == (104, "static")
    assert Trade.objects.get().price == 104


@pytest.mark.lesson
def test_the_price_traded_at_is_the_one_decided_on():
    """The worker traded at a second quote that the decision never saw."""
    position = make_position()
    set_market(104)

    run_at(position, None)

    evaluated = events_of(position, "position_evaluated")[0]
    assert evaluated.inputs["quote"]["price"] == "104"
    assert Order.objects.get().price == Trade.objects.get().price == 104


@pytest.mark.lesson
def test_saved_thresholds_are_used():
    """saved thresholds and guardrails were ignored by the live worker (set 10 %, fired at 3 %)"""
    position = make_position()
    set_position(position, "trigger", up_threshold_pct="10", down_threshold_pct="10")

    assert run_at(position, "103").decision.action == Action.HOLD
    assert run_at(position, "109.99").decision.action == Action.HOLD
    assert run_at(position, "90.01").decision.action == Action.HOLD
    assert not Order.objects.exists()
    assert run_at(position, "110").decision.action == Action.SELL


@pytest.mark.lesson
def test_saved_guardrails_are_used():
    """saved thresholds and guardrails were ignored by the live worker (set 10 %, fired at 3 %)"""
    position = make_position()
    set_global("guardrail", min_stock_pct="30", max_stock_pct="40")

    evaluation = run_at(position, 100)

    assert (evaluation.decision.action, evaluation.decision.reason) == (Action.SELL, "guardrail_high")
    assert Decimal("39.9") < evaluation.decision.stock_pct_after <= 40


@pytest.mark.lesson
@pytest.mark.parametrize("price", ["97", "50", "1"])
def test_a_cell_with_80_pct_stock_never_buys_a_negative_amount(price):
    """With 80 % stock a BUY trigger proposed minus 500 shares, "valid"."""
    position = make_position(cash=2500)

    decision = run_at(position, price).decision

    assert decision.qty >= 0
    assert not (decision.action is Action.BUY and decision.stock_pct_after > 75)
    assert all(trade.qty > 0 for trade in Trade.objects.all())
    assert all_faults() == []


@pytest.mark.lesson
def test_a_fully_invested_cell_can_sell_in_spite_of_the_trade_cap():
    """A fully invested cell could never sell, because the trade cap left it above the band."""
    position = make_position(cash=0)
    set_position(position, "guardrail", max_trade_pct_of_position="10")

    evaluation = run_at(position, 104)

    assert (evaluation.decision.action, evaluation.decision.qty) == (Action.SELL, 10)
    assert fresh(position).qty == 90
    assert fresh(position).status == "active"


@pytest.mark.lesson
@pytest.mark.parametrize("price", ["0", "-1"])
def test_a_price_of_zero_or_less_is_refused(price):
    """`evaluate?price=0` set the anchor to 0"""
    position = make_position()
    before = everything_written()

    with pytest.raises(VolbalError):
        run_at(position, price)

    assert everything_written() == before
    assert fresh(position).anchor_price == 100


@pytest.mark.lesson
@pytest.mark.parametrize("price", ["49", "204"])
def test_the_anchor_stays_where_nothing_was_traded(price):
    """a move of -51 % silently reset the anchor"""
    position = make_position()
    set_position(position, "guardrail", max_orders_per_day=0)

    assert run_at(position, price).decision.reason == "daily_order_cap"
    assert fresh(position).anchor_price == 100


@pytest.mark.lesson
def test_a_fall_by_half_is_traded_and_only_the_trade_moves_the_anchor():
    """a move of -51 % silently reset the anchor"""
    position = make_position()

    assert run_at(position, 49).decision.action == Action.BUY
    assert fresh(position).anchor_price == Trade.objects.get().price == 49


@pytest.mark.lesson
def test_the_band_alone_sends_an_order():
    """The auto-rebalance was logged and never sent."""
    position = make_position(qty=10)

    evaluation = run_at(position, 100)

    assert evaluation.decision.reason == "guardrail_low"
    assert (evaluation.order.status, Trade.objects.get().qty) == ("filled", Decimal("17.49956252"))
    assert fresh(position).qty == Decimal("27.49956252")


@pytest.mark.lesson
@pytest.mark.parametrize("price", ["107", "93"])
def test_a_threshold_of_7_pct_fires_at_exactly_7_pct(price):
    """A 7 % threshold missed exactly +7 % (floats)."""
    position = make_position()
    set_position(position, "trigger", up_threshold_pct="7", down_threshold_pct="7")

    assert run_at(position, price).decision.trades


@pytest.mark.lesson
@pytest.mark.parametrize("rate", ["0.0001", "0.01", "0"])
def test_one_commission_in_decision_order_trade_and_journal(rate):
    """Commission in one path was a hundred times the other."""
    position = make_position()
    set_rate("GLOBAL", rate)

    evaluation = run_at(position, 104)

    trade, row = Trade.objects.get(), JournalEntry.objects.get(seq=2)
    assert evaluation.order.commission_rate == Decimal(rate)
    assert trade.commission == evaluation.order.commission == evaluation.decision.commission
    assert row.cash_delta == trade.notional - trade.commission


def test_an_order_keeps_the_rate_it_was_made_with():
    position = make_position()
    run_at(position, 104)

    set_rate("GLOBAL", "0.5")

    assert Order.objects.get().commission_rate == Decimal("0.0001")


def test_slippage_applies_to_market_quotes_alone():
    given, market = make_position(), make_position()
    set_global("order_policy", slippage_bps="10")
    set_market(104)

    run_at(given, 104)
    run_at(market, None)

    assert Trade.objects.get(position=given).price == 104
    assert Trade.objects.get(position=market).price == Decimal("103.896")
    assert fresh(market).anchor_price == Decimal("103.896")
    assert all_faults() == []


def test_an_unknown_position_is_not_found():
    for price in (None, Decimal(104)):
        with pytest.raises(NotFound):
            run_cycle(position_id=uuid.uuid4(), stamp=make_stamp(), price=price)


def test_a_closed_position_is_not_evaluated():
    position = make_position()
    with unit_of_work():
        close_position(position_id=position.pk, stamp=make_stamp())
    before = everything_written()

    with pytest.raises(PositionClosed):
        run_at(position, 104)

    assert everything_written() == before
