"""What a broker says of an order, brought into the books: executions first, then the status."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from accounts.transactions import Stamp, current_unit
from orders.brokers.base import BrokerAnswer, Execution
from orders.differences import note_of_order
from orders.fills import TRUSTED_BROKERS, book_locked_fill, fill_of, quarantine_if_a_fact
from orders.lifecycle import move
from orders.models import DifferenceKind, Order
from positions.event_types import EventType
from positions.history import history_of
from volbal.errors import VolbalError
from volbal.numbers import ZERO, plain
from volbal.order_states import FINISHED, OrderStatus, way_to
from volbal.values import Fill

# A broker that has the order, but has not said more of it yet.
_RECEIVED = frozenset({OrderStatus.NEW, OrderStatus.SUBMITTED})


def apply_answer(order: Order, answer: BrokerAnswer, *, stamp: Stamp, found_at: datetime) -> Order:
    """Bring an answer about a locked order into the books; return the order as it then is.

    However often answers and executions come, and in whichever order, the books end the same. `filled` only
    comes of executions; another end is not believed before all the executions it speaks of are here.
    What can't be booked is kept in quarantine. `found_at` is by the wall clock.
    """
    in_quarantine = ZERO
    for execution in sorted(set(answer.executions), key=_when):
        order, is_booked = book_execution(order, execution, stamp=stamp, found_at=found_at)
        in_quarantine += ZERO if is_booked else execution.qty
    if order.is_open and order.filled_qty + in_quarantine >= _told_qty(order, answer):
        _follow(order, answer, stamp)
    return order


def book_execution(
    order: Order, execution: Execution, *, stamp: Stamp, found_at: datetime
) -> tuple[Order, bool]:
    """Book one execution of a locked order or keep it in quarantine; return the order, and which it was.

    The order is locked and read again after a refusal, which may have left it half changed.
    """
    fill = fill_of(order, execution)
    try:
        with current_unit().savepoint():
            book_locked_fill(
                order,
                fill,
                execution_id=execution.execution_id,
                executed_at=execution.executed_at,
                stamp=stamp,
            )
        return order, True
    except VolbalError as error:
        order = Order.objects.lock_with_position(order.pk)
        _quarantine_once(order, fill, execution, error, stamp=stamp, found_at=found_at)
        return Order.objects.lock_with_position(order.pk), False


def _quarantine_once(
    order: Order,
    fill: Fill,
    execution: Execution,
    error: VolbalError,
    *,
    stamp: Stamp,
    found_at: datetime,
) -> None:
    if order.broker in TRUSTED_BROKERS or _is_in_quarantine(order, fill, execution.execution_id):
        return
    quarantine_if_a_fact(order.pk, fill, execution.execution_id, error, stamp=stamp)
    note_of_order(
        DifferenceKind.OTHER_EXECUTION,
        order,
        subject=execution.execution_id,
        facts={"fill_qty": fill.qty, "fill_price": fill.price, "code": error.code, "why": error.detail},
        found_at=found_at,
        stamp=stamp,
    )


def _is_in_quarantine(order: Order, fill: Fill, execution_id: str) -> bool:
    """Whether exactly this is in quarantine; events have no other key than what they say."""
    kept = history_of(order.position, EventType.FILL_QUARANTINED).values_list("inputs", flat=True)
    wanted = {
        "order_id": str(order.pk),
        "execution_id": execution_id,
        "fill_qty": plain(fill.qty),
        "fill_price": plain(fill.price),
        "fill_commission": plain(fill.commission),
    }
    return any(all(inputs.get(name) == value for name, value in wanted.items()) for inputs in kept)


def _told_qty(order: Order, answer: BrokerAnswer) -> Decimal:
    """Return how many shares an answer that ends the order says were executed."""
    if answer.status not in FINISHED:
        return ZERO
    whole = order.qty if answer.status is OrderStatus.FILLED else ZERO
    return max(whole, answer.filled_qty or ZERO)


def _follow(order: Order, answer: BrokerAnswer, stamp: Stamp) -> None:
    """Move an open order to where the broker has it, as far as the table of statuses allows."""
    status = _status_to_reach(order, answer)
    old = OrderStatus(order.status)
    if status is None or status is old:
        return
    if old is OrderStatus.CANCEL_PENDING and status not in FINISHED:
        return  # the wish to cancel outlives all that is said meanwhile
    if status is OrderStatus.REJECTED:
        order.reason = f"broker: {answer.reason or 'no reason given'}"[:200]
    for step in way_to(old, status):
        move(
            order,
            step,
            _sentence(order, step, answer),
            stamp=stamp,
            outputs=_asked_by(order, step),
            # Executions have their own events; here only the broker is heard of again.
            type_=None if step in FINISHED or step is OrderStatus.UNKNOWN else EventType.ORDER_ACCEPTED,
        )


def _status_to_reach(order: Order, answer: BrokerAnswer) -> OrderStatus | None:
    status = answer.status
    if status is OrderStatus.FILLED:
        # Booked executions alone fill an order. With some in quarantine it is over all the same.
        return OrderStatus.CANCELLED
    if status in _RECEIVED:
        return OrderStatus.SUBMITTED if order.status == OrderStatus.UNKNOWN else None
    if status is OrderStatus.PARTIALLY_FILLED or (order.filled_qty and status is OrderStatus.ACCEPTED):
        # What was executed is booked above; the status alone says only that the broker has the order.
        if order.status == OrderStatus.PARTIALLY_FILLED:
            return None
        return OrderStatus.PARTIALLY_FILLED if order.filled_qty else OrderStatus.ACCEPTED
    if status in (OrderStatus.UNKNOWN, OrderStatus.CANCEL_PENDING):
        return None
    return status


def _sentence(order: Order, step: OrderStatus, answer: BrokerAnswer) -> str:
    because = f": {answer.reason}" if answer.reason else ""
    match step:
        case OrderStatus.ACCEPTED | OrderStatus.PARTIALLY_FILLED | OrderStatus.SUBMITTED:
            return f"The broker has the order; {plain(order.filled_qty)} of {plain(order.qty)} are executed."
        case OrderStatus.REJECTED:
            return f"Rejected by the broker{because}."
        case OrderStatus.CANCELLED if answer.status is OrderStatus.FILLED:
            return "Over: the broker says filled, but not all of it could be booked."
        case OrderStatus.CANCELLED if order.cancel_asked_by:
            return f"Cancelled by the broker{because}, as {order.cancel_asked_by} asked."
        case OrderStatus.UNKNOWN:
            return f"The broker says {answer.status}, which is no way for an order that is {order.status}."
    return f"{step.value.capitalize()} by the broker{because}."


def _asked_by(order: Order, step: OrderStatus) -> dict[str, object] | None:
    if step is OrderStatus.CANCELLED and order.cancel_asked_by:
        return {"asked_by": order.cancel_asked_by}
    return None


def _when(execution: Execution) -> tuple[object, ...]:
    """Sort by time; the rest only makes the order the same however they came."""
    return execution.executed_at, execution.execution_id, execution.qty, execution.price
