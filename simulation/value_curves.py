"""Curves out of what values changed by from day to day: millionths of a dollar, which add up exactly."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from itertools import accumulate
from typing import NamedTuple
from uuid import UUID

from django.db import models
from django.db.models import Case, IntegerField, QuerySet, Sum, When

from accounts.prepared import Prepared, Slot
from simulation.performance_plain import Curve, Point, thinned
from simulation.value_days import Day
from simulation.value_models import CellDay, CellValues, TenantDay
from simulation.value_reading import NOTHING, Course, Followed
from volbal.numbers import EXACT, ZERO

_PLACES = 6


class Change(NamedTuple):
    """By how much values differ from the day before; `steps` counts cells with a step on the day."""

    value: int = 0
    hold_value: int = 0
    unknown: int = 0
    hold_unknown: int = 0
    steps: int = 0

    def plus(self, other: Change, times: int = 1) -> Change:
        """Return the sum with another, or the difference."""
        return Change(*(one + times * two for one, two in zip(self, other, strict=True)))


Changes = Mapping[date, Change]


def changes_of(followed: Followed) -> Iterator[tuple[Day, Change]]:
    """Yield each day that was followed with what changed since the one before it."""
    last = Change() if followed.since is None else _level(followed.since.day)
    for day in followed.days:
        level = _level(day)
        yield day, level.plus(last, -1)._replace(steps=int(day.is_step))
        last = level


def curve_of_courses(courses: Sequence[Course], start: date | None, end: date | None) -> Curve:
    """Return what cells were worth together, day by day, from `start` to `end`, inclusive."""
    sums = _sums(courses)
    days = sorted(sums)
    levels = dict(zip(days, accumulate((sums[day] for day in days), Change.plus), strict=True))
    wanted = [
        day
        for day in days
        if sums[day].steps and (start is None or start <= day) and (end is None or day <= end)
    ]
    return Curve(points=[_point(day, levels[day]) for day in thinned(wanted)], days=len(wanted))


def change_of(row: CellDay | TenantDay) -> Change:
    """Return what a kept row says."""
    steps = row.steps if isinstance(row, TenantDay) else int(row.is_step)
    return Change(row.value, row.hold_value, row.unknown, row.hold_unknown, steps)


def _sums(courses: Sequence[Course]) -> Changes:
    sums: dict[date, Change] = defaultdict(Change, _kept_sums(courses))
    for day, change in _outdated(courses):
        sums[day] = sums[day].plus(change, -1)
    for course in courses:
        if course.followed is not None:
            for followed, change in changes_of(course.followed):
                sums[followed.date] = sums[followed.date].plus(change)
    return sums


def _kept_sums(courses: Sequence[Course]) -> Changes:
    """Return the sums of what is kept: the tenant's, if all of it is asked for, else those of the cells."""
    kept = {course.position.pk for course in courses if course.kept not in (None, NOTHING)}
    if not kept:
        return {}
    if len(kept) == 1:
        return {row.date: change_of(row) for row in _DAYS.rows(position=next(iter(kept)))}
    tenants = {course.position.tenant_id for course in courses}
    if len(tenants) == 1 and _is_all_that_is_kept(tenants, len(kept)):
        return {row.date: change_of(row) for row in TenantDay.objects.filter(tenant__in=tenants)}
    steps = Sum(Case(When(is_step=True, then=1), default=0, output_field=IntegerField()))
    columns = [Sum("value"), Sum("hold_value"), Sum("unknown"), Sum("hold_unknown"), steps]
    names = [f"sum_{name}" for name in Change._fields]
    rows = CellDay.objects.filter(position__in=kept).values("date").order_by("date")
    summed = rows.annotate(**dict(zip(names, columns, strict=True))).values_list("date", *names)
    return {day: Change(*map(int, found)) for day, *found in summed}


_DAYS = Prepared(
    lambda: (
        CellDay.objects.filter(position=Slot("position", models.UUIDField())).defer("told").order_by("date")
    )
)


def _is_all_that_is_kept(tenants: Collection[UUID], cells: int) -> bool:
    """Whether the tenants have so many cells and no more of which something is kept."""
    return CellValues.objects.filter(tenant__in=tenants, event_seq__gt=0)[: cells + 1].count() == cells


def _outdated(courses: Sequence[Course]) -> Iterator[tuple[date, Change]]:
    """Yield what is kept of days that were followed anew."""
    ends: dict[UUID, date] = {}
    for course in courses:
        if course.followed is not None and course.ends is not None:
            since = course.followed.since
            ends[course.position.pk] = date.min if since is None else since.day.date
    if ends:
        rows: QuerySet[CellDay] = CellDay.objects.filter(position__in=ends, date__gt=min(ends.values()))
        for row in rows.defer("told"):
            if row.date > ends[row.position_id]:
                yield row.date, change_of(row)


def _level(day: Day) -> Change:
    price = None if day.mark is None else day.mark.price
    value, hold_value = day.standing.cell.value_at(price), day.standing.hold.value_at(price)
    return Change(_millionths(value), _millionths(hold_value), int(value is None), int(hold_value is None))


def _millionths(amount: Decimal | None) -> int:
    return int(EXACT.scaleb(ZERO if amount is None else amount, _PLACES))


def _point(day: date, level: Change) -> Point:
    return Point(
        date=day,
        value=None if level.unknown else _dollars(level.value),
        hold_value=None if level.hold_unknown else _dollars(level.hold_value),
    )


def _dollars(millionths: int) -> Decimal:
    return EXACT.scaleb(Decimal(millionths), -_PLACES)
