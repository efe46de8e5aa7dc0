"""Comparing a broker's books with ours: orders, then executions, then holdings, each a question of its own.

A question without an answer is "don't know", never "nothing there". What differs is kept and pauses whom it
may concern; only a missed execution of an order of ours is a fact, and is booked.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.utils import timezone

from accounts.transactions import unit_of_work
from orders.answers import book_execution
from orders.broker_accounts import BrokerAccount, account_named
from orders.brokers.base import Broker, Execution, OpenOrder
from orders.claims import Clock, market_stamp
from orders.differences import note_at, note_of_order, open_differences
from orders.dispatch import dispatch_order
from orders.fills import fill_of
from orders.models import DifferenceKind, Order, Trade
from orders.pausing import pause_all, positions_at
from orders.reconcile_holdings import compare_holdings

LOOK_BACK = timedelta(days=3)
OVERLAP = timedelta(days=1)
_CHUNK = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciliation:
    """What a broker or an account was asked, which questions had no answer, how much differs in all."""

    broker: str
    unanswered: tuple[str, ...]
    open_differences: int

    @property
    def is_complete(self) -> bool:
        """Whether every question was answered."""
        return not self.unanswered


def reconcile(key: str, *, clock: Clock = timezone.now) -> Reconciliation:
    """Compare the books of a broker over the network, or of an account at one, with ours.

    `key` is a broker's name or an account's key. Opens its own units of work; may run twice.
    Raises OutOfRange for an unknown one, InsideTransaction.
    """
    account = account_named(key)
    questions: dict[str, Callable[[BrokerAccount, Broker, Clock], None]] = {
        "orders": _compare_orders,
        "executions": _compare_executions,
        "holdings": compare_holdings,
    }
    unanswered: list[str] = []
    for name, compare in questions.items():
        if name == "holdings" and unanswered:
            unanswered.append(name)  # without the others nobody knows what there should be
            continue
        try:
            compare(account, account.adapter(), clock)
        except OSError:
            unanswered.append(name)
    return Reconciliation(
        broker=key,
        unanswered=tuple(unanswered),
        open_differences=len(list(open_differences(account.broker, account.subject))),
    )


def _compare_orders(account: BrokerAccount, broker: Broker, clock: Clock) -> None:
    """Find orders that only one side has open. Raises OSError without an answer."""
    there = {order.client_order_id: order for order in broker.open_orders()}
    for client_order_id, open_order in there.items():
        order = account.orders().filter(client_order_id=client_order_id).first()
        if order is None:
            _note_foreign_order(account, open_order, clock())
        elif not order.is_open:
            _check_open_there(broker, order.pk, clock)
    ours = account.orders().open().filter(sent_at__isnull=False)
    for order_id, client_order_id in list(ours.values_list("pk", "client_order_id")):
        if client_order_id not in there and broker.finds_by_client_id:
            Order.objects.filter(pk=order_id).update(ask_at=None)
            dispatch_order(order_id=order_id, clock=clock)


def _check_open_there(broker: Broker, order_id: UUID, clock: Clock) -> None:
    """Ask again about an order that is done here: it may have ended there meanwhile."""
    order = Order.objects.get(pk=order_id)
    answer = broker.get(order.client_order_id) if broker.finds_by_client_id else None
    open_ids = {one.client_order_id for one in broker.open_orders()}
    if answer is None or order.client_order_id not in open_ids:
        return
    with unit_of_work():
        order = Order.objects.lock_with_position(order_id)
        note_of_order(
            DifferenceKind.OPEN_THERE,
            order,
            subject=order.client_order_id,
            facts={"broker_status": answer.status},
            found_at=clock(),
            stamp=market_stamp(order),
        )


def _note_foreign_order(account: BrokerAccount, order: OpenOrder, found_at: datetime) -> None:
    facts = {"ticker": order.ticker, "side": order.side, "qty": order.qty}
    _note_foreign(DifferenceKind.FOREIGN_ORDER, account, order.client_order_id, order.ticker, facts, found_at)


def _compare_executions(account: BrokerAccount, broker: Broker, clock: Clock) -> None:
    """Book what was missed of our orders, and find executions that are nobody's. Raises OSError."""
    executions = broker.executions_since(_since(account, clock()))
    for start in range(0, len(executions), _CHUNK):
        chunk = executions[start : start + _CHUNK]
        ids = [execution.client_order_id for execution in chunk]
        orders = account.orders().filter(client_order_id__in=ids).select_related("position")
        by_client = {order.client_order_id: order for order in orders}
        trades = Trade.objects.filter(order__in=orders, broker=account.broker)
        by_execution = {trade.execution_id: trade for trade in trades}
        for execution in chunk:
            order = by_client.get(execution.client_order_id)
            if order is None:
                _note_foreign_execution(account, execution, clock())
            elif not _is_booked(order, by_execution.get(execution.execution_id), execution):
                _book_missed(order.pk, execution, clock)


def _since(account: BrokerAccount, now: datetime) -> datetime:
    """Return how far back to ask: before any order that is open or was touched in the last days.

    Orders on replayed history have their market's times, and so have their executions. What an account did
    before it was connected is not ours to explain.
    """
    touched = account.orders().filter(updated_at__gte=now - LOOK_BACK)
    first = touched.order_by("created_at").values_list("created_at", flat=True).first()
    oldest_open = account.orders().open().order_by("created_at").first()
    times = [now - LOOK_BACK, first or now, oldest_open.created_at if oldest_open else now]
    since = min(times) - OVERLAP
    return since if account.connection is None else max(since, account.connection.connected_at)


def _is_booked(order: Order, trade: Trade | None, execution: Execution) -> bool:
    if trade is None:
        return False
    fill = fill_of(order, execution)
    booked = (trade.order_id, trade.side, trade.qty, trade.price, trade.commission)
    return booked == (order.pk, fill.side, fill.qty, fill.price, fill.commission)


def _book_missed(order_id: UUID, execution: Execution, clock: Clock) -> None:
    """Book one execution, or keep it in quarantine, which is a difference too."""
    with unit_of_work():
        order = Order.objects.lock_with_position(order_id)
        book_execution(order, execution, stamp=market_stamp(order), found_at=clock())


def _note_foreign_execution(account: BrokerAccount, execution: Execution, found_at: datetime) -> None:
    facts = {
        "client_order_id": execution.client_order_id,
        "ticker": execution.ticker,
        "side": execution.side,
        "qty": execution.qty,
        "price": execution.price,
        "executed_at": execution.executed_at,
    }
    _note_foreign(
        DifferenceKind.FOREIGN_EXECUTION,
        account,
        execution.execution_id,
        execution.ticker,
        facts,
        found_at,
    )


def _note_foreign(
    kind: DifferenceKind,
    account: BrokerAccount,
    subject: str,
    ticker: str,
    facts: dict[str, object],
    found_at: datetime,
) -> None:
    """Keep what nobody here knows of, and pause every position that it may concern.

    What an investor does in an account of their own with shares that no cell has is theirs to know.
    """
    concerned = positions_at(account, ticker)
    if account.holds_more and not concerned:
        return
    with unit_of_work():
        row = note_at(account, kind, subject=subject, facts=facts, found_at=found_at)
    if row is not None:
        pause_all(concerned, f"the broker and the books differ: {kind.label}")
