"""How cells did in a period: what changed from its beginning to its end, cell by cell and in all.

Definitions: docs/metrics.md, "In a period".
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import OuterRef, QuerySet, Subquery

from positions.models import Position
from simulation.performance import Curve, inside_pct, undisturbed, versions_of
from simulation.performance_plain import CellSteps, curve_of, steps_of_cells
from simulation.value_curves import curve_of_courses
from simulation.value_days import Counted, Day, counted_from, figures_from
from simulation.value_models import CellDay, CellValues
from simulation.value_reading import Course, courses_of
from volbal.numbers import ZERO, exact, to_six
from volbal.performance import Figures, Standing, figures_between, figures_of, sum_of
from volbal.trading_day import check_span

# Of fewer days nothing is said that takes a course of time.
FEWEST_DAYS = 2
NOTHING = figures_of(Standing(), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One cell in a period, or (without a position) several together.

    `changes` are those of the figures; `value` and `hold_value` are at its end, in dollars. Percentages are
    in points, None where nobody knows or where the period is too short to say.
    """

    position: Position | None
    changes: Figures
    value: Decimal | None
    hold_value: Decimal | None
    gain_pct: Decimal | None
    turnover_pct: Decimal | None
    days_evaluated: int
    inside_pct: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Several cells in a period, one by one and together, and the curve of what they were worth together.

    Cells of which nobody knows a price are left out of what is together, and named in `left_out`.
    """

    total: Line
    lines: Sequence[Line]
    curve: Curve
    left_out: Sequence[Position] = ()

    @property
    def is_enough(self) -> bool:
        """Whether there is a course of time to speak of."""
        return len([point for point in self.curve.points if point.value is not None]) >= FEWEST_DAYS


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A cell's figures at the end of a day, and what was counted until then."""

    figures: Figures
    counted: Counted


BEGINNING = Moment(figures=NOTHING, counted=Counted())


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """What a line is made of; `mean` is what it was worth on average on the days of the period."""

    before: Figures
    after: Figures
    mean: Decimal | None
    evaluated: int
    inside: int


def report_of(positions: QuerySet[Position], *, start: date | None = None, end: date | None = None) -> Report:
    """Tell how cells did from `start` to `end`, New York dates, both inclusive; None is open.

    Reads with the same number of queries however many cells there are, from what is kept of their days.
    Raises OutOfRange for an end before the start.
    """
    check_span(start, end)

    def read() -> Report:
        courses = courses_of(positions)
        befores = {} if start is None else _moments(courses, start - timedelta(days=1))
        afters = None if end is None else _moments(courses, end)
        parts = [
            _part_between(
                befores.get(course.position.pk, BEGINNING),
                _now(course) if afters is None else afters.get(course.position.pk, BEGINNING),
            )
            for course in courses
        ]
        known = [course for course, part in zip(courses, parts, strict=True) if part.after.value is not None]
        return _report([one.position for one in courses], parts, curve_of_courses(known, start, end))

    return undisturbed(versions_of(positions), read) or plain_report_of(positions, start=start, end=end)


def plain_report_of(
    positions: QuerySet[Position], *, start: date | None = None, end: date | None = None
) -> Report:
    """Tell the same, following every cell from its first row to its last."""
    check_span(start, end)
    cells = steps_of_cells(positions)
    parts = [_part(cell, start, end) for cell in cells]
    known = [cell for cell, part in zip(cells, parts, strict=True) if part.after.value is not None]
    return _report([cell.position for cell in cells], parts, curve_of(known, start, end))


def _report(positions: Sequence[Position], parts: Sequence[_Part], curve: Curve) -> Report:
    cells = list(zip(positions, parts, strict=True))
    return Report(
        total=_line(None, _together([part for part in parts if part.after.value is not None], curve)),
        lines=[_line(position, part) for position, part in cells],
        curve=curve,
        left_out=[position for position, part in cells if part.after.value is None],
    )


def _now(course: Course) -> Moment:
    return Moment(figures=course.figures, counted=course.counted)


def _moments(courses: Sequence[Course], on: date) -> Mapping[UUID, Moment]:
    """Return where each cell stood at the end of a day, without those that were not opened yet."""
    followed = {course.position.pk: day for course in courses if (day := _followed_day(course, on))}
    rest = [course.position.pk for course in courses if course.position.pk not in followed]
    newest = CellDay.objects.filter(position=OuterRef("position"), date__lte=on).order_by("-date")
    kept = CellValues.objects.filter(pk__in=rest).annotate(told=Subquery(newest.values("told")[:1]))
    moments = {key: _kept(told) for key, told in kept.values_list("pk", "told") if told is not None}
    return moments | {
        key: Moment(figures=day.figures(), counted=day.counted) for key, day in followed.items()
    }


def _followed_day(course: Course, on: date) -> Day | None:
    """Return the last day until then among those that are not kept, or the one that they go on from."""
    if course.followed is None:
        return None
    since = [] if course.followed.since is None else [course.followed.since.day]
    until = [day for day in (*since, *course.followed.days) if day.date <= on]
    return until[-1] if until else None


def _kept(told: Mapping[str, Any]) -> Moment:
    return Moment(figures=figures_from(told["figures"]), counted=counted_from(told["counted"]))


def _part_between(before: Moment, after: Moment) -> _Part:
    earlier, later = before.counted, after.counted
    days = later.value_days - earlier.value_days
    return _Part(
        before=before.figures,
        after=after.figures,
        mean=_mean_of(later.value_sum - earlier.value_sum, days),
        evaluated=later.judged - earlier.judged,
        inside=later.inside - earlier.inside,
    )


def _together(parts: Sequence[_Part], curve: Curve) -> _Part:
    return _Part(
        before=sum_of(part.before for part in parts),
        after=sum_of(part.after for part in parts),
        mean=_mean([point.value for point in curve.points]),
        evaluated=sum(part.evaluated for part in parts),
        inside=sum(part.inside for part in parts),
    )


def _part(cell: CellSteps, start: date | None, end: date | None) -> _Part:
    days = [step.day for step in cell.steps]
    first = 0 if start is None else bisect_left(days, start)
    last = len(days) if end is None else bisect_right(days, end)
    judged = [inside for day, inside in cell.inside.items() if _is_in(day, start, end)]
    return _Part(
        before=_figures_at(cell, first),
        after=_figures_at(cell, last),
        mean=_mean([_value_at(cell, number) for number in range(first, last)]),
        evaluated=len(judged),
        inside=sum(judged),
    )


def _figures_at(cell: CellSteps, count: int) -> Figures:
    """Return the figures after so many steps; before the first there was nothing."""
    if not count:
        return NOTHING
    step = cell.steps[count - 1]
    return figures_of(step.standing, None if step.price is None else step.price.price)


def _value_at(cell: CellSteps, number: int) -> Decimal | None:
    step = cell.steps[number]
    return step.standing.cell.value_at(None if step.price is None else step.price.price)


def _line(position: Position | None, part: _Part) -> Line:
    changes = figures_between(part.before, part.after)
    return Line(
        position=position,
        changes=changes,
        value=part.after.value,
        hold_value=part.after.hold_value,
        gain_pct=_share(changes.gain, _put_in(part.before.value, changes.contributed)),
        turnover_pct=_share(changes.traded_notional, part.mean),
        days_evaluated=part.evaluated,
        inside_pct=inside_pct(part.inside, part.evaluated),
    )


def _put_in(value: Decimal | None, contributed: Decimal | None) -> Decimal | None:
    """Return what a gain was made with: what was there, and what came more than left since."""
    return None if value is None or contributed is None else value + max(contributed, ZERO)


def _share(part: Decimal | None, whole: Decimal | None) -> Decimal | None:
    """Return a part in percent points of a whole; None where there is none."""
    if part is None or not whole or whole < 0:
        return None
    with exact():
        return to_six(part * 100 / whole)


def _mean(values: Iterable[Decimal | None]) -> Decimal | None:
    """Return the mean of what is known; None of fewer than two days."""
    known = [value for value in values if value is not None]
    return _mean_of(sum(known, ZERO), len(known))


def _mean_of(total: Decimal, days: int) -> Decimal | None:
    if days < FEWEST_DAYS:
        return None
    with exact():
        return to_six(total / days)


def _is_in(day: date, start: date | None, end: date | None) -> bool:
    return (start is None or start <= day) and (end is None or day <= end)
