"""Reads for the pages of orders."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import models
from django.db.models import Q, QuerySet

from accounts.models import Tenant
from accounts.page_lists import Order as Ordering
from accounts.page_lists import Slice, newest_first, opening, slice_below
from accounts.prepared import Prepared, Slot
from alerts.models import Alert, AlertKind
from orders.models import BrokerDifference, Order, Trade
from positions.event_types import EventType
from positions.events import position_chain
from positions.history import told
from positions.models import Event, Position
from volbal.order_states import FINISHED

NEWEST_FIRST: Ordering = {"created_at": datetime.fromisoformat, "pk": UUID}
# What the list of orders shows of one that is done.
_SHOWN = (
    *("created_at", "side", "qty", "status", "reason", "filled_qty", "avg_fill_price", "commission"),
    *(f"position__{name}" for name in ("ticker", "number", "market_provider")),
)
_TOLD = ("chain", "seq", "tenant", "position", "type", "ts", "actor", "message")
MOST_OPEN = 200
MOST_WAITING = 20
MOST_EVENTS = 100
OF_ORDERS = (
    EventType.ORDER_SUBMITTED,
    EventType.ORDER_REEVALUATED,
    EventType.ORDER_ACCEPTED,
    EventType.ORDER_PARTIALLY_FILLED,
    EventType.ORDER_FILLED,
    EventType.ORDER_REJECTED,
    EventType.ORDER_CANCELLED,
    EventType.ORDER_EXPIRED,
    EventType.ORDER_UNKNOWN,
    EventType.GUARDRAIL_BREACHED,
)


def open_orders(tenant: Tenant) -> list[Order]:
    """Return what can still be executed, the oldest first."""
    return _OPEN.rows(tenant=tenant.pk)


def past_orders(tenant: Tenant, narrowed: Q, cursor: str) -> Slice[Order]:
    """Return orders that are done, newest first. Raises OutOfRange for a cursor that is none."""
    if not narrowed and not cursor:
        keys = _NEWEST_KEYS.rows(tenant=tenant.pk)
        return opening(keys, lambda: _NEWEST_DONE.rows(tenant=tenant.pk), NEWEST_FIRST)
    return slice_below(_seen(_done(tenant.pk).filter(narrowed)), NEWEST_FIRST, cursor)


def quarantined(tenant: Tenant) -> list[Alert]:
    """Return alerts of executions that don't fit the books, until a person has seen them."""
    return _QUARANTINED.rows(tenant=tenant.pk)


def differences_shown_to(tenant: Tenant, *, is_staff: bool) -> QuerySet[BrokerDifference]:
    """Return differences that are the tenant's, oldest first, with those that can be nobody else's.

    One that belongs to no tenant in particular tells what an account holds in all, so only staff see it
    where another tenant trades at that broker.
    """
    return _shown_to_staff(tenant.pk) if is_staff else _shown_to_others(tenant.pk)


def open_differences(tenant: Tenant, *, is_staff: bool) -> list[BrokerDifference]:
    """Return those of `differences_shown_to` that nobody has explained yet."""
    return (_OPEN_TO_STAFF if is_staff else _OPEN_TO_OTHERS).rows(tenant=tenant.pk)


def story_of(order: Order) -> Sequence[Event]:
    """Return what happened to an order, oldest first: its own events and the decision that made it."""
    chain, about = position_chain(order.position), str(order.pk)
    together = _MADE_TOGETHER.rows(tenant=order.tenant_id, chain=chain, at=order.created_at)
    decisions = [event for event in together if event.type == EventType.POSITION_EVALUATED]
    since = min((event.seq for event in together), default=0)  # times are not indexed by cell
    own = _OF_ORDER.rows(chain=chain, since=since, about=about)
    odd = _ODD_FILLS.rows(position=order.position_id, about=about)
    return sorted([*decisions[-1:], *own, *odd], key=lambda event: event.seq)


def _shown_to_staff(tenant: Any) -> QuerySet[BrokerDifference]:
    return _differences(Q(tenant=tenant) | Q(tenant=None))


def _shown_to_others(tenant: Any) -> QuerySet[BrokerDifference]:
    shared = Position.objects.exclude(tenant=tenant).values("broker")
    return _differences(Q(tenant=tenant) | Q(tenant=None) & ~Q(broker__in=shared))


def _differences(shown: Q) -> QuerySet[BrokerDifference]:
    return BrokerDifference.objects.filter(shown).select_related("position").order_by("found_at", "pk")


def _done(tenant: Any) -> QuerySet[Order]:
    return Order.objects.filter(tenant=tenant, status__in=sorted(FINISHED))


def _seen(rows: QuerySet[Order]) -> QuerySet[Order]:
    return rows.select_related("position").only(*_SHOWN)


def _open(tenant: Any) -> QuerySet[Order]:
    # Not in one: SQLite would walk through all orders the tenant ever had, as they are in order already.
    found = Order.objects.open().filter(tenant=tenant)
    rows = Order.objects.filter(pk__in=found.values("pk")).select_related("position")
    return rows.order_by("created_at", "pk")[:MOST_OPEN]


def order_of_tenant(tenant: Tenant, order_id: UUID) -> Order | None:
    """Return an order of the tenant, with its cell."""
    return _ONE.first(tenant=tenant.pk, pk=order_id)


def executions_of(order: Order) -> list[Trade]:
    """Return what an order has been filled by, oldest first."""
    return _EXECUTIONS.rows(order=order.pk)


# What everybody who has the list open reads every few seconds, and what it opens with.
_TENANT = Slot("tenant", models.UUIDField())
_OPEN = Prepared(lambda: _open(_TENANT))
_ONE = Prepared(
    lambda: Order.objects.filter(tenant=_TENANT, pk=Slot("pk", models.UUIDField())).select_related("position")
)
_EXECUTIONS = Prepared(
    lambda: Trade.objects.filter(order=Slot("order", models.UUIDField())).order_by(
        "executed_at", "booked_at", "pk"
    )
)
_NEWEST_DONE = Prepared(lambda: newest_first(_seen(_done(_TENANT)), NEWEST_FIRST))
_NEWEST_KEYS = Prepared(
    lambda: newest_first(_done(_TENANT), NEWEST_FIRST).values_list(*NEWEST_FIRST, "position__market_provider")
)
_QUARANTINED = Prepared(
    lambda: Alert.objects.filter(tenant=_TENANT, kind=AlertKind.QUARANTINE, seen_at=None).order_by(
        "-created_at"
    )[:MOST_WAITING]
)
_CHAIN, _ABOUT = Slot("chain", models.CharField()), Slot("about", models.JSONField())
_MADE_TOGETHER = Prepared(
    lambda: (
        Event.objects.filter(tenant=_TENANT, ts=Slot("at", models.DateTimeField()), chain=_CHAIN)
        .order_by("seq")
        .only(*_TOLD)
    )
)
_OF_ORDER = Prepared(
    lambda: (
        Event.objects.filter(
            chain=_CHAIN,
            seq__gte=Slot("since", models.BigIntegerField()),
            type__in=OF_ORDERS,
            inputs__order_id=_ABOUT,
        )
        .order_by("seq")
        .only(*_TOLD)[:MOST_EVENTS]
    )
)
_ODD_FILLS = Prepared(
    lambda: (
        told(EventType.FILL_QUARANTINED)
        .filter(position=Slot("position", models.UUIDField()), inputs__order_id=_ABOUT)
        .order_by("seq")
        .only(*_TOLD)[:MOST_EVENTS]
    )
)
_OPEN_TO_STAFF = Prepared(lambda: _shown_to_staff(_TENANT).filter(resolved_at=None))
_OPEN_TO_OTHERS = Prepared(lambda: _shown_to_others(_TENANT).filter(resolved_at=None))
