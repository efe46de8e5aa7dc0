"""Everything that happened to a tenant and its cells, newest first, narrowed, at a cost that doesn't grow."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any, cast

from django.db import models
from django.db.models import Q, QuerySet
from django.utils.functional import SimpleLazyObject

from accounts.export_table import ExportFilter
from accounts.models import Tenant
from accounts.page_lists import (
    ROWS,
    Order,
    Slice,
    newest_first,
    opening,
    read_cursor,
    slice_below,
    write_cursor,
)
from accounts.prepared import Prepared, Slot
from positions.cell_filters import ids_of
from positions.events import position_chain
from positions.models import Event, Position

# What one unit of work recorded in a chain has one time, and stands in the order of its numbers.
BY_TIME: Order = {"ts": datetime.fromisoformat, "chain": str, "seq": int}
BY_NUMBER: Order = {"seq": int}
# How many of a tenant's events one look goes through in search of some that are rare.
LOOKED_AT = 5000
_SHOWN = (
    *("chain", "seq", "tenant", "type", "ts", "actor", "message"),
    *(f"position__{name}" for name in ("ticker", "number", "market_provider")),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which events: of which cells, kinds and actor, on which New York dates; None or "" for all."""

    tenant: Tenant
    cells: Sequence[Position] | None = None
    kinds: Sequence[str] | None = None
    actor: str = ""
    start: date | None = None
    end: date | None = None

    def in_span(self) -> ExportFilter:
        """Return what the exports call the same cells and dates."""
        return ExportFilter(
            tenant=self.tenant, position_ids=ids_of(self.cells), start=self.start, end=self.end
        )

    def is_everything(self) -> bool:
        """Whether nothing is left out."""
        return self == Wanted(tenant=self.tenant)

    def besides(self) -> Q:
        """Return what is wanted besides cells and dates."""
        kept = Q() if self.kinds is None else Q(type__in=self.kinds)
        return kept & Q(actor=self.actor) if self.actor else kept


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """Events, newest first, and the cursor of what follows.

    `is_cut`: the look ended before enough was found, and there may be more further back. `mark` is what
    settles how they look, if it is known: then they are only read when they are needed. `newest` is when the
    first of them happened.
    """

    events: Sequence[Event]
    next: str
    is_cut: bool = False
    mark: str = ""
    newest: datetime | None = None


def activity(wanted: Wanted, cursor: str = "", *, limit: int = ROWS) -> Activity:
    """Return the newest wanted events below a cursor. Raises OutOfRange for a cursor that is none.

    However many events there are, a look costs the same: what is rare is looked for among the next 5,000
    events, and then the cursor leads on from there.
    """
    if wanted.is_everything() and not cursor and limit == ROWS:
        return _opening(wanted.tenant)
    if wanted.cells is not None and len(wanted.cells) == 1:
        if wanted == Wanted(tenant=wanted.tenant, cells=wanted.cells) and not cursor and limit == ROWS:
            return _opening_of_cell(wanted.cells[0])
        return _of_cell(wanted, wanted.cells[0], cursor, limit)
    if wanted == Wanted(tenant=wanted.tenant, kinds=wanted.kinds) and not cursor and limit == ROWS:
        return _opening_of_kinds(wanted.tenant, tuple(wanted.kinds or ()))
    return _of_tenant(wanted, cursor, limit)


def _shown(found: Slice[Event], *, cut_at: Sequence[object] = ()) -> Activity:
    return Activity(
        events=found.items,
        next=write_cursor(cut_at) if cut_at else found.next,
        is_cut=bool(cut_at),
        mark=" ".join(f"{event.pk} {_provider_of(event)}" for event in found.items),
        newest=found.items[0].ts if found.items else None,
    )


def _provider_of(event: Event) -> str:
    return "" if event.position is None else event.position.market_provider


def _opening(tenant: Tenant) -> Activity:
    return _of_keys(_NEWEST_KEYS.rows(tenant=tenant.pk), lambda: _NEWEST.rows(tenant=tenant.pk))


def _of_keys(
    keys: Sequence[tuple[Any, ...]], read: Callable[[], Sequence[Event]], floor: datetime | None = None
) -> Activity:
    """Return events that are read when they are needed; those looked for end at `floor`, if there is one."""
    found = opening(keys, read, BY_TIME)
    is_cut = floor is not None and not found.next
    return Activity(
        events=found.items,
        next=write_cursor([floor, "", 0]) if is_cut else found.next,
        is_cut=is_cut,
        mark=found.mark,
        newest=keys[0][0] if keys else None,
    )


def _opening_of_cell(cell: Position) -> Activity:
    """Return the end of a chain. Nothing in it ever changes, and its numbers have no gaps."""
    chain = position_chain(cell)
    last, newest = _end_of(chain)
    return Activity(
        events=cast("Sequence[Event]", SimpleLazyObject(lambda: _ENDS.rows(chain=chain, last=last))),
        next=write_cursor([last - ROWS + 1]) if last > ROWS else "",
        mark=f"{chain} {last} {cell.market_provider}",
        newest=newest,
    )


def newer(wanted: Wanted, since: datetime, *, most: int) -> int:
    """Return how many wanted events there are after a time, as far as `most`."""
    span = wanted.in_span()
    rows = Event.objects.filter(span.of_position("position_id"), span.at_time("ts"), wanted.besides())
    return len(rows.filter(tenant=wanted.tenant, ts__gt=since).values_list("ts")[:most])


def _of_cell(wanted: Wanted, cell: Position, cursor: str, limit: int) -> Activity:
    """Look through one chain, by number."""
    chain = position_chain(cell)
    top = read_cursor(BY_NUMBER, cursor)["seq"] if cursor else _end_of(chain)[0] + 1
    floor = top - LOOKED_AT
    rows = Event.objects.filter(chain=chain)
    rows = rows.filter(wanted.in_span().at_time("ts"), wanted.besides(), seq__gte=floor)
    found = slice_below(_seen(rows), BY_NUMBER, cursor, limit=limit)
    if found.next or floor <= 1:
        return _shown(found)
    return _shown(found, cut_at=[floor])


def _of_tenant(wanted: Wanted, cursor: str, limit: int) -> Activity:
    """Look through all chains of the tenant, by time."""
    span = wanted.in_span()
    rows = Event.objects.filter(span.at_time("ts"), tenant=wanted.tenant)
    floor = _floor(rows, cursor) if wanted.cells is not None or wanted.besides() else None
    if floor is not None:
        rows = rows.filter(ts__gte=floor)
    rows = rows.filter(span.of_position("position_id"), wanted.besides())
    found = slice_below(_seen(rows), BY_TIME, cursor, limit=limit)
    if found.next or floor is None:
        return _shown(found)
    return _shown(found, cut_at=[floor, "", 0])


def _opening_of_kinds(tenant: Tenant, kinds: tuple[str, ...]) -> Activity:
    """Return the same of some kinds of events at the top of the list, which is what is asked for most."""
    floor = next((at for (at,) in _FLOOR.rows(tenant=tenant.pk)), None)
    keys, events = _newest_of(kinds)
    span = {"tenant": tenant.pk, "floor": floor or _EVER}
    return _of_keys(keys.rows(**span), lambda: events.rows(**span), floor)


def _end_of(chain: str) -> tuple[int, datetime | None]:
    """Return the number of the newest event in a chain, and when it happened; 0 and None without one."""
    return _END.first(chain=chain) or (0, None)


def _floor(rows: QuerySet[Event], cursor: str) -> datetime | None:
    """Return the time down to which a look goes that begins below the cursor; None: to the oldest."""
    if cursor:
        rows = rows.filter(ts__lte=read_cursor(BY_TIME, cursor)["ts"])
    return rows.order_by("-ts").values_list("ts", flat=True)[LOOKED_AT : LOOKED_AT + 1].first()


def _seen(rows: QuerySet[Event]) -> QuerySet[Event]:
    """Read only what a list shows: the inputs and outputs are most of an event."""
    return rows.select_related("position").only(*_SHOWN)


def _of_all() -> QuerySet[Event]:
    return Event.objects.filter(tenant=Slot("tenant", models.UUIDField()))


@lru_cache(maxsize=64)
def _newest_of(kinds: tuple[str, ...]) -> tuple[Prepared[tuple[Any, ...]], Prepared[Event]]:
    """Return the statements for keys and events of some kinds, of which the filter knows few."""
    after = Slot("floor", models.DateTimeField())

    def of_kinds() -> QuerySet[Event]:
        return _of_all().filter(type__in=kinds, ts__gte=after)

    return Prepared(lambda: _keys(of_kinds())), Prepared(lambda: newest_first(_seen(of_kinds()), BY_TIME))


_EVER = datetime(1, 1, 1, tzinfo=UTC)
_FLOOR = Prepared(lambda: _of_all().order_by("-ts").values_list("ts")[LOOKED_AT : LOOKED_AT + 1])
_CHAIN = Slot("chain", models.CharField())
_END: Prepared[tuple[int, datetime]] = Prepared(
    lambda: Event.objects.filter(chain=_CHAIN).order_by("-seq").values_list("seq", "ts")[:1]
)
_ENDS = Prepared(
    lambda: _seen(
        Event.objects.filter(chain=_CHAIN, seq__lte=Slot("last", models.BigIntegerField())).order_by("-seq")
    )[:ROWS]
)


def _keys(rows: QuerySet[Event]) -> QuerySet[Event, tuple[Any, ...]]:
    return newest_first(rows, BY_TIME).values_list(*BY_TIME, "position__market_provider")


# What the list opens with.
_NEWEST = Prepared(lambda: newest_first(_seen(_of_all()), BY_TIME))
_NEWEST_KEYS = Prepared(lambda: _keys(_of_all()))
