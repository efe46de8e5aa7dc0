"""Executions that can't be booked: nothing is."""

import uuid
from decimal import Decimal

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from accounts.prepared import insert_unless_there
from accounts.transactions import unit_of_work
from orders.errors import ExecutionConflict
from orders.models import Order, Trade
from orders.tests.builders import all_faults, everything_written, fill, fresh, make_order, report
from positions.models import Position
from positions.tests.builders import make_position
from positions.tests.raw_rows import ON_SQLITE, execute
from volbal.errors import IllegalTransition, InsufficientCash, InsufficientShares, OutOfRange, Overfill

pytestmark = pytest.mark.django_db


def refused(order, error, execution_id="e1", **values):
    """Say that neither booking nor reporting writes anything."""
    before = everything_written()
    for book in (fill, report):
        with pytest.raises(error):
            book(order, execution_id, **values)
        assert everything_written() == before
    assert all_faults() == []
    return True


@pytest.mark.lesson
@pytest.mark.parametrize("qty", ["30", "1.00000001"])
def test_an_order_of_1_is_never_filled_30(qty):
    """An order of 1 could be filled 30"""
    assert refused(make_order(make_position(), qty=1), Overfill, qty=qty)


def test_an_execution_that_got_in_between_look_and_insert_is_a_conflict_and_the_transaction_goes_on():
    first = fill(make_order(make_position()))
    again = Trade(**{field.attname: getattr(first, field.attname) for field in Trade._meta.concrete_fields})
    again.pk = uuid.uuid4()

    with unit_of_work():
        assert not insert_unless_there(again)
        assert Trade.objects.count() == 1
    assert all_faults() == []


def test_pieces_never_add_up_to_more_than_ordered():
    order = make_order(make_position())
    fill(order, "e1", qty=7)

    assert refused(order, Overfill, "e2", qty="3.00000001")
    fill(order, "e2", qty=3)
    assert fresh(order).status == "filled"


@pytest.mark.lesson
@pytest.mark.parametrize("status", ["cancelled", "expired"])
def test_a_cancelled_order_is_never_filled(status):
    """a cancelled order filled"""
    assert refused(make_order(make_position(), status=status), IllegalTransition)


@pytest.mark.lesson
def test_an_order_that_the_broker_rejected_is_never_filled():
    """Orders that the broker had rejected were booked as filled."""
    position = make_position()
    order = make_order(position, status="rejected")

    assert refused(order, IllegalTransition)
    assert (fresh(position).qty, fresh(position).cash) == (100, 10_000)


def test_a_filled_order_takes_no_other_execution():
    order = make_order(make_position())
    fill(order, "e1")

    assert refused(order, IllegalTransition, "e2", qty="0.00000001")


def test_an_order_that_was_not_sent_takes_no_execution():
    assert refused(make_order(make_position(), status="new"), IllegalTransition)


@pytest.mark.lesson
@pytest.mark.parametrize("commission", ["-5000", "-0.000001"])
def test_a_negative_commission_is_refused(commission):
    """a commission of -5,000 was accepted"""
    assert refused(make_order(make_position()), OutOfRange, commission=commission)


@pytest.mark.parametrize(
    "values",
    [
        {"qty": "0"},
        {"qty": "-1"},
        {"price": "0"},
        {"price": "-97"},
        {"side": "SELL"},
    ],
)
def test_a_fill_that_makes_no_sense_is_refused(values):
    assert refused(make_order(make_position()), OutOfRange, **values)


def test_a_sale_is_not_filled_by_a_purchase():
    assert refused(make_order(make_position(), side="SELL"), OutOfRange, side="BUY")


@pytest.mark.parametrize(
    "values", [{"price": "100.000001"}, {"price": "100", "commission": "0.000001"}, {"price": "99999999"}]
)
def test_cash_never_goes_below_zero(values):
    order = make_order(make_position(cash=1000))

    assert refused(order, InsufficientCash, **values)
    fill(order, price=100)
    assert Position.objects.get().cash == 0


def test_a_sales_commission_never_takes_cash_below_zero():
    order = make_order(make_position(cash=0), side="SELL")

    assert refused(order, InsufficientCash, price=1, commission="10.000001")
    fill(order, price=1, commission=10)
    assert Position.objects.get().cash == 0


def test_shares_never_go_below_zero():
    position = make_position(qty=10)
    order = make_order(position, side="SELL", qty=10)
    Position.objects.update(qty=Decimal(9), reserved_qty=Decimal(9))
    Order.objects.update(reserved_qty=Decimal(9))
    before = everything_written()

    with pytest.raises(InsufficientShares):
        fill(order)

    assert everything_written() == before


def test_cash_never_outgrows_the_books():
    order = make_order(make_position(cash="999999999"), side="SELL")

    assert refused(order, OutOfRange, price=97)


@pytest.mark.parametrize(
    "other", [{"qty": "4.00000001"}, {"price": "97.000001"}, {"commission": "0.5"}, {"side": "SELL"}]
)
def test_a_known_id_with_other_values_is_a_conflict(other):
    order = make_order(make_position())
    fill(order, qty=4)
    before = everything_written()

    with pytest.raises(ExecutionConflict):
        fill(order, **{"qty": 4, **other})

    assert everything_written() == before


def test_a_known_id_of_another_order_is_a_conflict():
    fill(make_order(make_position()))
    other = make_order(make_position())
    before = everything_written()

    with pytest.raises(ExecutionConflict):
        fill(other)

    assert everything_written() == before


def test_a_conflict_is_one_even_where_the_fill_itself_makes_no_sense():
    """The id is looked up first."""
    order = make_order(make_position())
    fill(order)
    before = everything_written()

    for values in ({"qty": 0}, {"price": 0}, {"qty": 99}, {"commission": -1}):
        with pytest.raises(ExecutionConflict):
            fill(order, **values)

    assert everything_written() == before


@pytest.mark.parametrize(
    "change",
    [
        "filled_qty = 10.00000001",
        "filled_qty = -1",
        "commission = -0.000001",
        "commission_rate = -0.00000001",
        "commission_rate = 1",
        "reserved_cash = -1",
        "reserved_qty = -1",
        "price = 0",
        "qty = 0",
        "side = 'HOLD'",
    ],
)
def test_the_database_refuses_an_order_that_makes_no_sense(change):
    make_order(make_position())
    before = everything_written()

    with pytest.raises(DatabaseError):
        execute(f"UPDATE orders_order SET {change}")

    assert everything_written() == before


def test_the_database_refuses_a_finished_order_that_holds_something():
    make_order(make_position(), status="cancelled")

    for column in ("reserved_cash", "reserved_qty"):
        with pytest.raises(IntegrityError):
            execute(f"UPDATE orders_order SET {column} = 1")


@pytest.mark.parametrize("changes", [{"qty": 0}, {"price": 0}, {"commission": -1}, {"execution_id": "e1"}])
def test_the_database_refuses_a_trade_that_makes_no_sense(changes):
    order = make_order(make_position())
    trade = fill(order, "e1")
    trade.execution_id = "e2"
    trade.pk = order.pk
    for name, value in changes.items():
        setattr(trade, name, value)

    with pytest.raises(IntegrityError), transaction.atomic():
        trade.save(force_insert=True)

    assert Trade.objects.count() == 1


def test_a_trade_is_never_changed_deleted_or_replaced():
    fill(make_order(make_position()))
    before = everything_written()
    connection.check_constraints()

    statements = ["UPDATE orders_trade SET price = 1", "DELETE FROM orders_trade"]
    if ON_SQLITE:
        columns = ", ".join(field.column for field in Trade._meta.concrete_fields if field.column != "id")
        statements += [
            "INSERT OR REPLACE INTO orders_trade SELECT * FROM orders_trade",
            f"INSERT OR REPLACE INTO orders_trade (id, {columns}) SELECT 'f', {columns} FROM orders_trade",
        ]
    else:
        statements += [
            "TRUNCATE orders_trade",
            "INSERT INTO orders_trade SELECT * FROM orders_trade ON CONFLICT (id) DO UPDATE SET price = 1",
        ]
    for statement in statements:
        with pytest.raises(IntegrityError, match="append-only"):
            execute(statement)

    assert everything_written() == before
    assert Trade.objects.get().price == 97
