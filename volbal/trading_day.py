"""The trading day is the date in New York."""

from __future__ import annotations

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from volbal.errors import OutOfRange

NEW_YORK = ZoneInfo("America/New_York")


def trading_date(at: datetime) -> date:
    """Return the date in New York at the aware moment `at`, whether or not the market trades then.

    Raises ValueError for a naive `at` and OutOfRange at the ends of time.
    """
    if at.tzinfo is None:
        raise ValueError("A trading date needs an aware time.")
    try:
        return at.astimezone(NEW_YORK).date()
    except OverflowError:
        raise OutOfRange(f"{at.isoformat()} has no date in New York.") from None


def start_of(day: date) -> datetime:
    """Return midnight in New York with which `day` begins."""
    return datetime.combine(day, time.min, NEW_YORK)


def check_span(start: date | None, end: date | None) -> None:
    """Raise OutOfRange for an end before the start; either may be open."""
    if start is not None and end is not None and end < start:
        raise OutOfRange(f"to: {end} is before {start}.", field="to")
