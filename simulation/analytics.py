"""How cells did in a period: what changed from its beginning to its end, cell by cell and in all.

Definitions: docs/metrics.md, "In a period".
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import QuerySet

from positions.models import Position
from simulation.performance import CellPerformance, Curve, curve_of, inside_pct, performance_of
from volbal.numbers import ZERO, exact, to_six
from volbal.performance import Figures, Standing, figures_between, figures_of, sum_of

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
class _Part:
    """What a line is made of; `mean` is what it was worth on average on the days of the period."""

    before: Figures
    after: Figures
    mean: Decimal | None
    evaluated: int
    inside: int


def report_of(positions: QuerySet[Position], *, start: date | None = None, end: date | None = None) -> Report:
    """Tell how cells did from `start` to `end`, New York dates, both inclusive; None is open.

    Reads with the same number of queries however many cells there are; the work grows with their histories.
    Raises OutOfRange for an end before the start.
    """
    told = performance_of(positions, start=start, end=end)
    parts = [(cell, _part(cell, start, end)) for cell in told.cells]
    known = [(cell, part) for cell, part in parts if part.after.value is not None]
    curve = curve_of([cell for cell, _ in known], start, end)
    return Report(
        total=_line(None, _together([part for _, part in known], curve)),
        lines=[_line(cell.position, part) for cell, part in parts],
        curve=curve,
        left_out=[cell.position for cell, part in parts if part.after.value is None],
    )


def _together(parts: Sequence[_Part], curve: Curve) -> _Part:
    return _Part(
        before=sum_of(part.before for part in parts),
        after=sum_of(part.after for part in parts),
        mean=_mean([point.value for point in curve.points]),
        evaluated=sum(part.evaluated for part in parts),
        inside=sum(part.inside for part in parts),
    )


def _part(cell: CellPerformance, start: date | None, end: date | None) -> _Part:
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


def _figures_at(cell: CellPerformance, count: int) -> Figures:
    """Return the figures after so many steps; before the first there was nothing."""
    if not count:
        return NOTHING
    step = cell.steps[count - 1]
    return figures_of(step.standing, None if step.price is None else step.price.price)


def _value_at(cell: CellPerformance, number: int) -> Decimal | None:
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
    if len(known) < FEWEST_DAYS:
        return None
    with exact():
        return to_six(sum(known, ZERO) / len(known))


def _is_in(day: date, start: date | None, end: date | None) -> bool:
    return (start is None or start <= day) and (end is None or day <= end)
