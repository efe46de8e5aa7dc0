"""What the last years would have looked like for a cell that is about to be opened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from configs.resolver import EffectiveConfig
from market.errors import UnknownTicker
from market.values import DayBar, History
from simulation.fold import simulate_every_bar, value_of
from simulation.histories import history_of
from simulation.holding import hold
from simulation.report import Result, result_of
from simulation.setup import FillModel, Settings
from volbal.errors import OutOfRange
from volbal.numbers import exact, qty_down
from volbal.values import PositionState

YEARS = (1, 3, 5)
LEAST_BARS = 20
MOST_POINTS = 150


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """One run over the last `years`, against holding the same start: dollars and percent points."""

    years: int
    first_date: date
    trades: int
    commissions: Decimal
    value: Decimal
    hold_value: Decimal
    difference: Decimal
    return_pct: Decimal | None
    hold_return_pct: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hindsight:
    """The runs, shortest first, and the value day by day of the longest one, thinned out."""

    spans: list[Span]
    last_date: date
    values: list[Decimal]
    hold_values: list[Decimal]

    @property
    def longest(self) -> Span:
        """The run that goes back furthest."""
        return self.spans[-1]


def hindsight(
    *, ticker: str, stock: Decimal, cash: Decimal, effective: EffectiveConfig, until: date
) -> Hindsight | None:
    """Run the settings over the bars up to `until`, beginning with `stock` dollars of shares and `cash`.

    Trades are filled at the close they were decided on. None without bars. Raises OutOfRange for balances
    that the books don't keep.
    """
    history = _history(ticker, until)
    if history is None or len(history.bars) < LEAST_BARS:
        return None
    settings = Settings(
        trigger=effective.trigger, guardrail=effective.guardrail, order_policy=effective.order_policy
    )
    spans, curves = [], _Curves()
    for years in YEARS:
        part = _last_years(history, years)
        if part is None:
            break
        curves = _Curves()
        spans.append(_span(years, _run(part, _start(part, stock, cash), settings, curves)))
    return Hindsight(
        spans=spans,
        last_date=history.bars[-1].date,
        values=_thinned(curves.values),
        hold_values=_thinned(curves.hold_values),
    )


class _Curves:
    """Collects the value at each close."""

    def __init__(self) -> None:
        self.values: list[Decimal] = []
        self.hold_values: list[Decimal] = []

    def see(self, bar: DayBar, state: PositionState) -> None:
        self.values.append(value_of(state, bar.close))

    def see_held(self, bar: DayBar, state: PositionState) -> None:
        self.hold_values.append(value_of(state, bar.close))


def _history(ticker: str, until: date) -> History | None:
    try:
        return history_of(ticker, end=until)
    except (UnknownTicker, OutOfRange):
        return None


def _last_years(history: History, years: int) -> History | None:
    """Return the bars of the last years; None where there are not that many, but for the shortest span."""
    last = history.bars[-1].date
    first = last.replace(year=last.year - years, day=min(last.day, 28))
    if history.bars[0].date > first and years > YEARS[0]:
        return None
    return replace(history, bars=tuple(bar for bar in history.bars if bar.date >= first))


def _start(history: History, stock: Decimal, cash: Decimal) -> PositionState:
    close = history.bars[0].close
    with exact():
        qty = qty_down(stock / close)
    return PositionState(ticker=history.ticker, qty=qty, cash=cash, anchor_price=close)


def _run(history: History, start: PositionState, settings: Settings, curves: _Curves) -> Result:
    run = simulate_every_bar(history, start, settings, FillModel.CLOSE, curves.see)
    hold(history, start, curves.see_held)
    return result_of(history, start, run, settings.guardrail)


def _span(years: int, result: Result) -> Span:
    figures = result.metrics
    return Span(
        years=years,
        first_date=result.bars[0].date,
        trades=len(result.trades),
        commissions=result.commissions,
        value=result.value,
        hold_value=result.hold_value,
        difference=result.value - result.hold_value,
        return_pct=figures["total_return_pct"],  # type: ignore[arg-type]
        hold_return_pct=figures["hold_return_pct"],  # type: ignore[arg-type]
    )


def _thinned(values: Sequence[Decimal]) -> list[Decimal]:
    step = max(1, len(values) // MOST_POINTS)
    return [*values[::step], values[-1]] if values else []
