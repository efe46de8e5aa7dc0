"""Reads of a cell's history."""

from __future__ import annotations

from typing import Any

from django.db import models

from positions.models import Event


def events_page(events: models.QuerySet[Event], *, before: int | None, limit: int) -> dict[str, Any]:
    """Return the newest `limit` events numbered below `before`, and the cursor of the following page."""
    if before is not None:
        events = events.filter(seq__lt=before)
    items = list(events.order_by("-seq")[: limit + 1])
    more = len(items) > limit
    items = items[:limit]
    return {"items": items, "next": str(items[-1].seq) if more else None}
