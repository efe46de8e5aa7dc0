"""Where a cell's events are looked for: evaluations in its chain, all others in the index of kinds.

A tick may record an evaluation of every cell. They stand in one index less than the others, which is the
one that such a tick would have to change all over.
"""

from __future__ import annotations

from typing import Any

from django.db.models import Func, OuterRef, QuerySet, TextField

from accounts.prepared import Slot
from positions.event_types import EventType
from positions.events import position_chain
from positions.models import Event, Position

Cells = QuerySet[Position]


class ChainOf(Func):
    """The name of the chain of a position's events, in SQL; as `position_chain` names it."""

    template = "'position/' || %(expressions)s::text"
    output_field = TextField()

    def as_sqlite(self, compiler: Any, connection: Any, **options: Any) -> Any:
        """Put the dashes into an id, which SQLite keeps without them."""
        parts = ((1, 8), (9, 4), (13, 4), (17, 4), (21, 12))
        dashed = " || '-' || ".join(f"substr(%(expressions)s, {at}, {length})" for at, length in parts)
        return self.as_sql(compiler, connection, template=f"'position/' || {dashed}", **options)


def history_of(position: Position, type_: EventType | None = None) -> QuerySet[Event]:
    """Return a cell's events, or those of one type."""
    if type_ is None:
        return Event.objects.filter(chain=position_chain(position))
    if type_ == EventType.POSITION_EVALUATED:
        return evaluations_in(position_chain(position))
    return told(type_).filter(position=position)


def evaluations_in(chain: str | Slot) -> QuerySet[Event]:
    """Return the evaluations of the cell with this chain."""
    return Event.objects.filter(chain=chain, type=EventType.POSITION_EVALUATED)


def evaluations_of(cells: Cells | OuterRef) -> QuerySet[Event]:
    """Return the evaluations of many cells, or of the one of an outer query."""
    evaluations = Event.objects.filter(type=EventType.POSITION_EVALUATED)
    if isinstance(cells, OuterRef):
        return evaluations.filter(chain=ChainOf(cells))
    return evaluations.filter(chain__in=cells.annotate(own_chain=ChainOf("pk")).values("own_chain"))


def told(*types: EventType) -> QuerySet[Event]:
    """Return events of these types, none of which is an evaluation; narrow them to cells."""
    others = Event.objects.exclude(type=EventType.POSITION_EVALUATED)
    return others.filter(type=types[0]) if len(types) == 1 else others.filter(type__in=types)
