"""Booking executions: each exactly once, in any order, however often delivered."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import models

from accounts.prepared import Prepared, Slot, insert_unless_there
from accounts.transactions import Stamp, unit_of_work
from orders.brokers.base import Execution
from orders.errors import ExecutionConflict
from orders.lifecycle import move
from orders.models import Order, Trade
from positions.books import Cause, Movement, book
from positions.event_types import EventType
from positions.events import record_event
from positions.models import CauseKind, Position
from positions.services import pause
from volbal.errors import OutOfRange, Overfill, VolbalError
from volbal.fills import apply_fill, average_price, commission_on, deltas_of, notional_of
from volbal.numbers import MONEY_PLACES, PRICE_PLACES, QTY_PLACES, ZERO, plain, require_places
from volbal.order_states import OrderStatus, check_move
from volbal.values import Fill, GuardrailConfig, Side

# Their executions are reported by ourselves or by a person, so a wrong one is refused, not kept.
TRUSTED_BROKERS = frozenset({"paper", "manual"})
_TRADE_OF = Prepared(
    lambda: Trade.objects.filter(
        tenant=Slot("tenant", models.UUIDField()),
        broker=Slot("broker", models.CharField()),
        execution_id=Slot("execution_id", models.CharField()),
    )
)
EXECUTION_ID = re.compile(r"[ -~]{1,120}\Z")


def book_fill(*, order_id: UUID, fill: Fill, execution_id: str, executed_at: datetime, stamp: Stamp) -> Trade:
    """Book one execution exactly once, inside the caller's unit of work.

    Raises ExecutionConflict if the id came with other values, Overfill, IllegalTransition for a finished
    order, InsufficientCash or InsufficientShares, OutOfRange for a wrong side or amount: nothing changed.
    """
    order = Order.objects.lock_with_position(order_id)
    return book_locked_fill(order, fill, execution_id=execution_id, executed_at=executed_at, stamp=stamp)


def book_locked_fill(
    order: Order,
    fill: Fill,
    *,
    execution_id: str,
    executed_at: datetime,
    stamp: Stamp,
    guardrail: GuardrailConfig | None = None,
) -> Trade:
    """Book one execution of an order that is locked together with its position; raises as `book_fill`.

    The finished order is judged by `guardrail`, without it by the settings in force.
    """
    known = _known_trade(order, execution_id)
    if known is not None:
        return _same_or_conflict(known, order, fill)
    check_move(OrderStatus(order.status), OrderStatus.FILLED, manual=order.is_manual)
    _check_fill(order, fill, execution_id)
    trade = _insert_trade(order, fill, execution_id, executed_at)
    old_anchor = order.position.anchor_price
    _count_on_order(order, trade, _fills_of(order, trade))
    _book_on_position(order, fill, trade, stamp)
    _tell_fill(order, trade, stamp, guardrail)
    _tell_anchor(order, old_anchor, stamp)
    return trade


def fill_of(order: Order, execution: Execution) -> Fill:
    """Turn a broker's execution into a fill; without a commission of its own the order's rate applies."""
    commission = execution.commission
    if commission is None:
        commission = commission_on(notional_of(execution.qty, execution.price), order.commission_rate)
    return Fill(side=execution.side, qty=execution.qty, price=execution.price, commission=commission)


def report_fill(
    *, order_id: UUID, fill: Fill, execution_id: str, executed_at: datetime, stamp: Stamp
) -> Trade:
    """Book one execution in a unit of work of its own; keep what can't be booked in quarantine.

    Raises what `book_fill` raises. An execution that contradicts a booked one, and any that a real broker
    reports and the books refuse, is recorded (`fill_quarantined`) and pauses the position.
    """
    try:
        with unit_of_work():
            return book_fill(
                order_id=order_id, fill=fill, execution_id=execution_id, executed_at=executed_at, stamp=stamp
            )
    except VolbalError as error:
        with unit_of_work():
            quarantine_if_a_fact(order_id, fill, execution_id, error, stamp=stamp)
        raise


def _same_or_conflict(known: Trade, order: Order, fill: Fill) -> Trade:
    values = (known.order_id, known.side, known.qty, known.price, known.commission)
    if values == (order.pk, fill.side, fill.qty, fill.price, fill.commission):
        return known
    raise ExecutionConflict(
        f"Execution {known.execution_id} is booked: {known.side} {plain(known.qty)} at {plain(known.price)}.",
        execution_id=known.execution_id,
    )


def _check_fill(order: Order, fill: Fill, execution_id: str) -> None:
    """Raise what is wrong with an execution before anything is written."""
    if not EXECUTION_ID.match(execution_id):
        raise OutOfRange("execution_id: 1 to 120 printable ASCII characters.", field="execution_id")
    require_places(fill.qty, QTY_PLACES, "qty")
    require_places(fill.price, PRICE_PLACES, "price")
    require_places(fill.commission, MONEY_PLACES, "commission")
    if fill.qty <= 0 or fill.price <= 0 or fill.commission < 0 or fill.side != order.side:
        raise OutOfRange("A fill has the order's side, qty and price above zero, commission not below zero.")
    if order.filled_qty + fill.qty > order.qty:
        raise Overfill(
            f"{plain(order.qty - order.filled_qty)} of the order is open, {plain(fill.qty)} was executed.",
            open_qty=order.qty - order.filled_qty,
        )
    apply_fill(order.position.state(), fill)


def _known_trade(order: Order, execution_id: str) -> Trade | None:
    tenant_id = order.position.tenant_id
    return _TRADE_OF.first(tenant=tenant_id, broker=order.broker, execution_id=execution_id)


def _insert_trade(order: Order, fill: Fill, execution_id: str, executed_at: datetime) -> Trade:
    trade = Trade(
        order=order,
        position=order.position,
        tenant_id=order.position.tenant_id,
        broker=order.broker,
        execution_id=execution_id,
        side=fill.side,
        qty=fill.qty,
        price=fill.price,
        notional=notional_of(fill.qty, fill.price),
        commission=fill.commission,
        executed_at=executed_at,
    )
    if not insert_unless_there(trade):  # another position's order may have got the id meanwhile
        raise ExecutionConflict(f"Execution {execution_id} is booked for another order.")
    return trade


def _fills_of(order: Order, trade: Trade) -> Iterable[tuple[Decimal, Decimal]]:
    """Return (qty, price) of all fills, the booked `trade` among them; a first one needs no look."""
    return order.trades.values_list("qty", "price") if order.filled_qty else [(trade.qty, trade.price)]


def _count_on_order(order: Order, trade: Trade, fills: Iterable[tuple[Decimal, Decimal]]) -> None:
    order.filled_qty += trade.qty
    order.filled_notional += trade.notional
    order.commission += trade.commission
    order.avg_fill_price = average_price(fills)


def _book_on_position(order: Order, fill: Fill, trade: Trade, stamp: Stamp) -> None:
    """Move balances and anchor, and let go of as much of the reservation as the fill used up."""
    position = order.position
    qty_delta, cash_delta = deltas_of(fill)
    held_cash, held_qty = _still_held(order, fill, position.cash + cash_delta)
    position.reserved_cash += held_cash - order.reserved_cash
    position.reserved_qty += held_qty - order.reserved_qty
    order.reserved_cash, order.reserved_qty = held_cash, held_qty
    position.anchor_price = order.avg_fill_price
    cause = Cause(CauseKind.TRADE, str(trade.pk))
    book(position, Movement(cash=cash_delta, qty=qty_delta), cause, stamp=stamp)


def _still_held(order: Order, fill: Fill, cash_left: Decimal) -> tuple[Decimal, Decimal]:
    """Return (cash, shares) that the unfilled rest goes on holding."""
    rest = order.qty - order.filled_qty
    if order.side == Side.SELL:
        return ZERO, rest
    part = order.reserved_cash * rest / (rest + fill.qty)
    # Executed dearer than reserved for, the rest may hold no more than there is.
    return max(min(part.quantize(Decimal("1e-6")), cash_left), ZERO), ZERO


def _tell_fill(order: Order, trade: Trade, stamp: Stamp, guardrail: GuardrailConfig | None) -> None:
    is_to_be_cancelled = order.status == OrderStatus.CANCEL_PENDING
    status = OrderStatus.FILLED if order.filled_qty == order.qty else OrderStatus.PARTIALLY_FILLED
    move(
        order,
        status,
        f"{'Bought' if trade.side == Side.BUY else 'Sold'} {plain(trade.qty)} at {plain(trade.price)}, "
        f"commission {plain(trade.commission)}.",
        stamp=stamp,
        outputs={
            "execution_id": trade.execution_id,
            "qty": trade.qty,
            "price": trade.price,
            "notional": trade.notional,
            "commission": trade.commission,
            "filled_qty": order.filled_qty,
            "avg_fill_price": order.avg_fill_price,
        },
        guardrail=guardrail,
    )
    if is_to_be_cancelled and order.is_open:
        move(order, OrderStatus.CANCEL_PENDING, "The rest is still to be cancelled.", stamp=stamp)


def _tell_anchor(order: Order, old: Decimal | None, stamp: Stamp) -> None:
    anchor = order.position.anchor_price
    if anchor is None or anchor == old:
        return
    record_event(
        order.position,
        EventType.ANCHOR_UPDATED,
        f"The anchor is now the trade's price, {plain(anchor)}.",
        stamp=stamp,
        inputs={"anchor_price": old, "order_id": order.pk},
        outputs={"anchor_price": anchor},
    )


def quarantine_if_a_fact(
    order_id: UUID, fill: Fill, execution_id: str, error: VolbalError, *, stamp: Stamp
) -> None:
    """Keep an execution that was refused for `error` and pause the position, if it may have happened.

    One that contradicts a booked execution always; of the others those that a real broker reports.
    """
    order = Order.objects.filter(pk=order_id).first()
    if order is None or (order.broker in TRUSTED_BROKERS and not isinstance(error, ExecutionConflict)):
        return
    position = Position.objects.lock(order.position_id)
    record_event(
        position,
        EventType.FILL_QUARANTINED,
        f"An execution was not booked: {error.detail}",
        stamp=stamp,
        inputs={
            **order.facts(),
            "execution_id": execution_id,
            "fill_qty": fill.qty,
            "fill_price": fill.price,
            "fill_commission": fill.commission,
        },
        outputs={"code": error.code},
    )
    pause(position, "an execution doesn't fit the books", stamp=stamp)
