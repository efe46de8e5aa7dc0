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
from simulation.statistics import SESSIONS_A_YEAR, daily_returns, statistics_of
from volbal.values import PositionState

ALL, TRAIN, TEST = "all", "train", "test"
# Fewer daily returns than this say nothing about a part.
ENOUGH_RETURNS = 60
BLOCKS = 64


class Span(NamedTuple):
    """Bars from `first` up to `stop`; the last bar of a part is the first of the next."""

    first: int
    stop: int


class Moments(NamedTuple):
    """A sample of daily returns: how many, mean, standard deviation, skewness, kurtosis (3 if normal)."""

    size: int
    mean: float
    deviation: float
    skewness: float
    kurtosis: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """One history laid out for many trials: its series, what holding came to, its parts, and how to run."""

    series: Series
    start: PositionState
    yardstick: Yardstick
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
    return Bench(
        series=series,
        start=start,
        yardstick=yardstick_of(series, start),
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
    return Tried(
        metrics=metrics,
        parts={
            name: _part(bench, values, span, bisect_left(traded, span.stop) - bisect_left(traded, span.first))
            for name, span in bench.spans.items()
        },
        blocks=_blocks(excess_of(values, bench.yardstick.values)),
    )


def moments_of(sample: Sequence[float]) -> Moments:
    """Return the moments of a sample; of fewer than two values, or equal ones, only count and mean."""
    count = len(sample)
    if count < 2:
        return Moments(count, fsum(sample), 0.0, 0.0, 3.0)
    mean = fsum(sample) / count
    squares = [(x - mean) * (x - mean) for x in sample]
    variance = fsum(squares) / count
    if variance <= 0.0:
        return Moments(count, mean, 0.0, 0.0, 3.0)
    skewness = fsum([(x - mean) ** 3 for x in sample]) / count / variance**1.5
    kurtosis = fsum([s * s for s in squares]) / count / variance**2
    return Moments(count, mean, sqrt(variance * count / (count - 1)), skewness, kurtosis)


def excess_of(values: Sequence[float], hold_values: Sequence[float]) -> list[float]:
    """Return what each day earned above holding, as a fraction."""
    pairs = zip(daily_returns(values), daily_returns(hold_values), strict=False)
    return [one - other for one, other in pairs]


def _blocks(excess: Sequence[float]) -> list[float]:
    """Sum up successive days so that few numbers are left; they are kept to six digits."""
    size = max(-(-len(excess) // BLOCKS), 1)
    sums = [fsum(excess[first : first + size]) for first in range(0, len(excess), size)]
    return [float(f"{one:.6g}") for one in sums]


def _part(bench: Bench, values: Sequence[float], span: Span, trades: int) -> Metrics:
    own, hold = values[span.first : span.stop], bench.yardstick.values[span.first : span.stop]
    if len(own) < 2:
        return {"trade_count": trades}
    days = bench.series.days
    statistics = statistics_of(own, days[span.first], days[span.stop - 1])
    excess = moments_of(excess_of(own, hold))
    gain, held = _gain_pct(own), _gain_pct(hold)
    told: dict[str, Any] = {
        "total_return_pct": gain,
        "excess_return_pct": None if gain is None or held is None else gain - held,
        "excess_ratio": _excess_ratio(excess),
        "annual_return_pct": statistics.annual_return_pct,
        "volatility_pct": statistics.volatility_pct,
        "sharpe_ratio": statistics.sharpe_ratio,
        "sortino_ratio": statistics.sortino_ratio,
        "max_drawdown_pct": statistics.max_drawdown_pct,
        "excess_skewness": excess.skewness,
        "excess_kurtosis": excess.kurtosis,
    }
    return {name: decimal_of(number) for name, number in told.items()} | {
        "trade_count": trades,
        "returns": excess.size,
    }


def _excess_ratio(excess: Moments) -> float | None:
    if excess.size < ENOUGH_RETURNS or excess.deviation <= 0.0:
        return None
    return excess.mean / excess.deviation * sqrt(SESSIONS_A_YEAR)


def _gain_pct(values: Sequence[float]) -> float | None:
    return (values[-1] / values[0] - 1.0) * 100 if values[0] > 0.0 else None
