"""Reads of a cell's history."""

from __future__ import annotations

from typing import Any

from django.db import models

from positions.event_types import EventType
from positions.models import Event


def events_page(
    events: models.QuerySet[Event], *, type_: EventType | None, before: int | None, limit: int
) -> dict[str, Any]:
    """Return the newest `limit` events numbered below `before`, and the cursor of the following page."""
    if type_ is not None:
        events = events.filter(type=type_)
    if before is not None:
        events = events.filter(seq__lt=before)
    items = list(events.order_by("-seq")[: limit + 1])
    more = len(items) > limit
    items = items[:limit]
    return {"items": items, "next": str(items[-1].seq) if more else None}
