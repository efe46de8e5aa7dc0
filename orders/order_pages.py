"""The pages of orders: all of them, one of them, and what a broker says that the books don't."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from django.views.decorators.http import require_safe

from accounts.models import Role
from accounts.page_access import has_role, page, tenant_seen, user_of, user_stamp
from accounts.page_forms import ActionForm
from accounts.page_lists import Slice
from accounts.page_once import Done, form_page
from accounts.transactions import read_one, the_row
from alerts.pulses import worker_silence
from orders.differences import LONGEST_REASON, resolve_difference
from orders.models import BrokerDifference, Order
from orders.order_lists import (
    differences_shown_to,
    executions_of,
    open_differences,
    open_orders,
    order_of_tenant,
    past_orders,
    quarantined,
    story_of,
)
from orders.order_words import STATUS_WORDS, awaited, reason_words
from positions.cell_filters import CellSpanForm, ids_of
from positions.event_facts import facts_of
from positions.event_words import EVENT_WORDS
from volbal.order_states import FINISHED

PAST = [(str(status), words) for status, (words, _) in STATUS_WORDS.items() if status in FINISHED]


class OrdersForm(CellSpanForm):
    """Narrows orders that are done to a status, cells and dates."""

    status = forms.ChoiceField(label="What became of it", choices=[("", "Anything"), *PAST])
    field_order = ("cell", "status", "from", "to")

    def __init__(self, said: Any, **options: Any) -> None:
        super().__init__(said, **options)
        self.order_fields(self.field_order)

    def narrowed(self) -> Q:
        """Return what is wanted of the columns of orders."""
        said = self.wanted()
        kept = {
            "position__in": ids_of(said.get("cell")),
            "status": said.get("status"),
            "trading_date__gte": said.get("from"),
            "trading_date__lte": said.get("to"),
        }
        return Q(**{name: value for name, value in kept.items() if value is not None})


class ResolveForm(ActionForm):
    """What a difference was about."""

    reason = forms.CharField(
        label="What was it about?",
        max_length=LONGEST_REASON,
        help_text="Kept with the difference, and your name.",
    )


@page()
@require_safe
def orders(request: HttpRequest) -> HttpResponse:
    form = OrdersForm(request.GET, tenant=tenant_seen(request))
    cursor = request.GET.get("after", "")
    past: Slice[Order] = past_orders(tenant_seen(request), form.narrowed(), cursor)
    context = {
        **_open(request),
        "form": form,
        "past": SimpleLazyObject(lambda: [_in_words(one) for one in past.items]),
        "mark": past.mark,
        "next": past.next,
        "is_top": not cursor,
    }
    return render(request, "orders/orders.html", context)


@page(poll=True)
@require_safe
def orders_open(request: HttpRequest) -> HttpResponse:
    return render(request, "orders/orders_open.html", _open(request))


@page()
def order(request: HttpRequest, order_id: UUID) -> HttpResponse:
    one = _one(request, order_id)
    story = [(event, EVENT_WORDS[event.type]) for event in story_of(one["order"])]
    return render(request, "orders/order.html", {**one, "rows": story})


@page(poll=True)
def order_now(request: HttpRequest, order_id: UUID) -> HttpResponse:
    return render(request, "orders/order_now.html", _one(request, order_id))


@page(Role.OWNER)
def resolve(request: HttpRequest, difference_id: UUID) -> HttpResponse:
    shown = differences_shown_to(tenant_seen(request), is_staff=user_of(request).is_staff)
    difference = read_one(shown.filter(pk=difference_id), "difference")

    def act(said: dict[str, Any]) -> Done:
        resolve_difference(difference_id=difference_id, reason=said["reason"], stamp=user_stamp(request))
        return Done(message="The difference is explained.", location=reverse("orders"))

    context = {"difference": difference, "facts": facts_of(difference.facts)}
    return form_page(request, "orders/resolve.html", ResolveForm, act, context)


def _open(request: HttpRequest) -> dict[str, Any]:
    now, tenant = timezone.now(), tenant_seen(request)
    found = open_orders(tenant)
    waits_for_worker = any(not order.is_manual for order in found)
    return {
        "open": [(*_in_words(one), awaited(one, now)) for one in found],
        "silence": worker_silence(now) if waits_for_worker else None,
        "quarantined": quarantined(tenant),
        "differences": _differences(request),
    }


def _in_words(one: Order) -> tuple[Order, str, str, str]:
    """Return an order, what its status is called, the tone of that, and why it was made."""
    return (one, *STATUS_WORDS[one.status], reason_words(one.reason))


def _differences(request: HttpRequest) -> list[BrokerDifference]:
    if not has_role(request, Role.OWNER):
        return []
    return open_differences(tenant_seen(request), is_staff=user_of(request).is_staff)


def _one(request: HttpRequest, order_id: UUID) -> dict[str, Any]:
    found = the_row(order_of_tenant(tenant_seen(request), order_id), "order")
    title, tone = STATUS_WORDS[found.status]
    return {
        "order": found,
        "title": title,
        "tone": tone,
        "why": reason_words(found.reason),
        "awaited": awaited(found, timezone.now()),
        "trades": executions_of(found),
        "rest": found.qty - found.filled_qty,
    }
