"""Reads for the pages of orders."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from accounts.models import Tenant
from accounts.page_lists import Order as Ordering
from accounts.page_lists import Slice, slice_below
from alerts.models import Alert, AlertKind
from orders.models import BrokerDifference, Order
from positions.event_types import EventType
from positions.models import Event, Position
from volbal.order_states import FINISHED

NEWEST_FIRST: Ordering = {"created_at": datetime.fromisoformat, "pk": UUID}
# What the list of orders shows of one that is done.
_SHOWN = (
    *("created_at", "side", "qty", "status", "reason", "filled_qty", "avg_fill_price", "commission"),
    *(f"position__{name}" for name in ("ticker", "number", "market_provider")),
)
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
    found = Order.objects.open().filter(tenant=tenant)
    # Not in one: SQLite would walk through all orders the tenant ever had, as they are in order already.
    rows = Order.objects.filter(pk__in=found.values("pk")).select_related("position")
    return list(rows.order_by("created_at", "pk")[:MOST_OPEN])


def past_orders(tenant: Tenant, narrowed: Q, cursor: str) -> Slice[Order]:
    """Return orders that are done, newest first. Raises OutOfRange for a cursor that is none."""
    rows = Order.objects.filter(narrowed, tenant=tenant, status__in=sorted(FINISHED))
    return slice_below(rows.select_related("position").only(*_SHOWN), NEWEST_FIRST, cursor)


def quarantined(tenant: Tenant) -> list[Alert]:
    """Return alerts of executions that don't fit the books, until a person has seen them."""
    return list(
        Alert.objects.filter(tenant=tenant, kind=AlertKind.QUARANTINE, seen_at=None).order_by("-created_at")[
            :MOST_WAITING
        ]
    )


def differences_shown_to(tenant: Tenant, *, is_staff: bool) -> QuerySet[BrokerDifference]:
    """Return differences that are the tenant's, oldest first, with those that can be nobody else's.

    One that belongs to no tenant in particular tells what an account holds in all, so only staff see it
    where another tenant trades at that broker.
    """
    rows = BrokerDifference.objects.select_related("position")
    if is_staff:
        rows = rows.filter(Q(tenant=tenant) | Q(tenant=None))
    else:
        shared = Position.objects.exclude(tenant=tenant).values("broker")
        rows = rows.filter(Q(tenant=tenant) | Q(tenant=None) & ~Q(broker__in=shared))
    return rows.order_by("found_at", "pk")


def story_of(order: Order) -> Sequence[Event]:
    """Return what happened to an order, oldest first: its own events and the decision that made it."""
    events = Event.objects.filter(position=order.position_id).order_by("seq")
    together = events.filter(tenant=order.position.tenant_id, ts=order.created_at)
    decision = list(together.filter(type=EventType.POSITION_EVALUATED).order_by("-seq")[:1])
    since = events.filter(seq__gte=_first_number(together))  # by number, as times are not indexed by cell
    own = since.filter(type__in=OF_ORDERS, inputs__order_id=str(order.pk))[:MOST_EVENTS]
    odd = events.filter(type=EventType.FILL_QUARANTINED, inputs__order_id=str(order.pk))[:MOST_EVENTS]
    return sorted([*decision, *own, *odd], key=lambda event: event.seq)


def _first_number(together: QuerySet[Event]) -> int:
    """Return the number of the first event that was recorded together with an order."""
    return together.values_list("seq", flat=True).first() or 0
