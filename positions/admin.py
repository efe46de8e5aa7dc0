"""Cells and their history, to look at: money moves through services alone."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import admin
from django.utils.html import format_html

from accounts.read_only_admin import ReadOnlyAdmin
from positions.models import Event, JournalEntry, Position


@admin.register(Position)
class PositionAdmin(ReadOnlyAdmin):
    list_display = ("ticker", "number", "tenant", "status", "qty", "cash", "anchor_price", "broker")
    list_filter = ("status", "broker", "market_provider")
    list_select_related = ("tenant",)
    search_fields = ("ticker", "tenant__name")
    ordering = ("tenant__name", "number")


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    list_display = ("ts", "type", "position", "message", "actor", "tenant")
    list_filter = ("type", "scope")
    list_select_related = ("tenant", "position")
    search_fields = ("message", "actor", "request_id", "position__ticker", "tenant__name")
    date_hierarchy = "ts"
    ordering = ("-ts", "-seq")

    exclude = ("inputs", "outputs")
    readonly_fields = ("known", "followed")

    @admin.display(description="inputs")
    def known(self, event: Event) -> str:
        return _pretty(event.inputs)

    @admin.display(description="outputs")
    def followed(self, event: Event) -> str:
        return _pretty(event.outputs)


@admin.register(JournalEntry)
class JournalEntryAdmin(ReadOnlyAdmin):
    list_display = (
        "at",
        "position",
        "seq",
        "cause_kind",
        "cash_delta",
        "qty_delta",
        "receivable_delta",
        "cash_after",
        "qty_after",
    )
    list_filter = ("cause_kind",)
    list_select_related = ("position",)
    search_fields = ("position__ticker", "position__tenant__name", "cause_id")
    date_hierarchy = "at"
    ordering = ("-at", "-seq")


def _pretty(facts: dict[str, Any]) -> str:
    return format_html("<pre>{}</pre>", json.dumps(facts, indent=2, sort_keys=True, ensure_ascii=False))
