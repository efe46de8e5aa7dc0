"""Following a cell day by day, from its opening or from the end of an earlier day: figures and counts.

Source: docs/metrics.md, "Kept values".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from positions.models import CauseKind
from simulation.cell_histories import CellHistory, Earlier, Facts
from volbal.numbers import ZERO
from volbal.performance import Cost, Figures, Holding, Standing, Totals, figures_of, follow
from volbal.price_track import Mark
from volbal.trading_day import start_of, trading_date

_FIGURES = tuple(field.name for field in fields(Figures))
_TOTALS = tuple(field.name for field in fields(Totals))
# How many days before the last one are looked at for one that everything lies clearly before or after.
_LOOK_BACK = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """Sums since the opening: known values of days with a step in dollars, and days with a decision."""

    value_sum: Decimal = ZERO
    value_days: int = 0
    judged: int = 0
    inside: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """A cell at the end of a New York date. A date that only has a decision on an older price is no step."""

    date: date
    is_step: bool
    standing: Standing
    mark: Mark | None
    counted: Counted

    def figures(self) -> Figures:
        """Return what the standing comes to at the last price known then."""
        return figures_of(self.standing, None if self.mark is None else self.mark.price)


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """Where a cell stood at the end of a day: all rows up to the numbers are of it or before, no other is."""

    day: Day
    earlier: Earlier
    journal_seq: int
    event_seq: int
    journal_at: datetime | None
    evaluated_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fact:
    """A row of the journal or an event: its number, and the first and last date that it is of."""

    is_event: bool
    seq: int
    first: date
    last: date
    at: datetime | None = None
    pending: Decimal = ZERO


def days_of(history: CellHistory, since: Closed | None) -> list[Day]:
    """Follow a history day by day; with `since` what came after that day."""
    day = None if since is None else since.day
    standing = Standing() if day is None else day.standing
    counted = Counted() if day is None else day.counted
    days, done, entries = [], 0, history.entries
    steps = _step_days(history, since)
    for on in sorted({*steps, *history.inside}):
        while done < len(entries) and entries[done][0] <= on:
            standing = follow(standing, entries[done][1])
            done += 1
        mark = history.track.move_to(_end_of(on))
        value = standing.cell.value_at(None if mark is None else mark.price)
        counted = _counted(counted, value if on in steps else None, history.inside.get(on))
        days.append(Day(date=on, is_step=on in steps, standing=standing, mark=mark, counted=counted))
    return days


def follows_from(history: CellHistory, facts: Facts, since: Closed) -> bool:
    """Say whether everything in a history is of days after the one that it is to go on from."""
    return all(fact.first > since.day.date for fact in _facts_of(history, facts))


def closed_of(history: CellHistory, facts: Facts, days: Sequence[Day], since: Closed | None) -> Closed | None:
    """Return where the cell stood on the latest earlier day that can be gone on from."""
    rows = list(_facts_of(history, facts))
    for day in reversed(days[-_LOOK_BACK:-1]):
        covered = [fact for fact in rows if fact.last <= day.date]
        later = [fact for fact in rows if fact.last > day.date]
        if day.mark is not None and _is_clear(covered, later, day.date):
            return _closed(day, covered, since)
    return since


def as_kept(figures: Figures) -> list[Any]:
    """Return figures in the order of their names, for JSON."""
    return [getattr(figures, name) for name in _FIGURES]


def figures_from(kept: Sequence[Any]) -> Figures:
    """Read figures back."""
    return Figures(**{name: _number(value) for name, value in zip(_FIGURES, kept, strict=True)})


def counted_as_kept(counted: Counted) -> list[Any]:
    """Return counts for JSON."""
    return [counted.value_sum, counted.value_days, counted.judged, counted.inside]


def counted_from(kept: Sequence[Any]) -> Counted:
    """Read counts back."""
    return Counted(value_sum=Decimal(kept[0]), value_days=kept[1], judged=kept[2], inside=kept[3])


def mark_as_kept(mark: Mark | None) -> list[Any] | None:
    """Return a price for JSON."""
    return None if mark is None else [mark.at, mark.price, mark.source]


def mark_from(kept: Sequence[str] | None) -> Mark | None:
    """Read a price back."""
    if kept is None:
        return None
    return Mark(at=datetime.fromisoformat(kept[0]), price=Decimal(kept[1]), source=kept[2])


def closed_as_kept(closed: Closed) -> dict[str, Any]:
    """Return all but the numbers for JSON."""
    standing = closed.day.standing
    return {
        "date": closed.day.date,
        "entry_day": closed.earlier.entry_day,
        "pending": closed.earlier.pending,
        "cell": [standing.cell.qty, standing.cell.cash],
        "hold": [standing.hold.qty, standing.hold.cash],
        "cost": None if standing.cost is None else [standing.cost.held, standing.cost.realised],
        "shares_brought": standing.shares_brought,
        "totals": [getattr(standing.totals, name) for name in _TOTALS],
        "mark": mark_as_kept(closed.day.mark),
        "counted": counted_as_kept(closed.day.counted),
        "journal_at": closed.journal_at,
        "evaluated_at": closed.evaluated_at,
    }


def closed_from(kept: dict[str, Any], *, journal_seq: int, event_seq: int) -> Closed:
    """Read it back, with its numbers."""
    cost = kept["cost"]
    standing = Standing(
        cell=Holding(*map(Decimal, kept["cell"])),
        hold=Holding(*map(Decimal, kept["hold"])),
        cost=None if cost is None else Cost(*map(Decimal, cost)),
        shares_brought=Decimal(kept["shares_brought"]),
        totals=Totals(**{name: _number(value) for name, value in zip(_TOTALS, kept["totals"], strict=True)}),
    )
    mark = mark_from(kept["mark"])
    day = Day(
        date=date.fromisoformat(kept["date"]),
        is_step=True,
        standing=standing,
        mark=mark,
        counted=counted_from(kept["counted"]),
    )
    earlier = Earlier(
        mark=mark, entry_day=date.fromisoformat(kept["entry_day"]), pending=Decimal(kept["pending"])
    )
    return Closed(
        day=day,
        earlier=earlier,
        journal_seq=journal_seq,
        event_seq=event_seq,
        journal_at=_time(kept["journal_at"]),
        evaluated_at=_time(kept["evaluated_at"]),
    )


def _counted(before: Counted, value: Decimal | None, inside: bool | None) -> Counted:
    if value is not None:
        before = replace(before, value_sum=before.value_sum + value, value_days=before.value_days + 1)
    if inside is not None:
        before = replace(before, judged=before.judged + 1, inside=before.inside + inside)
    return before


def _step_days(history: CellHistory, since: Closed | None) -> set[date]:
    """Return the days on which something was recorded or the price is known to have changed."""
    opened = history.position.opened_date
    first = opened if since is None else since.day.date + timedelta(days=1)
    seen = {trading_date(at) for at in history.track.times() if at >= start_of(first)}
    return {*([opened] if since is None else []), *(day for day, _ in history.entries), *seen}


def _end_of(day: date) -> datetime:
    return start_of(day + timedelta(days=1)) - timedelta(microseconds=1)


def _facts_of(history: CellHistory, facts: Facts) -> Iterator[_Fact]:
    for row, (day, _) in zip(history.rows.journal, history.entries, strict=True):
        first = trading_date(row.at)
        if row.cause_kind == CauseKind.TRADE:
            first = _date_until(facts.trades[row.cause_id].executed_at, first)
        yield _Fact(is_event=False, seq=row.seq, first=first, last=day, at=row.at, pending=row.receivable)
    for told in history.rows.evaluated:
        on = trading_date(told.at)
        first = _date_until(told.mark().at, on)
        yield _Fact(is_event=True, seq=told.seq, first=first, last=on, at=told.at)
    for seq, on, told_on in facts.events.numbered.get(history.position.pk, ()):
        yield _Fact(is_event=True, seq=seq, first=on, last=told_on)


def _date_until(at: datetime, last: date) -> date:
    """Return the New York date of a moment, at most `last`; the first of all for the beginning of time."""
    if at >= start_of(last):
        return last
    return trading_date(at) if at.year > 1 else date.min


def _is_clear(covered: Sequence[_Fact], later: Sequence[_Fact], day: date) -> bool:
    """Say whether what is covered has the lower numbers, and all else is of later days only."""
    return all(fact.first > day for fact in later) and all(
        _last_seq(covered, is_event=is_event)
        < min((fact.seq for fact in later if fact.is_event is is_event), default=1 << 62)
        for is_event in (True, False)
    )


def _last_seq(facts: Sequence[_Fact], *, is_event: bool) -> int:
    return max((fact.seq for fact in facts if fact.is_event is is_event), default=0)


def _closed(day: Day, covered: Sequence[_Fact], since: Closed | None) -> Closed:
    journal = [fact for fact in covered if not fact.is_event]
    evaluated = [fact.at for fact in covered if fact.is_event and fact.at is not None]
    if since is not None and since.evaluated_at is not None:
        evaluated.append(since.evaluated_at)
    before = (since.earlier, since.journal_at) if since is not None else (Earlier(), None)
    earlier = replace(
        before[0],
        mark=day.mark,
        entry_day=journal[-1].last if journal else before[0].entry_day,
        pending=before[0].pending + sum((fact.pending for fact in journal), ZERO),
    )
    return Closed(
        day=day,
        earlier=earlier,
        journal_seq=max(_last_seq(covered, is_event=False), since.journal_seq if since else 0),
        event_seq=max(_last_seq(covered, is_event=True), since.event_seq if since else 0),
        journal_at=journal[-1].at if journal else before[1],
        evaluated_at=max(evaluated, default=None),
    )


def _number(value: Any) -> Any:
    return Decimal(value) if isinstance(value, str) else value


def _time(kept: str | None) -> datetime | None:
    return None if kept is None else datetime.fromisoformat(kept)
