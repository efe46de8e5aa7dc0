"""Whether a price is drawn back to where it was: without that, buying falls and selling rises earns nothing.

Source: docs/simulation.md, "Overfitting".
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import fsum, log, sqrt

from simulation.series import Series

# Dickey and Fuller's distribution with a constant: a walk scores below this in 2.5 of 100 cases.
DRAWN_BACK_BELOW = -3.12
ENOUGH_BARS = 250


def pull_back_score(series: Series) -> float | None:
    """Return the Dickey-Fuller statistic of the log price: far below zero if it is drawn back.

    None for too few bars, or a price that doesn't move.
    """
    levels = adjusted_logs(series)
    if len(levels) < ENOUGH_BARS:
        return None
    return dickey_fuller(levels)


def adjusted_logs(series: Series) -> list[float]:
    """Return the logs of closes, with splits and dividends put back as if they had been reinvested."""
    splits = {split.date: split.new_shares / split.old_shares for split in series.history.splits}
    paid = {dividend.ex_date: float(dividend.dps) for dividend in series.history.dividends}
    due = sorted(splits.keys() | paid.keys())
    levels, place = [0.0], 0
    while place < len(due) and due[place] <= series.days[0]:
        place += 1
    for number, (before, close) in enumerate(pairwise(series.floats), 1):
        shares, cash = 1.0, 0.0
        while place < len(due) and due[place] <= series.days[number]:
            shares *= splits.get(due[place], 1.0)
            cash += shares * paid.get(due[place], 0.0)
            place += 1
        levels.append(levels[-1] + log((shares * close + cash) / before))
    return levels


def dickey_fuller(levels: Sequence[float]) -> float | None:
    """Return b / its standard error in step = a + b x level before + noise; None where that is undefined."""
    steps = [after - before for before, after in pairwise(levels)]
    before = levels[:-1]
    count = len(steps)
    mean_step, mean_level = fsum(steps) / count, fsum(before) / count
    spread = fsum([(x - mean_level) ** 2 for x in before])
    if spread <= 0.0 or count < 3:
        return None
    pairs = zip(before, steps, strict=True)
    slope = fsum([(x - mean_level) * (step - mean_step) for x, step in pairs]) / spread
    rest = fsum(
        [(step - mean_step - slope * (x - mean_level)) ** 2 for x, step in zip(before, steps, strict=True)]
    )
    return slope / sqrt(rest / (count - 2) / spread) if rest > 0.0 else None
