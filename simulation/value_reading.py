"""How cells did, from what is kept of them and from what came since, which is followed and not kept.

The plain way, from the first row to the last, is `simulation/performance.py`; both tell the same.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import F, OuterRef, QuerySet, Subquery

from orders.models import Trade
from positions.models import CauseKind, ChainHead, Position
from simulation.cell_histories import CellHistory, CellRows, Facts, bars_of, histories_with_facts, history_of
from simulation.cell_rows import EvaluationRow, event_facts, journal_rows, last_evaluations, trade_rows
from simulation.value_days import (
    Closed,
    Counted,
    Day,
    closed_from,
    closed_of,
    counted_from,
    days_of,
    figures_from,
    follows_from,
    mark_from,
)
from simulation.value_models import CellValues
from volbal.performance import Figures
from volbal.price_track import Mark
from volbal.trading_day import trading_date


@dataclass(frozen=True, slots=True, kw_only=True)
class Ends:
    """Up to where a cell's rows were looked at, and how many of its stored bars had come or changed."""

    event_seq: int
    journal_seq: int
    bars: int


# What a cell that has a place, but of which nothing was kept yet, is kept up to.
NOTHING = Ends(event_seq=0, journal_seq=0, bars=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """What was followed of a cell and isn't kept yet: the days after `since`, or all if that is None."""

    since: Closed | None
    days: Sequence[Day]
    history: CellHistory
    facts: Facts

    def closed(self) -> Closed | None:
        """Return where it stood on the latest earlier day that can be gone on from."""
        return closed_of(self.history, self.facts, self.days, self.since)


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """How one cell did until now. `followed` is None if all of it was kept.

    `ends` is where its rows end, `kept` up to where something is kept of it; None if it has no place yet.
    """

    position: Position
    figures: Figures
    price: Mark | None
    pending: Decimal
    counted: Counted
    ends: Ends | None = None
    kept: Ends | None = None
    followed: Followed | None = None

    @property
    def days_evaluated(self) -> int:
        """How many dates had a decision on a price."""
        return self.counted.judged

    @property
    def days_inside(self) -> int:
        """How many of them ended between the guardrails."""
        return self.counted.inside


def courses_of(positions: QuerySet[Position]) -> list[Course]:
    """Tell how cells did, by number; the number of queries doesn't depend on theirs."""
    kept = {row["position_id"]: row for row in with_heads(CellValues.objects.filter(position__in=positions))}
    cells = list(positions.order_by("number"))
    told = {cell.pk: _told(cell, kept[cell.pk]) for cell in cells if _is_current(kept.get(cell.pk))}
    followed = _followed([cell for cell in cells if cell.pk not in told], kept)
    return [told.get(cell.pk) or followed[cell.pk] for cell in cells]


def with_heads(rows: QuerySet[CellValues]) -> Iterable[Mapping[str, Any]]:
    """Return what is kept, beside the ends of the chains that it is made of."""
    return _annotated(rows).values(
        "position_id", "event_seq", "journal_seq", "event_head", "journal_head", "bars", "bars_seen", "now"
    )


def heads_of(rows: QuerySet[CellValues]) -> QuerySet[CellValues, tuple[Any, ...]]:
    """Return where the rows of cells end: number of the last event and of the books', count of bars."""
    return _annotated(rows).values_list("event_head", "journal_head", "bars")


def ends_now(rows: QuerySet[CellValues]) -> dict[UUID, Ends]:
    """Return where the rows of cells end, by position."""
    return {row["position_id"]: _ends_of(row) for row in with_heads(rows)}


def kept_ends(row: CellValues) -> Ends:
    """Return up to where something is kept of a cell."""
    return Ends(event_seq=row.event_seq, journal_seq=row.journal_seq, bars=row.bars_seen)


def behind(rows: QuerySet[CellValues]) -> QuerySet[CellValues]:
    """Return those of which something came since."""
    current = (
        _annotated(rows)
        .filter(event_head=F("event_seq"), journal_head=F("journal_seq"), bars=F("bars_seen"))
        .values("pk")
    )
    return rows.exclude(pk__in=current)


def _annotated(rows: QuerySet[CellValues]) -> QuerySet[Any]:
    return rows.annotate(event_head=_head("chain"), journal_head=_head("journal_chain"))


def _head(column: str) -> Subquery:
    return Subquery(ChainHead.objects.filter(chain=OuterRef(column)).values("seq")[:1])


def _is_current(row: Mapping[str, Any] | None) -> bool:
    return row is not None and row["now"] is not None and _ends_of(row) == _kept_ends(row)


def _kept_ends(row: Mapping[str, Any]) -> Ends:
    return Ends(event_seq=row["event_seq"], journal_seq=row["journal_seq"], bars=row["bars_seen"])


def _ends_of(row: Mapping[str, Any]) -> Ends:
    return Ends(event_seq=row["event_head"] or 0, journal_seq=row["journal_head"] or 0, bars=row["bars"])


def _told(cell: Position, row: Mapping[str, Any]) -> Course:
    now = row["now"]
    return Course(
        position=cell,
        figures=figures_from(now["figures"]),
        price=mark_from(now["mark"]),
        pending=Decimal(now["pending"]),
        counted=counted_from(now["counted"]),
        ends=_ends_of(row),
        kept=_kept_ends(row),
    )


def _followed(cells: Collection[Position], kept: Mapping[UUID, Mapping[str, Any]]) -> dict[UUID, Course]:
    """Follow what came since an earlier day if that is possible, else everything."""
    if not cells:
        return {}
    courses: dict[UUID, Course] = {}
    there = [kept[cell.pk] for cell in cells if cell.pk in kept]
    unchanged = {row["position_id"] for row in there if row["bars"] == row["bars_seen"]}
    rows = CellValues.objects.filter(pk__in=unchanged, closed__isnull=False).select_related("position")
    for history, facts, since in _later_histories(list(rows)):
        if follows_from(history, facts, since):
            courses[history.position.pk] = _course(history, facts, since, kept)
    others = {cell.pk for cell in cells} - set(courses)
    if others:
        histories, facts = histories_with_facts(Position.objects.filter(pk__in=others))
        courses |= {one.position.pk: _course(one, facts, None, kept) for one in histories}
    return courses


def _course(
    history: CellHistory, facts: Facts, since: Closed | None, kept: Mapping[UUID, Mapping[str, Any]]
) -> Course:
    days, key = days_of(history, since), history.position.pk
    last = days[-1] if days or since is None else since.day
    return Course(
        position=history.position,
        figures=last.figures(),
        price=last.mark,
        pending=history.pending,
        counted=last.counted,
        ends=_ends_of(kept[key]) if key in kept else None,
        kept=_kept_ends(kept[key]) if key in kept else None,
        followed=Followed(since=since, days=days, history=history, facts=facts),
    )


def _later_histories(rows: Sequence[CellValues]) -> Iterable[tuple[CellHistory, Facts, Closed]]:
    """Read what came after the day that is closed of each."""
    if not rows:
        return
    positions = Position.objects.filter(pk__in=[row.pk for row in rows])
    journals = journal_rows(positions, after="closed_journal_seq")
    booked = [row for found in journals.values() for row in found]
    trades = [row.cause_id for row in booked if row.cause_kind == CauseKind.TRADE]
    facts = Facts(
        trades=trade_rows(Trade.objects.filter(pk__in=trades)),
        events=event_facts(positions, after="closed_event_seq"),
    )
    evaluated = {row.pk: {one.day: one for one in map(_evaluation, row.evaluated)} for row in rows}
    for one in last_evaluations(positions, after="event_seq"):
        evaluated[one.position_id][one.day] = one
    read = [
        (
            row.position,
            CellRows(journal=journals.get(row.pk, []), evaluated=list(evaluated[row.pk].values())),
            closed_from(row.closed or {}, journal_seq=row.closed_journal_seq, event_seq=row.closed_event_seq),
        )
        for row in rows
    ]
    bars = bars_of(
        {
            position: (since.day.date + timedelta(days=1), _last_day_of(position, found, since))
            for position, found, since in read
        }
    )
    for position, found, since in read:
        whole = CellRows(journal=found.journal, evaluated=found.evaluated, bars=bars[position.pk])
        yield history_of(position, whole, facts, since.earlier), facts, since


def _last_day_of(position: Position, rows: CellRows, since: Closed | None) -> date:
    """Return the last day on which anything was recorded of a cell."""
    booked_at = rows.journal[-1].at if rows.journal else None if since is None else since.journal_at
    evaluated_at = None if since is None else since.evaluated_at
    moments = (booked_at, evaluated_at, *(row.at for row in rows.evaluated))
    known = [moment for moment in moments if moment is not None]
    return trading_date(max(known)) if known else position.opened_date


def _evaluation(kept: Sequence[Any]) -> EvaluationRow:
    position_id, seq, at, *rest = kept
    return EvaluationRow(UUID(position_id), seq, datetime.fromisoformat(at), *rest)
