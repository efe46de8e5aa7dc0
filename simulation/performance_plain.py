"""How cells did, followed from their first row to their last: the plain way, which kept values must equal.

Definitions: docs/metrics.md.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Protocol

from django.db.models import QuerySet

from positions.models import Position
from simulation.cell_histories import CellHistory, cell_histories
from volbal.numbers import ZERO, exact, to_six
from volbal.performance import Figures, Standing, figures_of, follow, sum_of
from volbal.price_track import Mark
from volbal.trading_day import check_span, start_of, trading_date

MOST_POINTS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Where a cell stood at the end of a New York date, and the last price known then."""

    day: date
    standing: Standing
    price: Mark | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CellSteps:
    """One cell's figures now, and the steps that led there, oldest first.

    `inside` says of each date with a decision whether it ended between the guardrails.
    """

    position: Position
    figures: Figures
    price: Mark | None
    pending: Decimal
    inside: Mapping[date, bool]
    steps: Sequence[Step]

    @property
    def days_evaluated(self) -> int:
        """How many dates had a decision on a price."""
        return len(self.inside)

    @property
    def days_inside(self) -> int:
        """How many of them ended between the guardrails."""
        return sum(self.inside.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """Values at the end of a New York date in dollars; None where it takes a price that nobody knows."""

    date: date
    value: Decimal | None
    hold_value: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """Values in time. Of `days` days there is a point for each, or for every so many."""

    points: Sequence[Point]
    days: int


class CellPerformance(Protocol):
    """How one cell did until now, however that was found."""

    @property
    def position(self) -> Position: ...
    @property
    def figures(self) -> Figures: ...
    @property
    def price(self) -> Mark | None: ...
    @property
    def pending(self) -> Decimal: ...
    @property
    def days_evaluated(self) -> int: ...
    @property
    def days_inside(self) -> int: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Performance:
    """Several cells together and one by one."""

    total: Figures
    pending: Decimal
    days_evaluated: int
    days_inside: int
    cells: Sequence[CellPerformance]
    curve: Curve


def plain_performance_of(
    positions: QuerySet[Position], *, start: date | None = None, end: date | None = None
) -> Performance:
    """Tell how the cells did from their opening until now, with the curve from `start` to `end` inclusive.

    Reads with the same number of queries however many cells there are. Writes and fetches nothing.
    Raises OutOfRange for an end before the start.
    """
    check_span(start, end)
    cells = steps_of_cells(positions)
    return together(cells, curve_of(cells, start, end))


def steps_of_cells(positions: QuerySet[Position]) -> list[CellSteps]:
    """Follow each cell from its first row to its last, by number."""
    return [_performance(history) for history in cell_histories(positions)]


def together(cells: Sequence[CellPerformance], curve: Curve) -> Performance:
    """Add up what is known of several cells; `curve` is theirs."""
    return Performance(
        total=sum_of(cell.figures for cell in cells),
        pending=sum((cell.pending for cell in cells), ZERO),
        days_evaluated=sum(cell.days_evaluated for cell in cells),
        days_inside=sum(cell.days_inside for cell in cells),
        cells=cells,
        curve=curve,
    )


def inside_pct(days_inside: int, days_evaluated: int) -> Decimal | None:
    """Return the share of evaluated days that ended inside the guardrails, in percent points."""
    if not days_evaluated:
        return None
    with exact():
        return to_six(Decimal(100 * days_inside) / days_evaluated)


def thinned(days: Sequence[date], most: int = MOST_POINTS) -> list[date]:
    """Return at most `most` of the days: the first, and every nth counted back from the last."""
    if len(days) <= most:
        return list(days)
    every = -(-(len(days) - 1) // (most - 1))
    return sorted({days[0], *days[::-1][::every]})


def _performance(history: CellHistory) -> CellSteps:
    steps = _steps(history)
    last = steps[-1]
    return CellSteps(
        position=history.position,
        figures=figures_of(last.standing, None if last.price is None else last.price.price),
        price=last.price,
        pending=history.pending,
        inside=history.inside,
        steps=steps,
    )


def _steps(history: CellHistory) -> list[Step]:
    """Follow the entries day by day; the first step is the day of the opening."""
    standing, steps, done, entries = Standing(), [], 0, history.entries
    for day in _days_of(history):
        while done < len(entries) and entries[done][0] <= day:
            standing = follow(standing, entries[done][1])
            done += 1
        steps.append(Step(day=day, standing=standing, price=history.track.move_to(_end_of(day))))
    return steps


def _days_of(history: CellHistory) -> list[date]:
    """Return the days on which something was recorded or the price is known to have changed."""
    opened = history.position.opened_date
    seen = {trading_date(at) for at in history.track.times() if at >= start_of(opened)}
    return sorted({opened, *(day for day, _ in history.entries), *seen})


def _end_of(day: date) -> datetime:
    return start_of(day + timedelta(days=1)) - timedelta(microseconds=1)


def curve_of(cells: Sequence[CellSteps], start: date | None, end: date | None) -> Curve:
    """Return what cells were worth together on the dates on which something was recorded of any of them."""
    days = sorted(
        {
            step.day
            for cell in cells
            for step in cell.steps
            if (start is None or start <= step.day) and (end is None or step.day <= end)
        }
    )
    shown = thinned(days)
    values: list[Decimal | None] = [ZERO] * len(shown)
    hold_values: list[Decimal | None] = [ZERO] * len(shown)
    for cell in cells:
        _add_cell(cell.steps, shown, values, hold_values)
    return Curve(
        points=[
            Point(date=day, value=value, hold_value=hold_value)
            for day, value, hold_value in zip(shown, values, hold_values, strict=True)
        ],
        days=len(days),
    )


def _add_cell(
    steps: Sequence[Step],
    days: Sequence[date],
    values: list[Decimal | None],
    hold_values: list[Decimal | None],
) -> None:
    """Add one cell's values on each of the days: those of its last step until then, before it nothing."""
    step_days = [step.day for step in steps]
    valued, value, hold_value = -1, None, None
    for number, day in enumerate(days):
        last = bisect_right(step_days, day) - 1
        if last < 0:
            continue
        if last != valued:
            step, valued = steps[last], last
            price = None if step.price is None else step.price.price
            value, hold_value = step.standing.cell.value_at(price), step.standing.hold.value_at(price)
        values[number] = _plus(values[number], value)
        hold_values[number] = _plus(hold_values[number], hold_value)


def _plus(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    return None if one is None or other is None else one + other
