"""The database keeps the table of an order's legal moves, whoever changes the status."""

import uuid
from datetime import date
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction

from orders.models import Order
from positions.tests.builders import OPENED_AT, make_position
from positions.tests.raw_rows import ON_SQLITE, execute
from volbal.order_states import OrderStatus
from volbal.tests.test_order_states import TABLE

pytestmark = pytest.mark.django_db

STATUSES = [status.value for status in OrderStatus]


def make_raw_order(position, status, broker="alpaca"):
    return Order.objects.create(
        tenant_id=position.tenant_id,
        position=position,
        side="BUY",
        qty=Decimal(10),
        price=Decimal(97),
        status=status,
        broker=broker,
        client_order_id=str(uuid.uuid4()),
        commission_rate=Decimal(0),
        trading_date=date(2024, 1, 8),
        created_at=OPENED_AT,
    )


def is_let_through(order, new):
    """Try the move in raw SQL, then undo it; say whether the database took it."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            key = order.pk.hex if connection.vendor == "sqlite" else order.pk
            cursor.execute("UPDATE orders_order SET status = %s WHERE id = %s", [new, key])
            assert cursor.rowcount == 1
            transaction.set_rollback(True)
    except IntegrityError:
        return False
    return True


def allowed_moves(old, broker):
    order = make_raw_order(make_position(), old, broker)
    return {new for new in STATUSES if new != old and is_let_through(order, new)}


@pytest.mark.parametrize("broker", ["paper", "alpaca", ""])
@pytest.mark.parametrize("old", STATUSES)
def test_exactly_the_moves_of_the_table_are_let_through(old, broker):
    assert allowed_moves(old, broker) == set(TABLE[old].split()) - {old}


@pytest.mark.parametrize("old", STATUSES)
def test_only_a_new_manual_order_has_two_moves_more(old):
    extra = {"partially_filled", "filled"} if old == "new" else set()

    assert allowed_moves(old, "manual") == (set(TABLE[old].split()) | extra) - {old}


@pytest.mark.parametrize("old", STATUSES)
def test_the_orm_does_not_get_past_it(old):
    order = make_raw_order(make_position(), old)
    for new in set(STATUSES) - set(TABLE[old].split()) - {old}:
        with pytest.raises(IntegrityError), transaction.atomic():
            Order.objects.filter(pk=order.pk).update(status=new)
        with pytest.raises(IntegrityError), transaction.atomic():
            order.status = new
            order.save()

    assert Order.objects.get().status == old


def test_becoming_manual_on_the_way_does_not_help():
    order = make_raw_order(make_position(), "new", "alpaca")

    with pytest.raises(IntegrityError), transaction.atomic():
        Order.objects.filter(pk=order.pk).update(status="filled", broker="manual")

    assert (Order.objects.get().status, Order.objects.get().broker) == ("new", "alpaca")


def test_a_status_that_does_not_exist_is_refused():
    order = make_raw_order(make_position(), "unknown")

    for word in ("done", "", "FILLED"):
        assert not is_let_through(order, word)


def test_other_columns_of_a_finished_order_may_change():
    order = make_raw_order(make_position(), "filled")

    Order.objects.filter(pk=order.pk).update(reason="explained later", status="filled")

    assert Order.objects.get().reason == "explained later"


@pytest.mark.skipif(not ON_SQLITE, reason="SQLite's own way to overwrite a row")
def test_replacing_the_whole_row_does_not_help():
    make_raw_order(make_position(), "cancelled")
    columns = [field.column for field in Order._meta.concrete_fields]
    values = ["'submitted'" if column == "status" else column for column in columns]

    with pytest.raises(IntegrityError):
        execute(
            f"INSERT OR REPLACE INTO orders_order ({', '.join(columns)}) "
            f"SELECT {', '.join(values)} FROM orders_order"
        )

    assert Order.objects.get().status == "cancelled"
