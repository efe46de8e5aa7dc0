"""The scan that keeps orders going. Its list is the orders themselves, so nothing is lost with a process."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from functools import cache
from uuid import UUID

from django.conf import settings
from django.db.models import F, Q
from django.utils import timezone

from orders.brokers import broker_named
from orders.brokers.base import Broker
from orders.brokers.breaker import Breaker
from orders.claims import Clock
from orders.dispatch import Did, dispatch_order
from orders.models import MANUAL, Order
from positions.models import Position, PositionStatus
from volbal.errors import OutOfRange
from volbal.order_states import OrderStatus

log = logging.getLogger(__name__)

MOST_A_SCAN = 200


def work_off(
    *,
    clock: Clock = timezone.now,
    broker: str | None = None,
    limit: int = MOST_A_SCAN,
    is_over: Callable[[], bool] = lambda: False,
) -> int:
    """Take every order that waits one step further; return how many were. Opens its own units of work.

    Of all brokers over the network, or of one; at most `limit` orders each. May run twice, or on many
    workers at once: the claim of each order decides. A broker that fails five times in a row is left alone
    for a while. `is_over` is asked before each order whether to stop.
    """
    names = [broker] if broker is not None else brokers_at_work()
    return sum(_work_off_broker(name, clock, limit, is_over) for name in names)


def brokers_at_work() -> list[str]:
    """Return the names of the brokers over the network that have an open order of ours."""
    names = Order.objects.open().order_by("broker").values_list("broker", flat=True).distinct()
    return [name for name in names if _is_over_network(name)]


def brokers_in_use() -> list[str]:
    """Return the names of the brokers over the network that an open order or a position is at."""
    names = Position.objects.exclude(status=PositionStatus.CLOSED).values_list("broker", flat=True).distinct()
    return sorted({*brokers_at_work(), *filter(_is_over_network, names)})


def waiting_orders(broker: Broker, at: datetime) -> list[UUID]:
    """Return the ids of the orders that wait for their next step at `at`, those that wait longest first."""
    free = Q(leased_until__isnull=True) | Q(leased_until__lte=at)
    due = Q(ask_at__isnull=True) | Q(ask_at__lte=at)
    rows = Order.objects.open().filter(free, due, broker=broker.name)
    if not broker.finds_by_client_id:
        # What such a broker has, or may have, is a person's to follow up.
        rows = rows.filter(Q(sent_at__isnull=True) | Q(status=OrderStatus.SUBMITTED))
    return list(rows.order_by(F("ask_at").asc(nulls_first=True), "created_at").values_list("pk", flat=True))


@cache
def breaker_of(broker: str) -> Breaker:
    """Return this process's breaker of a broker."""
    return Breaker(settings.BROKER_PAUSE_S)


def _work_off_broker(name: str, clock: Clock, limit: int, is_over: Callable[[], bool]) -> int:
    breaker, taken = breaker_of(name), 0
    for order_id in waiting_orders(broker_named(name), clock())[:limit]:
        if breaker.is_open() or is_over():
            break
        did = _take_further(order_id, clock)
        if did is Did.FAILED:
            breaker.failed()
        elif did is Did.ANSWERED:
            breaker.answered()
        taken += did is not Did.NOTHING
    return taken


def _take_further(order_id: UUID, clock: Clock) -> Did:
    """Take one order a step further; a bug or a busy database with one must not stop the others."""
    try:
        return dispatch_order(order_id=order_id, clock=clock)
    except Exception:
        log.exception("order_not_taken_further", extra={"order": str(order_id)})
        return Did.NOTHING


def _is_over_network(name: str) -> bool:
    try:
        broker = broker_named(name)
    except OutOfRange:
        log.error("order_of_unregistered_broker", extra={"broker": name})
        return False
    return not broker.in_process and name != MANUAL
