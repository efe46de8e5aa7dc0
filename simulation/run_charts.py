"""What is drawn of a run: values beside holding with their falls, and trades on the price."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from simulation.models import Simulation, SimulationPoint, SimulationTrade
from simulation.requests import ground_of_job
from volbal.numbers import ZERO, exact, plain, to_six
from volbal.values import Side

# So many prices a script draws at once; of more every so many, and every day with a trade.
MOST_PRICES = 4000
MOST_MARKS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """Values at the points that are kept of a run, beside those of holding, in dollars; falls in percent."""

    points: Sequence[SimulationPoint]
    values: Sequence[Decimal]
    hold_values: Sequence[Decimal]
    falls: Sequence[Decimal]
    hold_falls: Sequence[Decimal]

    @property
    def highest(self) -> Decimal:
        """The highest value of both."""
        return max(*self.values, *self.hold_values)

    @property
    def lowest(self) -> Decimal:
        """The lowest value of both."""
        return min(*self.values, *self.hold_values)

    @property
    def deepest(self) -> Decimal:
        """The deepest fall of both."""
        return min(*self.falls, *self.hold_falls)


def course_shown(run: Simulation) -> Course | None:
    """Read the points of a run that is done; None of a single day."""
    points = list(run.points.order_by("date"))
    if len(points) < 2:
        return None
    values, held = [one.value for one in points], [one.hold_value for one in points]
    return Course(
        points=points,
        values=values,
        hold_values=held,
        falls=falls_of(values),
        hold_falls=falls_of(held),
    )


def falls_of(values: Sequence[Decimal]) -> list[Decimal]:
    """Return how far each value is below the highest before it, in percent points, 0 or less."""
    falls, peak = [], ZERO
    with exact():
        for value in values:
            peak = max(peak, value)
            falls.append(to_six((value - peak) * 100 / peak) if peak else ZERO)
    return falls


def chart_of(run: Simulation) -> dict[str, Any]:
    """Return what the price chart's script draws: closes as a line, trades and ex-dates on it."""
    history = ground_of_job(run).history
    trades = list(run.trades.order_by("number"))
    days = {trade.date for trade in trades}
    step = max(len(history.bars) // MOST_PRICES, 1)
    bars = [bar for place, bar in enumerate(history.bars) if place % step == 0 or bar.date in days]
    first, last = history.bars[0].date, history.bars[-1].date
    splits = [split for split in history.splits if first < split.date <= last]
    marks = [
        *((trade.date, trade.side.lower(), _told(trade)) for trade in trades[-MOST_MARKS:]),
        *((split.date, "split", f"Split {split.new_shares}:{split.old_shares}") for split in splits),
    ]
    return {
        "line": True,
        "points": [[bar.date.isoformat(), *([plain(bar.close)] * 4), None, None, None] for bar in bars],
        "marks": [[day.isoformat(), kind, text] for day, kind, text in sorted(marks)],
    }


def _told(trade: SimulationTrade) -> str:
    verb = "Bought" if trade.side == Side.BUY else "Sold"
    return f"{verb} {plain(trade.qty)} at ${plain(trade.price)}"
