"""Real threads on one position: nothing is lost, nothing counts twice."""

from decimal import Decimal
from functools import partial

import pytest
from django.db import connection

from accounts.tests.threads import at_once, refusals
from accounts.transactions import unit_of_work
from configs.tests.builders import set_position
from orders.cycle import run_cycle
from orders.lifecycle import place_order
from orders.models import Order, Trade
from orders.tests.builders import (
    all_faults,
    events_of,
    fresh,
    make_order,
    make_request,
    report,
    run_at,
)
from positions.errors import PositionNotEmpty
from positions.models import Event, JournalEntry, Position
from positions.services import close_position, move_cash
from positions.tests.builders import make_position, make_stamp
from volbal.values import Action

pytestmark = pytest.mark.django_db(transaction=True)


def withdraw(position, amount):
    with unit_of_work():
        return move_cash(position_id=position.pk, amount=-Decimal(amount), stamp=make_stamp())


def place(position, **request):
    with unit_of_work():
        return place_order(Position.objects.lock(position.pk), make_request(**request), stamp=make_stamp())


@pytest.mark.lesson
@pytest.mark.parametrize("threads", [4, 8])
def test_the_same_execution_from_many_threads_is_booked_once(threads):
    """four parallel fills of one order made three trades; eight made eight."""
    position = make_position()
    order = make_order(position)

    trades = at_once([partial(report, order)] * threads)

    assert {trade.pk for trade in trades} == {Trade.objects.get().pk}
    assert (fresh(position).qty, fresh(position).cash) == (110, 9030)
    assert (JournalEntry.objects.count(), len(events_of(position, "order_filled"))) == (2, 1)
    assert all_faults() == []


@pytest.mark.lesson
def test_different_fills_from_many_threads_all_count():
    """Five parallel fills on one position lost four updates."""
    position = make_position()
    order = make_order(position)
    prices = [Decimal(90 + number) for number in range(10)]

    at_once([partial(report, order, f"e{price}", qty=1, price=price) for price in prices])

    order, position = fresh(order), fresh(position)
    assert Trade.objects.count() == 10
    assert (order.status, order.filled_qty, order.avg_fill_price) == ("filled", 10, Decimal("94.5"))
    assert (position.qty, position.cash, position.anchor_price) == (110, 9055, Decimal("94.5"))
    assert (position.reserved_cash, JournalEntry.objects.count()) == (0, 11)
    assert all_faults() == []


@pytest.mark.lesson
def test_more_fills_than_ordered_never_overfill():
    """An order of 1 could be filled 30"""
    position = make_position()
    order = make_order(position, qty=3)

    results = at_once([partial(report, order, f"e{number}", qty=1) for number in range(10)])

    assert refusals(results) == ["illegal-transition"] * 7
    assert (Trade.objects.count(), fresh(order).filled_qty, fresh(position).qty) == (3, 3, 103)
    assert all_faults() == []


def test_contradicting_reports_of_one_execution_book_one_and_keep_the_others():
    position = make_position()
    order = make_order(position)

    results = at_once([partial(report, order, "e1", qty=1, price=90 + number) for number in range(6)])

    assert refusals(results) == ["execution-conflict"] * 5
    assert Trade.objects.count() == 1
    assert len(events_of(position, "fill_quarantined")) == 5
    assert len(events_of(position, "trading_paused")) == 1
    assert all_faults() == []


def test_one_execution_reported_for_two_orders_is_booked_for_one():
    orders = [make_order(make_position()) for _ in range(2)]

    results = at_once([partial(report, order, "e1") for order in orders for _ in range(3)])

    assert refusals(results) == ["execution-conflict"] * 3
    assert Trade.objects.count() == 1
    assert all_faults() == []


def test_a_trigger_seen_by_twenty_evaluations_trades_once():
    position = make_position()

    evaluations = at_once([partial(run_at, position, 104)] * 20)

    actions = sorted(evaluation.decision.action for evaluation in evaluations)
    assert actions == [Action.HOLD] * 19 + [Action.SELL]
    assert (Order.objects.count(), Trade.objects.count()) == (1, 1)
    assert fresh(position).qty == Decimal("87.42578403")
    assert len(events_of(position, "position_evaluated")) == 20
    assert all_faults() == []


@pytest.mark.lesson
def test_twenty_parallel_submits_never_pass_a_cap_of_five():
    """20 parallel submits passed a cap of 5 as 14."""
    position = make_position()
    set_position(position, "guardrail", min_stock_pct="0", max_stock_pct="100")
    set_position(position, "order_policy", rebalance_ratio="0.1", min_notional="0")
    # Each price is at least 5 % away from every other, so that every evaluation would trade.
    prices = [Decimal(100 + 10 * number) for number in range(1, 21)]

    evaluations = at_once([partial(run_at, position, price) for price in prices])

    reasons = [evaluation.decision.reason for evaluation in evaluations]
    assert Order.objects.count() == Trade.objects.count() == 5
    assert reasons.count("daily_order_cap") == 15
    assert all_faults() == []


def test_only_one_of_many_orders_is_open():
    position = make_position()

    results = at_once([partial(place, position, qty=1)] * 8)

    assert refusals(results) == ["order-open"] * 7
    assert Order.objects.count() == 1
    assert fresh(position).reserved_cash == Decimal("97.0097")
    assert all_faults() == []


@pytest.mark.parametrize("_round", range(3))
def test_a_purchase_and_a_withdrawal_never_take_the_same_cash(_round):
    position = make_position(cash=1000)

    results = at_once([partial(place, position), partial(withdraw, position, 500)])

    assert refusals(results) == ["insufficient-cash"]
    position = fresh(position)
    assert (position.cash, position.reserved_cash) in [(500, 0), (1000, Decimal("970.097"))]
    assert all_faults() == []


def test_a_trade_and_withdrawals_never_take_the_same_cash():
    position = make_position(cash=1100)
    set_position(position, "guardrail", min_stock_pct="0", max_stock_pct="100")

    at_once([partial(run_at, position, 90), *[partial(withdraw, position, 300)] * 4])

    assert fresh(position).cash >= 0
    assert fresh(position).reserved_cash == 0
    assert all_faults() == []


def test_closing_and_ordering_never_both_happen():
    for _ in range(3):
        position = make_position()

        def close(position=position):
            with unit_of_work():
                return close_position(position_id=position.pk, stamp=make_stamp())

        def trade(position=position):
            return run_cycle(position_id=position.pk, stamp=make_stamp(), price=Decimal(104))

        closed, traded = at_once([close, trade])

        assert fresh(position).status == "closed"
        assert not isinstance(closed, PositionNotEmpty)
        assert isinstance(traded, Exception) or traded.decision.trades
    assert all_faults() == []


def test_two_positions_trade_side_by_side():
    cells = [make_position() for _ in range(6)]

    at_once([partial(run_at, cell, 104) for cell in cells])

    assert Trade.objects.count() == 6
    assert {fresh(cell).qty for cell in cells} == {Decimal("87.42578403")}
    assert all_faults() == []


def test_history_written_by_many_threads_is_one_unbroken_chain():
    position = make_position()

    at_once([partial(run_at, position, 100)] * 12)

    numbers = list(Event.objects.order_by("seq").values_list("seq", flat=True))
    assert numbers == list(range(1, 14))
    assert all_faults() == []
    assert connection.in_atomic_block is False
