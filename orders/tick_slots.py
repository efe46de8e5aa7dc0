"""When the schedule evaluates: at slots of equal length, counted from 1970."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

# A slot that a worker comes to later than this is let go: its prices would be the next slot's.
LATEST = timedelta(seconds=10)


def slot_at(at: datetime, every: timedelta) -> datetime:
    """Return the slot that the aware moment `at` is in."""
    return datetime.fromtimestamp(at.timestamp() // every.total_seconds() * every.total_seconds(), UTC)


def milliseconds(slot: datetime) -> int:
    """Return the milliseconds from 1970 to a slot."""
    return round(slot.timestamp() * 1000)


def next_slot(newest: datetime | None, at: datetime, every: timedelta) -> datetime | None:
    """Return the slot to evaluate at `at`, if one is due, after the `newest` that was begun.

    Slots that were missed by a little are caught up on, in their order.
    """
    last = slot_at(at, every)
    if newest is None:
        return last
    earliest = slot_at(at - LATEST, every)
    if earliest < at - LATEST:
        earliest += every
    first = max(min(earliest, last), slot_at(newest, every) + every)
    return first if first <= last else None
