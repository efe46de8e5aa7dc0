"""Placing an order: it reserves what it will take, and a position has at most one open."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.db import DatabaseError, transaction

from accounts.errors import OutsideUnitOfWork
from accounts.transactions import unit_of_work
from orders.lifecycle import cancel_unsent, move, place_order
from orders.models import Order, Trade
from orders.tests.builders import (
    WAYS,
    all_faults,
    events_of,
    everything_written,
    fill,
    fresh,
    make_order,
    make_request,
)
from positions.errors import PositionNotEmpty
from positions.models import Position
from positions.services import adjust_books, close_position, move_cash
from positions.tests.builders import make_position, make_stamp
from volbal.errors import IllegalTransition, InsufficientCash, InsufficientShares, OrderOpen
from volbal.order_states import OPEN, OrderStatus

pytestmark = pytest.mark.django_db


def held(position):
    position = fresh(position)
    return position.reserved_cash, position.reserved_qty


def place(position, **request):
    with unit_of_work():
        return place_order(Position.objects.lock(position.pk), make_request(**request), stamp=make_stamp())


def refused(position, error, **request):
    before = everything_written()
    with pytest.raises(error):
        place(position, **request)
    assert everything_written() == before
    return True


@pytest.mark.parametrize(
    ("request_", "cash", "qty"),
    [
        ({"side": "BUY", "qty": 10, "price": 97}, "970.097", 0),
        ({"side": "BUY", "qty": 10, "price": 97, "slippage_bps": 20}, "972.037194", 0),
        ({"side": "SELL", "qty": "9.5", "price": 103}, 0, "9.5"),
        ({"side": "SELL", "qty": 100, "price": 103, "slippage_bps": 20}, 0, 100),
    ],
)
def test_an_order_reserves_what_it_will_take(request_, cash, qty):
    position = make_position()

    order = fresh(place(position, **request_))

    assert held(position) == (order.reserved_cash, order.reserved_qty) == (Decimal(cash), Decimal(qty))
    assert (fresh(position).cash, fresh(position).qty) == (10_000, 100)
    assert (order.status, order.broker, order.client_order_id) == ("new", "paper", f"vb-{order.pk}")
    assert (order.trading_date, order.reason) == (date(2024, 1, 8), "trigger_down")
    assert all_faults() == []


def test_an_orders_day_is_new_yorks():
    order = make_order(make_position(), at=datetime(2024, 1, 9, 4, 59, tzinfo=UTC))

    assert order.trading_date == date(2024, 1, 8)


@pytest.mark.parametrize("side", ["BUY", "SELL"])
@pytest.mark.parametrize("status", sorted(OPEN - {"partially_filled"}))
def test_a_position_has_at_most_one_open_order(status, side):
    position = make_position()
    make_order(position, status=status)

    assert refused(position, OrderOpen, side=side, qty=1)


def test_a_partly_filled_order_is_open_too():
    position = make_position()
    fill(make_order(position), qty=4)

    assert refused(position, OrderOpen, qty=1)


@pytest.mark.parametrize("status", ["cancelled", "rejected", "expired"])
def test_after_a_finished_order_there_may_be_another(status):
    position = make_position()
    make_order(position, status=status)

    place(position)

    assert Order.objects.count() == 2
    assert all_faults() == []


@pytest.mark.parametrize("status", sorted(OPEN))
def test_the_database_itself_refuses_a_second_open_order(status):
    position = make_position()
    order = make_order(position, status="cancelled")
    other = make_order(position, status="new")

    order.pk, order.client_order_id, order.status = None, "another", status
    order.id = other.position_id
    before = everything_written()
    with pytest.raises(DatabaseError), transaction.atomic():
        order.save(force_insert=True)

    assert everything_written() == before


def test_two_positions_have_an_open_order_each():
    make_order(make_position())
    make_order(make_position())

    assert Order.objects.open().count() == 2


@pytest.mark.parametrize(
    ("request_", "error"),
    [
        ({"qty": "103.0825", "price": 97}, InsufficientCash),
        ({"qty": 100, "price": 100}, InsufficientCash),
        ({"side": "SELL", "qty": "100.00000001"}, InsufficientShares),
    ],
)
def test_an_order_cannot_take_more_than_there_is(request_, error):
    assert refused(make_position(), error, **request_)


@pytest.mark.parametrize("qty", ["0", "-1"])
def test_an_order_of_nothing_never_gets_into_the_database(qty):
    make_order(make_position())
    before = everything_written()

    with pytest.raises(DatabaseError), transaction.atomic():
        Order.objects.update(qty=Decimal(qty))

    assert everything_written() == before


def test_nothing_is_placed_outside_a_unit_of_work():
    position = make_position()
    before = everything_written()

    with pytest.raises(OutsideUnitOfWork):
        place_order(Position.objects.lock(position.pk), make_request(), stamp=make_stamp())

    assert everything_written() == before


@pytest.mark.parametrize("side", ["BUY", "SELL"])
@pytest.mark.parametrize("status", ["cancelled", "rejected", "expired"])
def test_a_finished_order_lets_go_of_what_it_held(side, status):
    position = make_position()

    order = make_order(position, side=side, status=status)

    assert held(position) == (0, 0)
    assert (fresh(order).reserved_cash, fresh(order).reserved_qty) == (0, 0)
    assert all_faults() == []


@pytest.mark.parametrize("status", ["accepted", "cancel_pending", "unknown"])
def test_an_order_that_may_still_be_executed_goes_on_holding(status):
    position = make_position()

    make_order(position, status=status)

    assert held(position) == (Decimal("970.097"), 0)


def test_what_an_order_holds_cannot_be_withdrawn_or_adjusted_away_or_closed_over():
    position = make_position(cash=1000)
    make_order(position)
    before = everything_written()
    stamp = make_stamp()

    with pytest.raises(InsufficientCash), unit_of_work():
        move_cash(position_id=position.pk, amount=Decimal("-29.903001"), stamp=stamp)
    with pytest.raises(InsufficientCash), unit_of_work():
        adjust_books(position_id=position.pk, cash=Decimal("-29.903001"), reason="r", stamp=stamp)
    with pytest.raises(PositionNotEmpty), unit_of_work():
        close_position(position_id=position.pk, stamp=stamp)

    assert everything_written() == before


def test_each_move_is_told_once():
    position = make_position()
    order = make_order(position, status="accepted")

    with unit_of_work():
        cancel_unsent(Order.objects.lock_with_position(order.pk), "a split", stamp=make_stamp())

    told = events_of(position)[1:]
    assert [event.type for event in told] == ["order_submitted", "order_accepted", "order_cancelled"]
    assert all(event.inputs["order_id"] == str(order.pk) for event in told)


@pytest.mark.parametrize("old", sorted(WAYS))
def test_a_move_that_the_table_lacks_is_refused_and_changes_nothing(old):
    position = make_position()
    order = make_order(position, status=old)
    before = everything_written()

    with pytest.raises(IllegalTransition), unit_of_work():
        move(Order.objects.lock_with_position(order.pk), OrderStatus.NEW, "back", stamp=make_stamp())

    assert everything_written() == before
    assert Trade.objects.count() == 0
