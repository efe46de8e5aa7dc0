"""Spans of time in words."""

from __future__ import annotations

from datetime import datetime, timedelta

UNITS = ((86_400, "day"), (3600, "h"), (60, "min"), (1, "s"))


def span_words(span: timedelta) -> str:
    """Say how long a span is, in its largest whole unit: 12 s, 3 min, 2 h, 5 days; nothing is below 0 s."""
    seconds = max(int(span.total_seconds()), 0)
    for size, name in UNITS:
        count = seconds // size
        if count:
            return f"{count} {name}{'s' if name == 'day' and count > 1 else ''}"
    return "0 s"


def ago(then: datetime, at: datetime) -> str:
    """Say how long before `at` something was: 12 s ago."""
    return f"{span_words(at - then)} ago"
