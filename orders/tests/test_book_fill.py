"""Booking executions: whole or in pieces, each exactly once."""

import uuid
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal

import pytest

from accounts.errors import NotFound
from accounts.transactions import unit_of_work
from orders.fills import book_fill
from orders.lifecycle import move
from orders.models import Order, Trade
from orders.tests.builders import (
    all_faults,
    events_of,
    everything_written,
    fill,
    fresh,
    make_fill,
    make_order,
)
from positions.models import CauseKind, JournalEntry
from positions.tests.builders import OPENED_AT, make_position, make_stamp
from volbal.errors import VolbalError
from volbal.order_states import OrderStatus

pytestmark = pytest.mark.django_db


def books(position):
    position = fresh(position)
    return position.qty, position.cash, position.anchor_price


@pytest.mark.parametrize(("side", "qty", "cash"), [("BUY", "110", "9029.903"), ("SELL", "90", "10969.903")])
def test_a_whole_fill_moves_the_books_and_finishes_the_order(side, qty, cash):
    position = make_position()
    order = make_order(position, side=side)

    trade = fill(order, commission="0.097")

    assert books(position) == (Decimal(qty), Decimal(cash), 97)
    order = fresh(order)
    assert (order.status, order.filled_qty, order.avg_fill_price) == ("filled", 10, 97)
    assert (order.filled_notional, order.commission) == (970, Decimal("0.097"))
    assert (trade.notional, trade.position, trade.broker) == (970, position, "paper")
    assert all_faults() == []


def test_a_fill_is_journalled_with_the_trade_as_its_cause():
    position = make_position()

    trade = fill(make_order(position), commission="0.097")

    row = JournalEntry.objects.get(seq=2)
    assert (row.cause_kind, row.cause_id) == (CauseKind.TRADE, str(trade.pk))
    assert (row.cash_delta, row.qty_delta) == (Decimal("-970.097"), 10)


def test_a_fill_is_told_with_its_numbers_and_the_anchor_after_it():
    position = make_position()
    order = make_order(position)

    fill(order, commission="0.097")

    filled, anchor = events_of(position, "order_filled", "anchor_updated")
    assert filled.inputs["order_id"] == str(order.pk)
    assert filled.outputs == {
        "execution_id": "e1",
        "qty": "10",
        "price": "97",
        "notional": "970",
        "commission": "0.097",
        "filled_qty": "10",
        "avg_fill_price": "97",
    }
    assert anchor.inputs == {"anchor_price": "100", "order_id": str(order.pk)}
    assert anchor.outputs == {"anchor_price": "97"}


@pytest.mark.lesson
def test_a_partial_fill_leaves_the_order_partially_filled():
    """a partial fill became "filled" """
    position = make_position()
    order = make_order(position)

    fill(order, qty=4)

    assert (fresh(order).status, fresh(order).filled_qty) == ("partially_filled", 4)
    assert not events_of(position, "order_filled")


def test_pieces_move_the_anchor_to_the_average_so_far():
    position = make_position()
    order = make_order(position)
    pieces = [
        ("3", "97", "97", "97"),
        ("2", "96.5", "96.8", "96.8"),
        ("0.00000001", "1", "96.8", "96.8"),
        ("4.99999999", "98", "97.4", "97.4"),
    ]

    for number, (qty, price, average, anchor) in enumerate(pieces):
        fill(order, f"e{number}", qty=qty, price=price, commission="0.01")
        assert fresh(order).avg_fill_price == Decimal(average)
        assert fresh(position).anchor_price == Decimal(anchor)
        assert all_faults() == []

    assert fresh(order).status == "filled"
    assert (fresh(order).commission, fresh(order).filled_notional) == (Decimal("0.04"), Decimal("973.999999"))
    assert books(position) == (110, Decimal("9025.960001"), Decimal("97.4"))
    assert Trade.objects.count() == 4


def test_an_average_that_never_ends_is_rounded_half_even():
    position = make_position()
    order = make_order(position, qty=3)

    fill(order, "e1", qty=1, price=97)
    fill(order, "e2", qty=2, price=98)

    assert fresh(position).anchor_price == fresh(order).avg_fill_price == Decimal("97.666667")


def test_pieces_give_the_reservation_back_piece_by_piece():
    position = make_position()
    order = make_order(position)

    for number, held in enumerate(["679.0679", "388.0388", "0"]):
        fill(order, f"e{number}", qty=4 if number == 2 else 3)
        assert fresh(position).reserved_cash == fresh(order).reserved_cash == Decimal(held)

    assert all_faults() == []


def test_a_sale_in_pieces_gives_shares_back_piece_by_piece():
    position = make_position()
    order = make_order(position, side="SELL", qty=100)

    for number, held in enumerate([75, 50, 25, 0]):
        fill(order, f"e{number}", qty=25)
        assert fresh(position).reserved_qty == fresh(order).reserved_qty == held

    assert fresh(position).qty == 0
    assert all_faults() == []


def test_an_execution_dearer_than_reserved_takes_free_cash_too():
    position = make_position(cash=1000)
    order = make_order(position)

    fill(order, "e1", qty=9, price=110)

    assert (fresh(position).cash, fresh(position).reserved_cash) == (10, 10)
    assert all_faults() == []

    fill(order, "e2", qty=1, price=10)

    assert (fresh(position).cash, fresh(position).reserved_cash) == (0, 0)
    assert all_faults() == []


def test_a_cheaper_execution_frees_what_is_left():
    position = make_position(cash=1000)
    order = make_order(position)

    fill(order, price=90)

    assert (fresh(position).cash, fresh(position).reserved_cash) == (100, 0)
    assert all_faults() == []


@pytest.mark.parametrize("status", ["submitted", "accepted", "cancel_pending", "unknown"])
def test_an_order_that_may_still_be_executed_takes_a_fill(status):
    position = make_position()
    order = make_order(position, status=status)

    fill(order)

    assert fresh(order).status == "filled"
    assert all_faults() == []


@pytest.mark.parametrize(("qty", "status"), [(4, "partially_filled"), (10, "filled")])
def test_a_new_manual_order_is_filled_by_a_person(qty, status):
    position = make_position(broker="manual")
    order = make_order(position, status="new")

    fill(order, qty=qty)

    assert fresh(order).status == status
    assert all_faults() == []


def test_an_unchanged_anchor_is_not_told_again():
    position = make_position(anchor=97)

    fill(make_order(position))

    assert not events_of(position, "anchor_updated")


def test_a_fill_of_a_cell_without_anchor_gives_it_one():
    position = make_position(anchor=None)

    fill(make_order(position))

    assert fresh(position).anchor_price == 97


def test_the_same_execution_twice_is_booked_once():
    position = make_position()
    order = make_order(position)
    first = fill(order, qty=4, commission="0.5")
    before = everything_written()

    assert fill(order, qty=4, commission="0.5") == first
    assert fill(order, qty="4.00000000", price="97.000000", commission="0.500000") == first

    assert everything_written() == before


@pytest.mark.parametrize("end", ["filled", "cancelled", "expired", "unknown", "cancel_pending"])
def test_a_known_execution_is_known_in_any_status(end):
    position = make_position()
    order = make_order(position)
    first = fill(order, "e1", qty=4)
    if end == "filled":
        fill(order, "e2", qty=6)
    else:
        with unit_of_work():
            locked = Order.objects.lock_with_position(order.pk)
            move(locked, OrderStatus(end), end, stamp=make_stamp())
    before = everything_written()

    assert fill(order, "e1", qty=4) == first

    assert fresh(order).status == end
    assert everything_written() == before


def test_a_known_execution_may_be_reported_with_another_time():
    order = make_order(make_position())
    first = fill(order)
    before = everything_written()

    with unit_of_work():
        again = book_fill(
            order_id=order.pk,
            fill=make_fill(),
            execution_id="e1",
            executed_at=OPENED_AT + timedelta(hours=1),
            stamp=make_stamp(OPENED_AT + timedelta(hours=2)),
        )

    assert again == first
    assert everything_written() == before


def test_two_brokers_may_use_the_same_execution_id():
    for broker in ("paper", "paper_http"):
        fill(make_order(make_position(broker=broker)), "e1")

    assert Trade.objects.count() == 2
    assert all_faults() == []


def test_an_unknown_order_is_not_found():
    before = everything_written()

    with pytest.raises(NotFound), unit_of_work():
        book_fill(
            order_id=uuid.uuid4(),
            fill=make_fill(),
            execution_id="e1",
            executed_at=OPENED_AT,
            stamp=make_stamp(),
        )

    assert everything_written() == before


@pytest.mark.parametrize(
    "values", [{"qty": "1.0000000049"}, {"price": "97.0000004"}, {"commission": "0.0000004"}]
)
def test_a_fill_with_too_many_places_never_makes_the_books_look_changed(values):
    """It may be refused or rounded, but what is hashed must be what is kept."""
    order = make_order(make_position())

    with suppress(VolbalError):
        fill(order, **values)

    assert all_faults() == []
