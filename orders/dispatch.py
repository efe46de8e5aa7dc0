"""Sending orders, asking about them, cancelling them: claim, then the network, then the books.

See docs/brokers.md. No transaction that makes an order starts anything here: the scan of `orders.work` finds
it. A wake-up call to a worker, to be faster, belongs to whoever opens that transaction, in `on_commit`.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from django.utils import timezone

from accounts.transactions import Stamp, unit_of_work
from orders.answers import apply_answer
from orders.breakers import note_broker_error
from orders.broker_accounts import account_of
from orders.brokers.base import Broker, BrokerAnswer, NoAnswer
from orders.claims import (
    ACTOR,
    Claim,
    Clock,
    Step,
    claim_step,
    is_due,
    let_go,
    lock_if_ours,
    market_stamp,
    next_look,
    step_for,
)
from orders.differences import note_of_order
from orders.lifecycle import cancel_unsent, move
from orders.models import DifferenceKind, Order
from orders.redecide import Sighting
from volbal.order_states import FINISHED, OrderStatus, may_move

# A broker that has ended an order may need a moment until it tells all executions; not longer.
EXECUTIONS_FOLLOW_IN = timedelta(seconds=60)


class Did(StrEnum):
    """What one step came to, seen from the network."""

    NOTHING = "nothing"
    ANSWERED = "answered"
    FAILED = "failed"


def dispatch_order(*, order_id: UUID, clock: Clock = timezone.now) -> Did:
    """Take an order one step further: send it, ask about it, or have it cancelled.

    Opens its own units of work. `clock` is the wall clock: leases go by it; what is booked bears the time of
    the position's market. May run twice, or on many workers at once. Raises InsideTransaction.
    """
    order = Order.objects.select_related("position").filter(pk=order_id).first()
    if order is None or not is_due(order, clock()):
        return Did.NOTHING
    try:
        broker = account_of(order.broker, order.position.tenant_id).adapter()
    except NoAnswer:
        return _without_account(order, clock)
    sighting = _look_at_price(broker, order)
    claim = claim_step(order_id, sighting, clock=clock)
    if claim is None:
        return Did.FAILED if sighting.failed else Did.NOTHING
    if claim.step is Step.ASK and not broker.finds_by_client_id:
        _record_failure(claim, OSError("it can't look orders up, a person has to"), clock)
        return Did.NOTHING
    try:
        answer = _perform(broker, claim)
    except OSError as error:
        _record_failure(claim, error, clock)
        _count_failure(claim, order, clock)
        return Did.FAILED
    if answer is None:
        _record_absence(claim, broker, clock)
    else:
        _record_answer(claim, answer, clock)
    return Did.ANSWERED


def _without_account(order: Order, clock: Clock) -> Did:
    """Nobody can be asked: what was not sent never is, what was waits until its account is back."""
    if step_for(order) is Step.SEND:
        claim_step(order.pk, Sighting(failed=True), clock=clock)
        return Did.NOTHING
    return Did.FAILED


def _look_at_price(broker: Broker, order: Order) -> Sighting:
    if step_for(order) is not Step.SEND:
        return Sighting()
    try:
        return Sighting(quote=broker.quote(order.position.ticker))
    except OSError:
        return Sighting(failed=True)


def _perform(broker: Broker, claim: Claim) -> BrokerAnswer | None:
    """Speak to the broker, with no transaction open."""
    client_order_id = claim.order.client_order_id
    if claim.step is Step.SEND:
        claim.check_in_time()
        return broker.submit(claim.order, at=claim.at)
    if claim.step is Step.CANCEL:
        return broker.cancel(client_order_id, at=claim.at)
    return broker.get(client_order_id)


def _record_answer(claim: Claim, answer: BrokerAnswer, clock: Clock) -> None:
    with unit_of_work():
        order = lock_if_ours(claim)
        if order is None:
            return
        at, stamp = clock(), market_stamp(order)
        order.acknowledged_at = order.acknowledged_at or at
        let_go(order, _next_look(claim, order, at))
        order = apply_answer(order, answer, stamp=stamp, found_at=at)
        if order.is_open and answer.status in FINISHED:
            _miss_executions(order, answer, stamp, at)


def _count_failure(claim: Claim, order: Order, clock: Clock) -> None:
    """Let the breaker know, in a unit of work of its own: what it halts is more than this position."""
    with unit_of_work():
        note_broker_error(
            broker=claim.broker, position_id=order.position_id, stamp=Stamp(at=clock(), actor=ACTOR)
        )


def _record_failure(claim: Claim, error: OSError, clock: Clock) -> None:
    """Nothing is known, so nothing changes but that; a wish to cancel stays a wish."""
    with unit_of_work():
        order = lock_if_ours(claim)
        if order is None:
            return
        let_go(order, _next_look(claim, order, clock()))
        status = OrderStatus(order.status)
        if status is not OrderStatus.CANCEL_PENDING and may_move(status, OrderStatus.UNKNOWN):
            move(order, OrderStatus.UNKNOWN, f"No answer: {error}."[:500], stamp=market_stamp(order))


def _record_absence(claim: Claim, broker: Broker, clock: Clock) -> None:
    """The broker is certain that it has no such order; believe it once nothing can be under way any more."""
    with unit_of_work():
        order = lock_if_ours(claim)
        if order is None:
            return
        at, stamp = clock(), market_stamp(order)
        settled_at = (order.sent_at or at) + broker.settles_in
        if claim.taken_at < settled_at:  # when it was asked, not when it answered
            let_go(order, settled_at)
        elif order.status == OrderStatus.CANCEL_PENDING:
            cancel_unsent(order, "the broker has no such order", stamp=stamp)
        elif order.acknowledged_at is not None:
            _lose(order, stamp, at)
        else:
            order.sent_at = None  # it never arrived: from here on it is as if it had not been sent
            let_go(order, None)


def _next_look(claim: Claim, order: Order, at: datetime) -> datetime | None:
    """Return when to look again: at once if it is to be cancelled since it was taken on."""
    if order.status == OrderStatus.CANCEL_PENDING and claim.step is not Step.CANCEL:
        return None
    return next_look(order, at)


def _lose(order: Order, stamp: Stamp, at: datetime) -> None:
    """The broker had the order and has it no more: a person decides; it is never sent again."""
    let_go(order, next_look(order, at))
    if order.status != OrderStatus.UNKNOWN:
        move(order, OrderStatus.UNKNOWN, "The broker had the order and has it no more.", stamp=stamp)
    subject = order.client_order_id
    note_of_order(DifferenceKind.LOST_ORDER, order, subject=subject, facts={}, found_at=at, stamp=stamp)


def _miss_executions(order: Order, answer: BrokerAnswer, stamp: Stamp, at: datetime) -> None:
    """An end without all its executions isn't believed; after a minute a person should know."""
    if order.sent_at is None or at - order.sent_at < EXECUTIONS_FOLLOW_IN:
        return
    note_of_order(
        DifferenceKind.MISSING_EXECUTION,
        order,
        subject=order.client_order_id,
        facts={"broker_status": answer.status, "broker_filled_qty": answer.filled_qty},
        found_at=at,
        stamp=stamp,
    )
