"""What one setting of a grid comes to: over the whole history, and over its parts.

A trial is one run over all bars; its parts are stretches of its curve. Nothing in a part depends on what came
after it, because no decision does.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import fsum, sqrt
from typing import Any, NamedTuple

from market.values import History
from simulation.curve import course_of
from simulation.metrics import Metrics, Yardstick, decimal_of, metrics_of, yardstick_of
from simulation.runners import Simulate, runner_for
from simulation.series import Series, series_of
from simulation.setup import FillModel, Settings
from simulation.statistics import (
    ENOUGH_RETURNS,
    SESSIONS_A_YEAR,
    annual_return_pct,
    daily_returns,
    max_drawdown,
)
from simulation.stretches import Moments, Stretches, running
from volbal.values import PositionState

ALL, TRAIN, TEST = "all", "train", "test"
# Fewer daily returns than this say nothing about a part.
ENOUGH_TO_JUDGE = 60
BLOCKS = 64
NO_MOMENTS = Moments(0, 0.0, 0.0, 0.0, 3.0)


class Span(NamedTuple):
    """Bars from `first` up to `stop`; the last bar of a part is the first of the next."""

    first: int
    stop: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """One history laid out for many trials: its series, what holding came to, its parts, and how to run.

    `hold_returns` are the daily returns of holding.
    """

    series: Series
    start: PositionState
    yardstick: Yardstick
    hold_returns: Sequence[float]
    spans: Mapping[str, Span]
    simulate: Simulate


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """One setting's figures over all bars and by part.

    `blocks` are its excess over holding in successive blocks of days: what it has in common with others.
    """

    metrics: Metrics
    parts: dict[str, Metrics]
    blocks: list[float]


def bench_of(
    history: History,
    start: PositionState,
    fill: FillModel,
    spans: Mapping[str, Span],
    trials: int,
) -> Bench:
    """Lay a history out for so many trials."""
    series = series_of(history)
    yardstick = yardstick_of(series, start)
    return Bench(
        series=series,
        start=start,
        yardstick=yardstick,
        hold_returns=daily_returns(yardstick.values),
        spans=spans,
        simulate=runner_for(series, start, fill, trials),
    )


def spans_of(bars: int, train_pct: int, folds: int) -> dict[str, Span]:
    """Return the parts of so many bars: all, train and test, and those of walking forward.

    Fold k is judged on the k-th of `folds` equal stretches after an equal first one, and trained on all
    before it.
    """
    cut = bars * train_pct // 100
    spans = {ALL: Span(0, bars), TRAIN: Span(0, cut)}
    if cut < bars:
        spans[TEST] = Span(max(cut - 1, 0), bars)
    for fold in range(1, folds + 1):
        begin, end = bars * fold // (folds + 1), bars * (fold + 1) // (folds + 1)
        spans[f"{TRAIN}_{fold}"] = Span(0, begin)
        spans[f"{TEST}_{fold}"] = Span(max(begin - 1, 0), end)
    return spans


def try_out(bench: Bench, settings: Settings) -> Tried:
    """Run one setting and tell how it did. Raises OutOfRange where the books could not keep the balances."""
    run = bench.simulate(settings)
    course = course_of(bench.series, bench.start, run.trades)
    values, days = course.float_values(), bench.series.days
    metrics = metrics_of(bench.start, run, settings.guardrail, bench.yardstick, course)
    traded = [bisect_left(days, trade.date) for trade in run.trades]
    curve = _Curve(bench, values)
    return Tried(
        metrics=metrics,
        parts={
            name: curve.part(span, bisect_left(traded, span.stop) - bisect_left(traded, span.first))
            for name, span in bench.spans.items()
        },
        blocks=_blocks(curve.excess),
    )


def _blocks(excess: Sequence[float]) -> list[float]:
    """Sum up successive days so that few numbers are left; they are kept to six digits."""
    size = max(-(-len(excess) // BLOCKS), 1)
    sums = [fsum(excess[first : first + size]) for first in range(0, len(excess), size)]
    return [float(f"{one:.6g}") for one in sums]


class _Curve:
    """A run's values laid out so that any of its parts is told without going over its days again.

    A curve that touches zero has no daily returns from there on, and so none that say anything.
    """

    def __init__(self, bench: Bench, values: Sequence[float]) -> None:
        self._bench, self._values = bench, values
        is_whole = min(values) > 0.0 and len(bench.hold_returns) == len(values) - 1
        returns = daily_returns(values) if is_whole else []
        self.excess = [own - hold for own, hold in zip(returns, bench.hold_returns, strict=is_whole)]
        self._returns, self._led = Stretches(returns), Stretches(self.excess)
        self._losses = running([x * x if x < 0.0 else 0.0 for x in returns])
        self._is_whole = is_whole

    def part(self, span: Span, trades: int) -> Metrics:
        """Return the figures of a stretch of bars with so many trades in it."""
        first, last = span.first, span.stop - 1
        if last <= first:
            return {"trade_count": trades}
        values, hold, days = self._values, self._bench.yardstick.values, self._bench.series.days
        gain, held = _gain_pct(values[first], values[last]), _gain_pct(hold[first], hold[last])
        length = (days[last] - days[first]).days
        excess = self._led.moments(first, last) if self._is_whole else NO_MOMENTS
        told: dict[str, Any] = {
            "total_return_pct": gain,
            "excess_return_pct": None if gain is None or held is None else gain - held,
            "excess_ratio": _excess_ratio(excess),
            "annual_return_pct": annual_return_pct(values[first], values[last], length),
            **self._risk(first, last),
            "max_drawdown_pct": max_drawdown(values[first : last + 1]) * 100,
            "excess_skewness": excess.skewness,
            "excess_kurtosis": excess.kurtosis,
        }
        return {name: decimal_of(number) for name, number in told.items()} | {
            "trade_count": trades,
            "returns": excess.size,
        }

    def _risk(self, first: int, last: int) -> dict[str, float | None]:
        if not self._is_whole or last - first < ENOUGH_RETURNS:
            return {"volatility_pct": None, "sharpe_ratio": None, "sortino_ratio": None}
        returns = self._returns.moments(first, last)
        downside = sqrt((self._losses[last] - self._losses[first]) / returns.size)
        year = sqrt(SESSIONS_A_YEAR)
        return {
            "volatility_pct": returns.deviation * year * 100,
            "sharpe_ratio": returns.mean / returns.deviation * year if returns.deviation > 0.0 else None,
            "sortino_ratio": returns.mean / downside * year if downside > 0.0 else None,
        }


def _excess_ratio(excess: Moments) -> float | None:
    if excess.size < ENOUGH_TO_JUDGE or excess.deviation <= 0.0:
        return None
    return excess.mean / excess.deviation * sqrt(SESSIONS_A_YEAR)


def _gain_pct(first: float, last: float) -> float | None:
    return (last / first - 1.0) * 100 if first > 0.0 else None
