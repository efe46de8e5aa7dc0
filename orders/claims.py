"""Taking on an order's next step: one worker at a time, and only the last one's news counts.

A lease keeps others away while one works; that it runs out decides nothing but who tries next. What keeps an
order from being sent twice is that the broker is asked before any second try.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from time import monotonic
from uuid import UUID

from django.conf import settings

from accounts.transactions import Stamp, unit_of_work
from market.providers.registry import provider
from orders.brokers.base import BrokerOrder, NoAnswer
from orders.lifecycle import broker_order_of, move
from orders.models import Order
from orders.redecide import Sighting, clear_to_send
from orders.switches import share_switches
from volbal.numbers import plain
from volbal.order_states import OrderStatus

ACTOR = "worker"
CLAIM_COLUMNS = ["send_token", "leased_until", "sent_at", "acknowledged_at", "ask_at"]
LONGEST_WAIT = timedelta(seconds=60)

Clock = Callable[[], datetime]


class Step(StrEnum):
    """What is to be done about an order next."""

    SEND = "send"
    ASK = "ask"
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One step taken on: whoever holds a higher token has taken the order over.

    `taken_at` is by the wall clock, `at` by the clock of the position's market.
    """

    order_id: UUID
    token: int
    step: Step
    broker: str
    order: BrokerOrder
    taken_at: datetime
    at: datetime
    began: float

    def check_in_time(self) -> None:
        """Raise NoAnswer if so much time went by since the claim that another may have taken over."""
        if monotonic() - self.began > lease().total_seconds() / 4:
            raise NoAnswer("not sent: too much time went by since it was taken on")


def lease() -> timedelta:
    """Return how long a step is one worker's: one call to the broker, and half as long again."""
    return timedelta(seconds=1.5 * settings.BROKER_TIMEOUT_S)


def step_for(order: Order) -> Step:
    """Say what is next for an open order. One that may be at the broker is asked about, never sent again."""
    if order.status == OrderStatus.CANCEL_PENDING:
        return Step.CANCEL
    return Step.ASK if order.may_be_at_broker else Step.SEND


def is_due(order: Order, at: datetime) -> bool:
    """Whether an order is open, nobody works on it, and it is time to."""
    is_free = order.leased_until is None or order.leased_until <= at
    return order.is_open and is_free and (order.ask_at is None or order.ask_at <= at)


def claim_step(order_id: UUID, sighting: Sighting, *, clock: Clock) -> Claim | None:
    """Take on an order's next step, in a unit of work of its own; None if there is nothing to do now.

    An order that may not be sent is cancelled, expired or decided anew here, and then there is nothing to do.
    """
    with unit_of_work():
        order = Order.objects.lock_with_position(order_id)
        share_switches()
        at = clock()
        if not is_due(order, at):
            return None
        step = step_for(order)
        if step is Step.SEND and not clear_to_send(order, sighting, stamp=market_stamp(order)):
            _wait_if_open(order, at)
            return None
        return _take(order, step, at)


def lock_if_ours(claim: Claim) -> Order | None:
    """Lock the order of a claim; None if somebody else has taken it over."""
    order = Order.objects.lock_with_position(claim.order_id)
    return order if order.send_token == claim.token else None


def let_go(order: Order, ask_at: datetime | None) -> None:
    """End the lease of a locked order, to be looked at again at `ask_at`."""
    order.leased_until, order.ask_at = None, ask_at
    order.save(update_fields=CLAIM_COLUMNS)


def next_look(order: Order, at: datetime) -> datetime:
    """Return when to look at an order again: soon, then ever more rarely, once a minute at least."""
    age = at - (order.sent_at or at)
    soonest = timedelta(seconds=settings.BROKER_ASK_S)
    return at + min(max(age / 4, soonest), LONGEST_WAIT)


def market_stamp(order: Order) -> Stamp:
    """Return the time of the order's market, for what is booked; never before the order itself.

    A replay's clock runs in another process; what is done about its orders then counts as done at once.
    """
    now = provider(order.position.market_provider).now()
    return Stamp(at=max(now or order.created_at, order.created_at), actor=ACTOR)


def _take(order: Order, step: Step, at: datetime) -> Claim:
    order.send_token += 1
    order.leased_until = at + lease()
    if step is Step.SEND:
        order.sent_at = at
    order.save(update_fields=CLAIM_COLUMNS)
    stamp = market_stamp(order)
    if step is Step.SEND and order.status != OrderStatus.SUBMITTED:
        move(order, OrderStatus.SUBMITTED, f"Sent: {order.side} {plain(order.qty)}.", stamp=stamp)
    return Claim(
        order_id=order.pk,
        token=order.send_token,
        step=step,
        broker=order.broker,
        order=broker_order_of(order),
        taken_at=at,
        at=stamp.at,
        began=monotonic(),
    )


def _wait_if_open(order: Order, at: datetime) -> None:
    """An order that could neither be sent nor ended, for want of a price, is looked at again soon."""
    if order.is_open:
        let_go(order, at + timedelta(seconds=settings.BROKER_ASK_S))
