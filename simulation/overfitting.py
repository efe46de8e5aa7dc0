"""Whether the best of many settings is good, or only the luckiest. Source: docs/simulation.md, "Overfitting".

What is judged is each day's return above that of just holding. Of many settings without any skill one
still looks good: the deflated Sharpe ratio (after Bailey and Lopez de Prado, 2014) says how likely the best
one's is more than that, given how many were tried, how little they move together, and how its returns are
spread. How far their ratios lie apart, which the paper takes for luck, is not: on a price that is drawn back,
settings differ because some are better.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import e, fsum, sqrt
from statistics import NormalDist, median

from simulation.grid import Grid, as_number
from simulation.metrics import Metrics
from simulation.pull_back import DRAWN_BACK_BELOW
from simulation.statistics import SESSIONS_A_YEAR
from simulation.trials import ALL, TEST, TRAIN

EULER = 0.5772156649015329
# How sure one has to be that the best setting's advantage isn't luck.
SURE_ENOUGH = 0.8
# A plateau's neighbours keep at least this part of the best setting's lead over the middle of the others.
PLATEAU_KEEPS = 0.5
LESS_IS_BETTER = {"max_drawdown_pct", "volatility_pct", "turnover_pct", "commissions", "trade_count"}
# Excess over holding is what the guards look at, and what ranks unless something else is asked for.
EXCESS = "excess_ratio"

_NORMAL = NormalDist()


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One trial: its number in the grid, values, and figures by part, `metrics` over all bars.

    `blocks` are its excess over holding by block of days.
    """

    number: int
    values: Mapping[str, str]
    metrics: Metrics
    parts: Mapping[str, Metrics]
    blocks: Sequence[float]

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
    pull_back: float | None
    test_excess_ratio: float | None
    walk_forward_excess_ratio: float | None
    edges: tuple[str, ...]
    shape: str
    reasons: tuple[str, ...]

    @property
    def summary(self) -> str:
        """The verdict in a few words."""
        return "robust improvement" if self.is_robust else "no robust improvement"


def judge(
    candidates: Sequence[Candidate], grid: Grid, rank_by: str, folds: int, pull_back: float | None
) -> Verdict | None:
    """Judge the best of all trials as ranked on the training part; None if no trial can be ranked.

    `pull_back` is the price's `pull_back_score`.
    """
    ranked = ranking(candidates, rank_by, TRAIN)
    if not ranked:
        return None
    best = ranked[0]
    deflated = deflated_sharpe(best, candidates)
    tested = best.figure(EXCESS, TEST)
    walked = walk_forward(candidates, rank_by, folds)
    reasons = _reasons(best, deflated, tested, pull_back)
    return Verdict(
        best=best.number,
        trials=len(candidates),
        is_robust=not reasons,
        deflated_sharpe=deflated,
        pull_back=pull_back,
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
    """Return how likely the best one's daily excess beats that of the luckiest of as many without skill.

    Only the part that chose it can have been lucky, so that luck counts by that part's share of the root of
    the days.
    """
    ratio, returns = best.figure(EXCESS, ALL), best.figure("returns", ALL)
    chosen_on = best.figure("returns", TRAIN)
    skewness, kurtosis = best.figure("excess_skewness", ALL), best.figure("excess_kurtosis", ALL)
    if ratio is None or returns is None or chosen_on is None or skewness is None or kurtosis is None:
        return None
    daily = ratio / sqrt(SESSIONS_A_YEAR)
    spread = 1 - skewness * daily + (kurtosis - 1) / 4 * daily * daily
    if spread <= 0 or returns < 2:
        return None
    luck = luckiest_score(candidates) * sqrt(chosen_on / returns)
    return _NORMAL.cdf((daily * sqrt(returns - 1) - luck) / sqrt(spread))


def luckiest_score(candidates: Sequence[Candidate]) -> float:
    """Return what the best of so many without skill is to be expected at, in standard errors of one.

    They differ by chance as far as they don't move together: settings that are nearly the same count little.
    """
    count = len([one for one in candidates if one.figure(EXCESS, ALL) is not None])
    if count < 2:
        return 0.0
    quantiles = (1 - EULER) * _NORMAL.inv_cdf(1 - 1 / count) + EULER * _NORMAL.inv_cdf(1 - 1 / (count * e))
    return sqrt(max(1.0 - togetherness([one.blocks for one in candidates]), 0.0)) * quantiles


def togetherness(series: Sequence[Sequence[float]]) -> float:
    """Return the mean correlation of every two series; those that never move are left out."""
    scaled = [one for raw in series if (one := _standardised(raw)) is not None]
    count = len(scaled)
    if count < 2:
        return 0.0
    sums = [fsum(column) for column in zip(*scaled, strict=True)]
    return (fsum([x * x for x in sums]) / len(sums) - count) / (count * (count - 1))


def _standardised(raw: Sequence[float]) -> list[float] | None:
    if len(raw) < 2:
        return None
    mean = fsum(raw) / len(raw)
    deviation = sqrt(fsum([(x - mean) ** 2 for x in raw]) / len(raw))
    return [(x - mean) / deviation for x in raw] if deviation > 0.0 else None


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
    beside = set(_neighbours(best, grid))
    around = [score for key in beside if (score := scores.get(key)) is not None]
    top = best.figure(rank_by, TRAIN)
    if top is None or not around:
        return "unknown"
    near = {*beside, tuple(best.values.items())}
    far = [score for key, score in scores.items() if score is not None and key not in near]
    middle = median(far or around)
    keeps = abs(median(around) - middle) >= PLATEAU_KEEPS * abs(top - middle)
    same_side = (median(around) - middle) * (top - middle) >= 0
    return "plateau" if keeps and same_side else "spike"


def _reasons(
    best: Candidate, deflated: float | None, tested: float | None, pull_back: float | None
) -> list[str]:
    reasons = []
    if deflated is None:
        reasons.append("There is not enough data to tell skill from luck.")
    elif deflated < SURE_ENOUGH:
        reasons.append(
            f"The best setting's advantage over holding is more than luck with a probability of "
            f"{deflated * 100:.1f} %; {SURE_ENOUGH * 100:.0f} % are asked for."
        )
    if pull_back is None or pull_back > DRAWN_BACK_BELOW:
        reasons.append(
            "The price doesn't show that it is drawn back to where it was, as it must be for more than luck."
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
