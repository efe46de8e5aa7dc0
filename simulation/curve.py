"""What a cell held from bar to bar: the steps between its trades and its corporate actions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import NamedTuple

from simulation.actions import Actions
from simulation.fold import SimulatedTrade
from simulation.series import Series
from volbal.numbers import ZERO, exact, to_six
from volbal.values import PositionState, Side


class Step(NamedTuple):
    """From the close of bar `first` on: shares, and dollars of cash and receivables together."""

    first: int
    qty: Decimal
    dollars: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """A run from its start: its steps, and the net dividends of all its ex-dates, in dollars."""

    series: Series
    steps: Sequence[Step]
    dividends: Decimal

    def values(self) -> list[Decimal]:
        """Return the value at each close: shares x price to 6 places, plus cash and receivables."""
        closes = self.series.closes
        with exact():
            return [to_six(qty * closes[i]) + dollars for span, qty, dollars in self.spans() for i in span]

    def float_values(self) -> list[float]:
        """Return the values as floats, unrounded, for statistics."""
        floats, values = self.series.floats, list[float]()
        for span, qty, dollars in self.spans():
            shares, rest = float(qty), float(dollars)
            values += [shares * price + rest for price in floats[span.start : span.stop]]
        return values

    def spans(self) -> Iterator[tuple[range, Decimal, Decimal]]:
        """Yield (the bars of a step, shares, dollars)."""
        ends = [step.first for step in self.steps[1:]] + [len(self.series)]
        for step, end in zip(self.steps, ends, strict=True):
            yield range(step.first, end), step.qty, step.dollars


def course_of(series: Series, start: PositionState, trades: Sequence[SimulatedTrade]) -> Course:
    """Follow a run's trades and its history's actions; without trades, what holding would have come to."""
    numbers = {day: number for number, day in enumerate(series.days)}
    by_bar: dict[int, list[SimulatedTrade]] = {}
    for trade in trades:
        by_bar.setdefault(numbers[trade.date], []).append(trade)
    stops, actions, dividends = set(series.stops), Actions(series.history), ZERO
    state, qty, cash = start, start.qty, start.cash
    steps = [Step(0, qty, start.get_effective_cash())]
    with exact():
        for number in sorted(stops | by_bar.keys()):
            if number in stops:
                before = cash + state.dividend_receivable
                state = actions.begin_day(replace(state, qty=qty, cash=cash), series.days[number])
                qty, cash = state.qty, state.cash
                dividends += cash + state.dividend_receivable - before
            for _, side, shares, price, commission in by_bar.get(number, ()):
                notional = to_six(shares * price)
                if side is Side.BUY:
                    qty, cash = qty + shares, cash - notional - commission
                else:
                    qty, cash = qty - shares, cash + notional - commission
            steps.append(Step(number, qty, cash + state.dividend_receivable))
    if len(steps) > 1 and steps[1].first == 0:
        del steps[0]
    return Course(series=series, steps=steps, dividends=dividends)


def traded_notional(trades: Sequence[SimulatedTrade]) -> Decimal:
    """Return what all trades were worth together, each to 6 places, in dollars."""
    with exact():
        return sum((to_six(trade.qty * trade.price) for trade in trades), ZERO)


def brought_in(trades: Sequence[SimulatedTrade]) -> Decimal:
    """Return what trades brought in, in dollars, commissions left aside; negative where they cost."""
    sold = [trade for trade in trades if trade.side is Side.SELL]
    return 2 * traded_notional(sold) - traded_notional(trades)
