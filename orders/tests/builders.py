"""Orders and fills for tests, made the way the application makes them."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from accounts.transactions import unit_of_work
from market.providers.registry import provider
from orders.cycle import Evaluation, run_cycle
from orders.differences import note_difference
from orders.fills import book_fill, report_fill
from orders.ledger import order_faults, reservation_faults
from orders.lifecycle import OrderRequest, move, place_order
from orders.models import BrokerDifference, DifferenceKind, Order, Trade
from positions.ledger import event_faults, journal_faults
from positions.models import Event, Position
from positions.tests import builders
from positions.tests.builders import OPENED_AT, make_stamp
from volbal.order_states import OrderStatus
from volbal.values import Fill, Side

WAYS = {
    "new": (),
    "submitted": ("submitted",),
    "accepted": ("submitted", "accepted"),
    "cancel_pending": ("submitted", "cancel_pending"),
    "unknown": ("submitted", "unknown"),
    "cancelled": ("submitted", "cancelled"),
    "rejected": ("submitted", "rejected"),
    "expired": ("submitted", "expired"),
}


def make_request(
    side: str = "BUY", qty: int | str = 10, price: int | str = 97, slippage_bps: int | str = 0
) -> OrderRequest:
    """Return a wish for shares at a commission of 1 bp."""
    return OrderRequest(
        side=Side(side),
        qty=Decimal(qty),
        price=Decimal(price),
        reason="trigger_down",
        commission_rate=Decimal("0.0001"),
        slippage_bps=Decimal(slippage_bps),
    )


def make_order(
    position: Position,
    side: str = "BUY",
    qty: int | str = 10,
    price: int | str = 97,
    status: str = "submitted",
    at: datetime = OPENED_AT,
) -> Order:
    """Place an order and move it to `status`."""
    with unit_of_work():
        locked = Position.objects.lock(position.pk)
        order = place_order(locked, make_request(side, qty, price), stamp=make_stamp(at))
        for step in WAYS[status]:
            move(order, OrderStatus(step), step, stamp=make_stamp(at))
    return order


def make_fill(
    side: str = "BUY", qty: int | str = 10, price: int | str = 97, commission: int | str = 0
) -> Fill:
    """Return the value of one execution."""
    return Fill(side=Side(side), qty=Decimal(qty), price=Decimal(price), commission=Decimal(commission))


def _fill_of(order: Order, values: dict[str, int | str]) -> Fill:
    return make_fill(**{"side": order.side, "qty": order.qty, "price": order.price, **values})


def fill(order: Order, execution_id: str = "e1", **values: int | str) -> Trade:
    """Book one execution of an order, by default the whole order at its price."""
    with unit_of_work():
        return book_fill(
            order_id=order.pk,
            fill=_fill_of(order, values),
            execution_id=execution_id,
            executed_at=OPENED_AT,
            stamp=make_stamp(),
        )


def report(order: Order, execution_id: str = "e1", **values: int | str) -> Trade:
    """Report one execution as a broker does, in a unit of work of its own."""
    return report_fill(
        order_id=order.pk,
        fill=_fill_of(order, values),
        execution_id=execution_id,
        executed_at=OPENED_AT,
        stamp=make_stamp(),
    )


def run_at(position: Position, price: int | str | None, at: datetime = OPENED_AT) -> Evaluation:
    """Evaluate on a given price, or without one on the market."""
    given = None if price is None else Decimal(price)
    return run_cycle(position_id=position.pk, stamp=make_stamp(at), price=given)


def make_difference(
    position: Position | None, kind: str = "shares", broker: str = "paper", **facts: object
) -> BrokerDifference:
    """Keep that a broker and the books differ, about a position or about nobody's in particular."""
    with unit_of_work():
        return note_difference(
            DifferenceKind(kind),
            broker=broker,
            subject="IBM",
            facts=facts or {"ours": Decimal(100), "theirs": Decimal(90)},
            found_at=OPENED_AT,
            position=position,
        )


def set_market(price: int | str, ticker: str = "IBM", at: datetime = OPENED_AT) -> None:
    """Let the static provider quote `price`."""
    provider("static").set_price(ticker, Decimal(price), at)


def all_faults() -> list[str]:
    """Return what any check of the books finds."""
    return [*journal_faults(), *event_faults(), *order_faults(), *reservation_faults()]


def everything_written() -> tuple[object, ...]:
    """Return what any write to cells, history, orders or trades changes."""
    orders = Order.objects.order_by("pk").values_list(
        "pk", "status", "filled_qty", "reserved_cash", "reserved_qty"
    )
    return (*builders.everything_written(), list(orders), builders.rows_of(Trade))


def events_of(position: Position, *types: str) -> list[Event]:
    """Return a position's events in order, of some types or of all."""
    events = Event.objects.filter(position=position).order_by("seq")
    return list(events.filter(type__in=types) if types else events)


def fresh(row):
    """Read a row again."""
    return type(row).objects.get(pk=row.pk)
