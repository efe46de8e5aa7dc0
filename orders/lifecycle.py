"""An order's way through its statuses: placed, moved, finished."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from accounts.nudges import nudge
from accounts.prepared import insert_rows, update_row
from accounts.transactions import Stamp
from alerts.models import AlertKind
from alerts.services import clear_alert, raise_alert
from orders.breach import judge_finished
from orders.brokers import broker_named
from orders.brokers.base import BrokerOrder
from orders.models import Order
from positions.alerting import subject_of
from positions.books import require_free
from positions.event_types import EventType
from positions.events import record_event
from positions.market_time import on_market
from positions.models import Position
from volbal.errors import IllegalTransition, OrderOpen, OutOfRange
from volbal.fills import commission_on, notional_of, slipped_price
from volbal.numbers import QTY_LIMIT, ZERO, plain
from volbal.order_states import OrderStatus, check_move
from volbal.trading_day import trading_date
from volbal.values import GuardrailConfig, Side

# The workers' task that takes waiting orders further.
SEND_AND_ASK = "orders.send_and_ask"
EVENT_OF_STATUS = {
    OrderStatus.SUBMITTED: EventType.ORDER_SUBMITTED,
    OrderStatus.ACCEPTED: EventType.ORDER_ACCEPTED,
    OrderStatus.PARTIALLY_FILLED: EventType.ORDER_PARTIALLY_FILLED,
    OrderStatus.FILLED: EventType.ORDER_FILLED,
    OrderStatus.REJECTED: EventType.ORDER_REJECTED,
    OrderStatus.CANCELLED: EventType.ORDER_CANCELLED,
    OrderStatus.EXPIRED: EventType.ORDER_EXPIRED,
    OrderStatus.UNKNOWN: EventType.ORDER_UNKNOWN,
}
RESERVED_COLUMNS = ["reserved_cash", "reserved_qty", "updated_at"]
ORDER_COLUMNS = [
    "status",
    "reason",
    "filled_qty",
    "filled_notional",
    "avg_fill_price",
    "commission",
    "reserved_cash",
    "reserved_qty",
    "updated_at",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRequest:
    """What is to be ordered: qty > 0 in shares at about `price`, why, and under which key, if any."""

    side: Side
    qty: Decimal
    price: Decimal
    reason: str
    commission_rate: Decimal
    slippage_bps: Decimal = ZERO
    idempotency_key: str | None = None
    request_signature: str | None = None


def place_order(position: Position, request: OrderRequest, *, stamp: Stamp) -> Order:
    """Create an order of a locked position and reserve what it will take.

    Raises OrderOpen, InsufficientCash, InsufficientShares, or OutOfRange for more than the books keep.
    """
    if request.qty >= QTY_LIMIT:
        raise OutOfRange("The books keep less than 10,000,000 shares a position.", qty=request.qty)
    if Order.objects.has_open(position):
        raise OrderOpen("An order of this position is still open.")
    order = _new_order(position, request, stamp)
    order.reserved_cash, order.reserved_qty = to_reserve(order, request.slippage_bps)
    require_free(position, cash=order.reserved_cash, qty=order.reserved_qty)
    position.reserved_cash += order.reserved_cash
    position.reserved_qty += order.reserved_qty
    update_row(position, RESERVED_COLUMNS)
    insert_rows([order])
    if order.is_manual:
        _tell_proposal(order, stamp)
    elif not broker_named(order.broker).in_process:
        nudge(SEND_AND_ASK)
    return order


def reject_below_min(position: Position, request: OrderRequest, *, stamp: Stamp) -> Order | None:
    """Keep one rejected order per position and day for trades under the minimums; None if there is one."""
    order = _new_order(position, request, stamp)
    order.status = OrderStatus.REJECTED
    same_day = Order.objects.filter(
        position=position, trading_date=order.trading_date, status=order.status, reason=order.reason
    )
    if same_day.exists():
        return None
    insert_rows([order])
    record_event(
        position,
        EventType.ORDER_REJECTED,
        f"Rejected: {order.side} {plain(order.qty)} is under the smallest trade.",
        stamp=stamp,
        inputs=order.facts(),
    )
    return order


def to_reserve(order: Order, slippage_bps: Decimal) -> tuple[Decimal, Decimal]:
    """Return (cash, shares) that the unfilled rest of the order may still take."""
    rest = order.qty - order.filled_qty
    if order.side == Side.SELL:
        return ZERO, rest
    if order.price is None:
        return ZERO, ZERO
    notional = notional_of(rest, slipped_price(Side.BUY, order.price, slippage_bps))
    return notional + commission_on(notional, order.commission_rate), ZERO


def move(
    order: Order,
    status: OrderStatus,
    message: str,
    *,
    stamp: Stamp,
    outputs: dict[str, object] | None = None,
    guardrail: GuardrailConfig | None = None,
    type_: EventType | None = None,
) -> None:
    """Move a locked order to another status and say so in the position's events.

    The event is the status's own unless `type_` is given. An order that is done thereby gives back what it
    holds, and is judged by `guardrail`, without it by the settings in force. Raises IllegalTransition unless
    the table of the core has the move.
    """
    check_move(OrderStatus(order.status), status, manual=order.is_manual)
    order.status = status
    if not order.is_open:
        release(order)
    update_row(order, ORDER_COLUMNS)
    type_ = type_ or EVENT_OF_STATUS.get(status)
    if type_ is not None:
        record_event(order.position, type_, message, stamp=stamp, inputs=order.facts(), outputs=outputs)
    if not order.is_open:
        judge_finished(order, guardrail, stamp=stamp)
        if order.is_manual:
            clear_alert(kind=AlertKind.PROPOSAL, key=str(order.pk), at=stamp.at)


def release(order: Order) -> None:
    """Give back what the order still holds of its locked position."""
    if order.reserved_cash or order.reserved_qty:
        order.position.reserved_cash -= order.reserved_cash
        order.position.reserved_qty -= order.reserved_qty
        update_row(order.position, RESERVED_COLUMNS)
        order.reserved_cash, order.reserved_qty = ZERO, ZERO


def cancel_order(*, order_id: UUID, stamp: Stamp) -> Order:
    """Cancel an order that was not sent yet, or that only waits for a person; else have its broker asked to.

    Then it is `cancel_pending` until the broker has said what became of it. Raises NotFound, and
    IllegalTransition for one that is done or whose broker can't be asked.
    """
    order = Order.objects.lock_with_position(order_id)
    stamp = on_market(stamp, order.position.market_provider)
    if not order.is_open:
        check_move(OrderStatus(order.status), OrderStatus.CANCELLED)
    is_cancelled = cancel_or_ask(order, "by hand", stamp=stamp)
    if not is_cancelled and order.status != OrderStatus.CANCEL_PENDING:
        raise IllegalTransition("Its broker can't be asked: cancel it there, and report what was executed.")
    return order


def cancel_or_ask(order: Order, reason: str, *, stamp: Stamp) -> bool:
    """Cancel a locked open order, or have its broker asked to if that can be; return whether it is cancelled.

    What may be at a broker is only cancelled when the broker says so.
    """
    broker = broker_named(order.broker)
    if not order.may_be_at_broker or (order.status == OrderStatus.UNKNOWN and not broker.finds_by_client_id):
        cancel_unsent(order, reason, stamp=stamp)
        return True
    if order.status != OrderStatus.CANCEL_PENDING and broker.finds_by_client_id:
        order.cancel_asked_by = f"{stamp.actor}, {reason}"[:150]
        order.ask_at = None
        order.save(update_fields=["cancel_asked_by", "ask_at"])
        move(order, OrderStatus.CANCEL_PENDING, "To be cancelled.", stamp=stamp)
        nudge(SEND_AND_ASK)
    return False


def cancel_unsent(order: Order, reason: str, *, stamp: Stamp) -> None:
    """Cancel a locked open order that no broker works on any more."""
    move(order, OrderStatus.CANCELLED, f"Cancelled: {reason}.", stamp=stamp)


def broker_order_of(order: Order) -> BrokerOrder:
    """Return an order as a broker sees it. Raises ValueError for one without a price."""
    if order.price is None:
        raise ValueError("an order is sent with the price it was decided on")
    return BrokerOrder(
        client_order_id=order.client_order_id,
        ticker=order.position.ticker,
        side=Side(order.side),
        qty=order.qty,
        price=order.price,
        slippage_bps=order.slippage_bps,
        commission_rate=order.commission_rate,
    )


def _tell_proposal(order: Order, stamp: Stamp) -> None:
    """A proposal is sent to nobody, so that it waits is all that can be said of it."""
    verb = "buy" if order.side == Side.BUY else "sell"
    message = (
        f"Proposed: {verb} {plain(order.qty)} at about {plain(order.price or ZERO)}; waits for its fill."
    )
    record_event(order.position, EventType.ORDER_SUBMITTED, message, stamp=stamp, inputs=order.facts())
    raise_alert(
        kind=AlertKind.PROPOSAL,
        key=str(order.pk),
        message=message,
        at=stamp.at,
        subject=subject_of(order.position),
    )


def _new_order(position: Position, request: OrderRequest, stamp: Stamp) -> Order:
    order_id = uuid.uuid4()
    return Order(
        id=order_id,
        tenant_id=position.tenant_id,
        position=position,
        side=request.side,
        qty=request.qty,
        price=request.price,
        reason=request.reason,
        broker=position.broker,
        client_order_id=f"vb-{order_id}",
        idempotency_key=request.idempotency_key,
        request_signature=request.request_signature,
        commission_rate=request.commission_rate,
        slippage_bps=request.slippage_bps,
        trading_date=trading_date(stamp.at),
        created_at=stamp.at,
    )
