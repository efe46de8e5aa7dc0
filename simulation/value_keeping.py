"""Keeping what cells were worth day by day: read and followed with nothing locked, then saved if still so.

May be called at any time, by any number of workers, and killed: a cell is saved in one unit of work together
with the sums of its tenant, and only if its chains still end where they ended when it was read, and nobody
saved it meanwhile.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import F

from accounts.prepared import insert_rows
from accounts.transactions import lock_all, unit_of_work
from positions.books import journal_chain
from positions.chains import as_json
from positions.events import position_chain
from positions.models import Position
from simulation.value_curves import Change, change_of, changes_of
from simulation.value_days import as_kept, closed_as_kept, counted_as_kept, mark_as_kept
from simulation.value_models import CellDay, CellValues, TenantDay, TenantValues
from simulation.value_reading import Course, Followed, behind, courses_of, ends_now, kept_ends

CELLS_AT_ONCE = 50
# A cell with more than that, in millionths of a dollar, is followed anew each time: sums must fit.
_MOST = 10**15
_ROWS_OF_ONE = 500

Sums = dict[UUID, dict[date, Change]]


def keep_values(*, is_over: Callable[[], bool] = bool) -> int:
    """Bring what is kept of all cells up to date; return of how many. Opens its own units of work."""
    _make_room()
    waiting = list(behind(CellValues.objects.all()).order_by("tenant", "pk").values_list("pk", flat=True))
    done = 0
    for first in range(0, len(waiting), CELLS_AT_ONCE):
        if is_over():
            break
        done += _keep(waiting[first : first + CELLS_AT_ONCE])
    return done


def _make_room() -> None:
    """Give every cell that has none a row, so that what comes while it is read is counted in it."""
    while found := list(Position.objects.filter(values__isnull=True).order_by("pk")[:_ROWS_OF_ONE]):
        tenants = {position.tenant_id for position in found}
        with unit_of_work():
            TenantValues.objects.bulk_create(
                [TenantValues(tenant_id=key) for key in sorted(tenants)], ignore_conflicts=True
            )
            CellValues.objects.bulk_create(
                [
                    CellValues(
                        position=position,
                        tenant_id=position.tenant_id,
                        ticker=position.ticker,
                        first_day=position.opened_date,
                        chain=position_chain(position),
                        journal_chain=journal_chain(position),
                    )
                    for position in found
                ],
                ignore_conflicts=True,
            )


def _keep(position_ids: Collection[UUID]) -> int:
    courses = courses_of(Position.objects.filter(pk__in=position_ids))
    rows, done = CellValues.objects.filter(pk__in=position_ids), 0
    with unit_of_work():
        tenants = {course.position.tenant_id for course in courses}
        lock_all(TenantValues.objects.filter(pk__in=tenants))
        locked, ends = {row.pk: row for row in lock_all(rows)}, ends_now(rows)
        sums: Sums = defaultdict(lambda: defaultdict(Change))
        for course in courses:
            row = locked.get(course.position.pk)
            if row is None or course.followed is None:
                continue
            if (kept_ends(row), ends[row.pk]) == (course.kept, course.ends):
                _save(row, course, course.followed, sums[row.tenant_id])
                done += 1
        for tenant_id, changes in sums.items():
            _add(tenant_id, changes)
        TenantValues.objects.filter(pk__in=sums).update(version=F("version") + 1)
    return done


def _save(row: CellValues, course: Course, followed: Followed, sums: dict[date, Change]) -> None:
    """Save one cell, and note by how much its days change the sums."""
    days = _rows(row.pk, followed)
    fits = all(max(abs(day.value), abs(day.hold_value)) < _MOST for day in days)
    _replace(row.pk, followed if fits else None, days if fits else [], sums)
    closed = followed.closed() if fits else None
    if course.ends is not None:
        row.event_seq, row.journal_seq = course.ends.event_seq, course.ends.journal_seq
        row.bars_seen = course.ends.bars
    row.closed_event_seq = 0 if closed is None else closed.event_seq
    row.closed_journal_seq = 0 if closed is None else closed.journal_seq
    row.closed = None if closed is None else as_json(closed_as_kept(closed))
    later = [
        one for one in followed.history.rows.evaluated if closed is not None and one.seq > closed.event_seq
    ]
    row.evaluated = as_json([list(one) for one in later])
    row.now = as_json(_now(course)) if fits else None
    row.save()


def _now(course: Course) -> dict[str, Any]:
    return {
        "figures": as_kept(course.figures),
        "mark": mark_as_kept(course.price),
        "pending": course.pending,
        "counted": counted_as_kept(course.counted),
    }


def _rows(position_id: UUID, followed: Followed) -> list[CellDay]:
    return [
        CellDay(
            position_id=position_id,
            date=day.date,
            is_step=day.is_step,
            told=as_json({"figures": as_kept(day.figures()), "counted": counted_as_kept(day.counted)}),
            **{name: amount for name, amount in change._asdict().items() if name != "steps"},
        )
        for day, change in changes_of(followed)
    ]


def _replace(
    position_id: UUID, followed: Followed | None, days: Sequence[CellDay], sums: dict[date, Change]
) -> None:
    """Put days in the place of those that are kept, from the first on that differs."""
    kept = CellDay.objects.filter(position=position_id)
    if followed is not None and followed.since is not None:
        kept = kept.filter(date__gt=followed.since.day.date)
    there = {day.date: day for day in kept}
    same = {day.date for day in days if day.date in there and _is_same(day, there[day.date])}
    for day, sign in _differing(there.values(), same, -1) + _differing(days, same, 1):
        sums[day.date] = sums[day.date].plus(change_of(day), sign)
    CellDay.objects.filter(pk__in=[day.pk for on, day in there.items() if on not in same]).delete()
    insert_rows([day for day in days if day.date not in same])


def _differing(days: Iterable[CellDay], same: set[date], sign: int) -> list[tuple[CellDay, int]]:
    return [(day, sign) for day in days if day.date not in same]


def _is_same(one: CellDay, other: CellDay) -> bool:
    return change_of(one) == change_of(other) and one.told == other.told


def _add(tenant_id: UUID, changes: dict[date, Change]) -> None:
    """Add to the sums of a tenant, whose row is locked."""
    touched = {day: change for day, change in changes.items() if any(change)}
    if not touched:
        return
    of_days = TenantDay.objects.filter(tenant=tenant_id, date__gte=min(touched), date__lte=max(touched))
    there = {row.date: row for row in of_days if row.date in touched}
    sums = {
        day: change.plus(change_of(there[day])) if day in there else change for day, change in touched.items()
    }
    TenantDay.objects.filter(pk__in=[row.pk for row in there.values()]).delete()
    insert_rows(
        [
            TenantDay(tenant_id=tenant_id, date=day, **change._asdict())
            for day, change in sorted(sums.items())
            if any(change)
        ]
    )
