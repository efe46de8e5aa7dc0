"""Whether the best of many settings is good, or only the luckiest. Source: docs/simulation.md, "Overfitting".

What is judged is each day's return above that of just holding. Of many settings without any skill one still
looks good: the deflated Sharpe ratio (Bailey and Lopez de Prado, 2014) says how likely the best one's is more
than that, given how many were tried, how much they differ, and how its returns are spread.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import e, sqrt
from statistics import NormalDist, median, pvariance

from simulation.grid import Grid, as_number
from simulation.metrics import Metrics
from simulation.statistics import SESSIONS_A_YEAR
from simulation.trials import ALL, TEST, TRAIN

EULER = 0.5772156649015329
# How sure one has to be that the best setting's advantage isn't luck.
SURE_ENOUGH = 0.98
# A plateau's neighbours keep at least this part of the best setting's lead over the middle of the field.
PLATEAU_KEEPS = 0.5
LESS_IS_BETTER = {"max_drawdown_pct", "volatility_pct", "turnover_pct", "commissions", "trade_count"}
# Excess over holding is what the guards look at, and what ranks unless something else is asked for.
EXCESS = "excess_ratio"

_NORMAL = NormalDist()


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One trial: its number in the grid, values, and figures by part, `metrics` over all bars."""

    number: int
    values: Mapping[str, str]
    metrics: Metrics
    parts: Mapping[str, Metrics]

    def figure(self, name: str, part: str) -> float | None:
        """Return a figure over a part; what is only known over all bars is taken from there."""
        figures = self.parts.get(part, {})
        number = figures[name] if name in figures else self.metrics.get(name)
        return None if number is None else float(number)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the guards say about the best setting. Probabilities are fractions; None where data is missing.

    `edges` are the fields at whose first or last value it lies; `shape` is plateau, spike or unknown.
    """

    best: int
    trials: int
    is_robust: bool
    deflated_sharpe: float | None
    test_excess_ratio: float | None
    walk_forward_excess_ratio: float | None
    edges: tuple[str, ...]
    shape: str
    reasons: tuple[str, ...]

    @property
    def summary(self) -> str:
        """The verdict in a few words."""
        return "robust improvement" if self.is_robust else "no robust improvement"


def judge(candidates: Sequence[Candidate], grid: Grid, rank_by: str, folds: int) -> Verdict | None:
    """Judge the best of all trials as ranked on the training part; None if no trial can be ranked."""
    ranked = ranking(candidates, rank_by, TRAIN)
    if not ranked:
        return None
    best = ranked[0]
    deflated = deflated_sharpe(best, candidates)
    tested = best.figure(EXCESS, TEST)
    walked = walk_forward(candidates, rank_by, folds)
    reasons = _reasons(best, deflated, tested)
    return Verdict(
        best=best.number,
        trials=len(candidates),
        is_robust=not reasons,
        deflated_sharpe=deflated,
        test_excess_ratio=tested,
        walk_forward_excess_ratio=walked,
        edges=edges_of(best, grid),
        shape=shape_of(best, candidates, grid, rank_by),
        reasons=tuple(reasons),
    )


def ranking(candidates: Sequence[Candidate], rank_by: str, part: str) -> list[Candidate]:
    """Return those that have the figure, the best first; equal ones by number."""
    sign = 1 if rank_by in LESS_IS_BETTER else -1
    scored = [(one.figure(rank_by, part), one) for one in candidates]
    known = [(sign * score, one.number, one) for score, one in scored if score is not None]
    return [one for _, _, one in sorted(known, key=lambda entry: entry[:2])]


def deflated_sharpe(best: Candidate, candidates: Sequence[Candidate]) -> float | None:
    """Return how likely the best one's daily excess beats that of the luckiest of as many without skill."""
    figures = best.parts[ALL]
    ratio, count = best.figure(EXCESS, ALL), figures.get("returns")
    skewness, kurtosis = best.figure("excess_skewness", ALL), best.figure("excess_kurtosis", ALL)
    if ratio is None or count is None or skewness is None or kurtosis is None:
        return None
    ratios = [one for c in candidates if (one := c.figure(EXCESS, ALL)) is not None]
    daily, luckiest = ratio / sqrt(SESSIONS_A_YEAR), luckiest_ratio(ratios) / sqrt(SESSIONS_A_YEAR)
    spread = 1 - skewness * daily + (kurtosis - 1) / 4 * daily * daily
    if spread <= 0:
        return None
    return _NORMAL.cdf((daily - luckiest) * sqrt(float(count) - 1) / sqrt(spread))


def luckiest_ratio(ratios: Sequence[float]) -> float:
    """Return the ratio to expect of the best of so many without skill that differ as much as these."""
    count = len(ratios)
    if count < 2:
        return 0.0
    quantiles = (1 - EULER) * _NORMAL.inv_cdf(1 - 1 / count) + EULER * _NORMAL.inv_cdf(1 - 1 / (count * e))
    return sqrt(pvariance(ratios)) * quantiles


def walk_forward(candidates: Sequence[Candidate], rank_by: str, folds: int) -> float | None:
    """Return the mean excess ratio of the folds, each with the setting that was best before it."""
    ratios = []
    for fold in range(1, folds + 1):
        ranked = ranking(candidates, rank_by, f"{TRAIN}_{fold}")
        ratio = ranked[0].figure(EXCESS, f"{TEST}_{fold}") if ranked else None
        if ratio is not None:
            ratios.append(ratio)
    return sum(ratios) / len(ratios) if ratios else None


def edges_of(best: Candidate, grid: Grid) -> tuple[str, ...]:
    """Return the fields of numbers at whose smallest or largest value the best one lies."""
    return tuple(
        name for name, values in grid.items() if len(values) > 1 and best.values[name] in _ends(values)
    )


def shape_of(best: Candidate, candidates: Sequence[Candidate], grid: Grid, rank_by: str) -> str:
    """Say whether the settings beside the best one do nearly as well (plateau), or not (spike)."""
    scores = {tuple(c.values.items()): c.figure(rank_by, TRAIN) for c in candidates}
    known = [score for score in scores.values() if score is not None]
    around = [score for key in _neighbours(best, grid) if (score := scores.get(key)) is not None]
    top = best.figure(rank_by, TRAIN)
    if top is None or not around:
        return "unknown"
    middle = median(known)
    keeps = abs(median(around) - middle) >= PLATEAU_KEEPS * abs(top - middle)
    same_side = (median(around) - middle) * (top - middle) >= 0
    return "plateau" if keeps and same_side else "spike"


def _reasons(best: Candidate, deflated: float | None, tested: float | None) -> list[str]:
    reasons = []
    if deflated is None:
        reasons.append("There is not enough data to tell skill from luck.")
    elif deflated < SURE_ENOUGH:
        reasons.append(
            f"The best setting's advantage over holding is more than luck with a probability of "
            f"{deflated * 100:.1f} %; {SURE_ENOUGH * 100:.0f} % are asked for."
        )
    if TEST in best.parts and (tested is None or tested <= 0):
        reasons.append("On the part of the history that didn't choose it, it was no better than holding.")
    return reasons


def _neighbours(best: Candidate, grid: Grid) -> list[tuple[tuple[str, str], ...]]:
    found = []
    for name, values in grid.items():
        ordered = _ordered(values)
        if ordered is None:
            continue
        place = ordered.index(best.values[name])
        for beside in (place - 1, place + 1):
            if 0 <= beside < len(ordered):
                found.append(tuple({**best.values, name: ordered[beside]}.items()))
    return found


def _ends(values: Sequence[str]) -> tuple[str, ...]:
    ordered = _ordered(values)
    return () if ordered is None else (ordered[0], ordered[-1])


def _ordered(values: Sequence[str]) -> list[str] | None:
    """Return numbers in their order; None for words."""
    numbers = [(number, value) for value in values if (number := as_number(value)) is not None]
    return [value for _, value in sorted(numbers)] if len(numbers) == len(values) else None
