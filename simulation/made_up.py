"""Made-up price series on which the guards against overfitting are tried: with nothing to find, and with."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from math import exp, sqrt

from market.values import DayBar, History
from simulation.grid import Grid, all_values, settings_of_trial, trial_count
from simulation.overfitting import EXCESS, Candidate, Verdict, judge
from simulation.pull_back import pull_back_score
from simulation.setup import FillModel, Settings, starting_state
from simulation.statistics import SESSIONS_A_YEAR
from simulation.trials import Bench, bench_of, spans_of, try_out

VOLATILITY = 0.28
KAPPA = 4.0
BARS = 3_270
FIRST_DAY = date(2000, 3, 1)
TRAIN_PCT = 60
GRID: Grid = {
    "up_threshold_pct": ["1", "2", "3", "5", "8"],
    "down_threshold_pct": ["1", "2", "3", "5", "8"],
    "rebalance_ratio": ["0.5", "1", "1.6667"],
}


def random_walk(seed: int, bars: int) -> list[float]:
    """Return prices that no rule can earn from: independent steps, no drift of the price."""
    choose, step = random.Random(seed), VOLATILITY / sqrt(SESSIONS_A_YEAR)  # noqa: S311
    price, prices = 100.0, []
    for _ in range(bars):
        prices.append(price)
        price *= exp(choose.gauss(-step * step / 2, step))
    return prices


def ornstein_uhlenbeck(seed: int, bars: int) -> list[float]:
    """Return prices that are drawn back to 100: kappa 4 a year, volatility 28 %."""
    choose, span = random.Random(seed), 1 / SESSIONS_A_YEAR  # noqa: S311
    keeps = exp(-KAPPA * span)
    step = VOLATILITY * sqrt((1 - keeps * keeps) / (2 * KAPPA))
    level, prices = 0.0, []
    for _ in range(bars):
        prices.append(100.0 * exp(level))
        level = level * keeps + choose.gauss(0, step)
    return prices


KINDS: dict[str, Callable[[int, int], list[float]]] = {"walk": random_walk, "ou": ornstein_uhlenbeck}


def made_up_history(prices: list[float]) -> History:
    """Make daily bars of prices, to the cent."""
    bars = []
    for number, price in enumerate(prices):
        close = Decimal(f"{max(price, 0.01):.2f}")
        day = FIRST_DAY + timedelta(days=number * 7 // 5)
        bars.append(DayBar(date=day, open=close, high=close, low=close, close=close, volume=0))
    return History(ticker="MADE-UP", bars=tuple(bars), dividends=(), splits=())


def verdict_on(kind: str, seed: int, bars: int = BARS, grid: Grid = GRID) -> Verdict | None:
    """Optimize over a made-up series and return what the guards say of the best setting."""
    history = made_up_history(KINDS[kind](seed, bars))
    bench = _bench(history, trial_count(grid))
    candidates = []
    for number, values in enumerate(all_values(grid)):
        tried = try_out(bench, settings_of_trial(values, Settings()))
        candidates.append(
            Candidate(
                number=number,
                values=values,
                metrics=tried.metrics,
                parts=tried.parts,
                blocks=tried.blocks,
            )
        )
    return judge(candidates, grid, EXCESS, folds=0, pull_back=pull_back_score(bench.series))


def _bench(history: History, trials: int) -> Bench:
    start = starting_state(history.ticker, history.bars[0], qty=None, cash=None)
    return bench_of(
        history,
        start,
        FillModel.CLOSE,
        spans_of(len(history.bars), TRAIN_PCT, folds=0),
        trials,
    )
