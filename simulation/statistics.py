"""How a curve of values did: return, risk, drawdown. Definitions: docs/metrics.md, "A simulation in numbers".

On floats, because roots and powers are; a result is good to far more than the 12 places that are told. Plain
Python, because a small run is done before numpy or pandas is imported; a test holds it against both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from math import fsum, sqrt

SESSIONS_A_YEAR = 252
DAYS_A_YEAR = 365.25
# Fewer daily returns, or fewer days, say nothing about a year.
ENOUGH_RETURNS = 252
ENOUGH_DAYS = 365


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """In percent points a year, except drawdown (of the peak); ratios a year. None: not enough data."""

    annual_return_pct: float | None
    volatility_pct: float | None
    sharpe_ratio: float | None
    sortino_ratio: float | None
    max_drawdown_pct: float


def statistics_of(values: Sequence[float], first: date, last: date) -> Statistics:
    """Return the statistics of values at successive closes, from `first` to `last`."""
    returns = daily_returns(values)
    enough = len(returns) >= ENOUGH_RETURNS
    spread = deviation(returns) if enough else 0.0
    return Statistics(
        annual_return_pct=annual_return_pct(values[0], values[-1], (last - first).days),
        volatility_pct=spread * sqrt(SESSIONS_A_YEAR) * 100 if enough else None,
        sharpe_ratio=_ratio(returns, spread) if enough else None,
        sortino_ratio=_ratio(returns, downside(returns)) if enough else None,
        max_drawdown_pct=max_drawdown(values) * 100,
    )


def annual_return_pct(first: float, last: float, days: int) -> float | None:
    """Return the steady return a year that leads from one value to another, None over less than a year."""
    if days < ENOUGH_DAYS or first <= 0.0:
        return None
    return float((last / first) ** (DAYS_A_YEAR / days) - 1.0) * 100


def daily_returns(values: Sequence[float]) -> list[float]:
    """Return value / the value before - 1 for each close but the first; none from a value of zero."""
    return [value / before - 1.0 for before, value in pairwise(values) if before > 0.0]


def deviation(returns: Sequence[float]) -> float:
    """Return the sample's standard deviation."""
    mean = fsum(returns) / len(returns)
    return sqrt(fsum([(x - mean) * (x - mean) for x in returns]) / (len(returns) - 1))


def downside(returns: Sequence[float]) -> float:
    """Return the root of the mean square of losses, days without one counted as zero."""
    return sqrt(fsum([x * x for x in returns if x < 0.0]) / len(returns))


def max_drawdown(values: Sequence[float]) -> float:
    """Return the largest fall from a peak, as a fraction of the peak."""
    peak, deepest = 0.0, 0.0
    for value in values:
        if value > peak:
            peak = value
        elif value < peak * (1.0 - deepest):
            deepest = 1.0 - value / peak
    return deepest


def _ratio(returns: Sequence[float], risk: float) -> float | None:
    """Return mean / risk for a year; no interest is earned or deducted. None without any risk."""
    return fsum(returns) / len(returns) / risk * sqrt(SESSIONS_A_YEAR) if risk > 0.0 else None
