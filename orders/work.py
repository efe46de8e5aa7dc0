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

from orders.broker_accounts import BrokerAccount, account_named, accounts_at
from orders.brokers import broker_named
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

    Of all brokers over the network, or of one or one account (by its key); at most `limit` orders each. May
    run twice, or on many workers at once: the claim of each order decides. A broker that fails five times in
    a row is left alone for a while. `is_over` is asked before each order whether to stop.
    """
    keys = [broker] if broker is not None else brokers_at_work()
    return sum(_work_off_account(account_named(key), clock, limit, is_over) for key in keys)


def brokers_at_work() -> list[str]:
    """Return the keys of brokers over the network, and accounts there, that have an open order of ours."""
    names = Order.objects.open().order_by("broker").values_list("broker", flat=True).distinct()
    accounts = accounts_at(filter(_is_over_network, names))
    return [account.key for account in accounts if account.orders().open().exists()]


def brokers_in_use() -> list[str]:
    """Return the keys of brokers over the network, and accounts there, that orders or cells are at."""
    open_cells = Position.objects.exclude(status=PositionStatus.CLOSED)
    names = {
        *open_cells.values_list("broker", flat=True),
        *Order.objects.open().values_list("broker", flat=True),
    }
    return [account.key for account in accounts_at(filter(_is_over_network, names))]


def waiting_orders(account: BrokerAccount, at: datetime) -> list[UUID]:
    """Return the ids of the orders that wait for their next step at `at`, those that wait longest first."""
    free = Q(leased_until__isnull=True) | Q(leased_until__lte=at)
    due = Q(ask_at__isnull=True) | Q(ask_at__lte=at)
    rows = account.orders().open().filter(free, due)
    if not broker_named(account.broker).finds_by_client_id:
        # What such a broker has, or may have, is a person's to follow up.
        rows = rows.filter(Q(sent_at__isnull=True) | Q(status=OrderStatus.SUBMITTED))
    return list(rows.order_by(F("ask_at").asc(nulls_first=True), "created_at").values_list("pk", flat=True))


@cache
def breaker_of(broker: str) -> Breaker:
    """Return this process's breaker of a broker, or of an account at one."""
    return Breaker(settings.BROKER_PAUSE_S)


def _work_off_account(account: BrokerAccount, clock: Clock, limit: int, is_over: Callable[[], bool]) -> int:
    breaker, taken = breaker_of(account.key), 0
    for order_id in waiting_orders(account, clock())[:limit]:
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
