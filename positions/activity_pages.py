"""The page of everything that happened, and of one thing that did."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import SimpleLazyObject
from django.views.decorators.http import require_safe

from accounts.page_access import page, tenant_seen
from accounts.transactions import read_one
from positions.activity import Wanted, activity, newer
from positions.cell_filters import CellSpanForm
from positions.event_facts import facts_of
from positions.event_words import EVENT_WORDS, choices, kinds_of
from positions.models import Event
from volbal.errors import OutOfRange

MOST_COUNTED = 100


class ActivityForm(CellSpanForm):
    """Narrows what happened to cells, dates, kinds and who did it."""

    type = forms.ChoiceField(label="What", choices=choices)
    actor = forms.CharField(label="By whom", max_length=150)
    field_order = ("cell", "type", "actor", "from", "to")

    def __init__(self, said: Any, **options: Any) -> None:
        super().__init__(said, **options)
        self.order_fields(self.field_order)

    def as_wanted(self) -> Wanted:
        """Return which events are wanted."""
        said = self.wanted()
        return Wanted(
            tenant=self.tenant,
            cells=said.get("cell"),
            kinds=kinds_of(said["type"]) if "type" in said else None,
            actor=said.get("actor", ""),
            start=said.get("from"),
            end=said.get("to"),
        )


@page()
@require_safe
def activity_page(request: HttpRequest) -> HttpResponse:
    form = ActivityForm(request.GET, tenant=tenant_seen(request))
    cursor = request.GET.get("after", "")
    found = activity(form.as_wanted(), cursor)
    return render(
        request,
        "positions/activity.html",
        {
            "form": form,
            "found": found,
            "rows": SimpleLazyObject(lambda: [(event, EVENT_WORDS[event.type]) for event in found.events]),
            "is_top": not cursor,
        },
    )


@page(poll=True)
@require_safe
def activity_newer(request: HttpRequest) -> HttpResponse:
    """Say how much is new, and leave the list under the reader's eyes as it is."""
    form = ActivityForm(request.GET, tenant=tenant_seen(request))
    count = newer(form.as_wanted(), _time(request.GET.get("since", "")), most=MOST_COUNTED)
    context = {"newer": count, "is_many": count == MOST_COUNTED}
    return render(request, "positions/activity.html#newer", context)


@page()
def event_page(request: HttpRequest, event_id: UUID) -> HttpResponse:
    events = Event.objects.filter(tenant=tenant_seen(request), pk=event_id).select_related("position")
    event = read_one(events, "event")
    is_part = request.headers.get("HX-Request") == "true"
    return render(
        request,
        "positions/event.html#facts" if is_part else "positions/event.html",
        {
            "event": event,
            "words": EVENT_WORDS[event.type],
            "inputs": facts_of(event.inputs),
            "outputs": facts_of(event.outputs),
        },
    )


def _time(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise OutOfRange("This is no time.", field="since") from None
    if at.tzinfo is None:
        raise OutOfRange("This time has no zone.", field="since")
    return at
