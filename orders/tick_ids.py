"""Ids of the events that tell of a tick's evaluations: there can be only one for a position and a slot.

A UUID of version 8: the slot in milliseconds, then 74 bits of the position's id. The events of a tick,
written in the order of their positions, so follow each other in the index of ids too.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from orders.tick_slots import milliseconds


def event_of(position_id: UUID, slot: datetime) -> UUID:
    """Return the id of the event that tells of a position's evaluation at a slot."""
    return UUID(event_begin(slot) + event_end(position_id))


def event_begin(slot: datetime) -> str:
    """Return what the ids of all events of a slot begin with."""
    digits = f"{milliseconds(slot):012x}"
    return f"{digits[:8]}-{digits[8:]}-"


def event_end(position_id: UUID) -> str:
    """Return what the ids of all evaluations of a position end in."""
    first = position_id.int >> 54
    digits = f"{0x8000 | first >> 62:04x}{1 << 63 | first & (1 << 62) - 1:016x}"
    return f"{digits[:4]}-{digits[4:8]}-{digits[8:]}"
