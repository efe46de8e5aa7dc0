"""Whether the best of many is good or lucky: formulas by hand, series with nothing to find and with some."""

import os
from dataclasses import replace
from decimal import Decimal
from math import e, sqrt
from statistics import NormalDist, mean

import numpy as np
import pytest

from simulation.made_up import verdict_on
from simulation.overfitting import (
    Candidate,
    deflated_sharpe,
    edges_of,
    judge,
    luckiest_score,
    shape_of,
    togetherness,
)
from simulation.pull_back import dickey_fuller

GRID = {"up_threshold_pct": ["1", "2", "3", "4", "5"]}
N = NormalDist()
BLOCKS = np.random.default_rng(4).normal(size=(5, 64)).tolist()
# Seeds nobody has seen may be given: FIRST_SEED=5000 make faults.
FIRST_SEED = int(os.environ.get("FIRST_SEED", "1000"))


def candidate(number: int, ratio: str, tested: str = "1") -> Candidate:
    figures = {
        "excess_ratio": Decimal(ratio),
        "excess_skewness": Decimal("-0.5"),
        "excess_kurtosis": Decimal(4),
        "returns": 1000,
    }
    return Candidate(
        number=number,
        values={"up_threshold_pct": GRID["up_threshold_pct"][number]},
        metrics={},
        parts={
            "all": figures,
            "train": {**figures, "returns": 640},
            "test": {"excess_ratio": Decimal(tested)},
        },
        blocks=BLOCKS[number],
    )


def test_the_deflated_sharpe_ratio_is_the_formula():
    candidates = [candidate(n, ratio) for n, ratio in enumerate(["0.2", "0.4", "1.5", "0.3", "0.1"])]

    quantiles = 0.42278433509846713 * N.inv_cdf(0.8) + 0.5772156649015329 * N.inv_cdf(1 - 1 / (5 * e))
    luck = sqrt(1 - mean(np.corrcoef(BLOCKS)[np.triu_indices(5, 1)])) * quantiles * sqrt(0.64)
    daily = 1.5 / sqrt(252)
    expected = N.cdf((daily * sqrt(999) - luck) / sqrt(1 + 0.5 * daily + 0.75 * daily**2))
    assert abs(deflated_sharpe(candidates[2], candidates) - expected) < 1e-9


def test_settings_that_do_the_same_are_no_more_luck_than_one():
    assert abs(togetherness([[1.0, 2.0, 4.0], [2.0, 4.0, 8.0]]) - 1) < 1e-12
    assert togetherness([[1.0, 2.0, 4.0], [0.0, 0.0, 0.0]]) == 0.0
    same = [replace(candidate(n, "1"), blocks=BLOCKS[0]) for n in range(5)]
    assert luckiest_score(same) < 1e-6 < luckiest_score([candidate(n, "1") for n in range(5)])


def test_the_best_at_the_edge_is_flagged():
    assert edges_of(candidate(4, "1"), GRID) == edges_of(candidate(0, "1"), GRID) == ("up_threshold_pct",)
    assert edges_of(candidate(2, "1"), GRID) == ()


@pytest.mark.parametrize(
    ("ratios", "shape"),
    [(["0", "0.9", "1", "0.9", "0"], "plateau"), (["0.1", "0.1", "1", "0.1", "0.1"], "spike")],
)
def test_a_plateau_is_told_from_a_spike(ratios, shape):
    candidates = [candidate(number, ratio) for number, ratio in enumerate(ratios)]

    assert shape_of(candidates[2], candidates, GRID, "excess_ratio") == shape


def test_what_fails_where_it_was_not_chosen_is_not_robust():
    lucky = [candidate(n, "3", tested="-0.1") for n in range(5)]
    good = [candidate(n, "3", tested="0.1") for n in range(5)]

    assert judge(good, GRID, "excess_ratio", 0, pull_back=-5.0).is_robust
    verdict = judge(lucky, GRID, "excess_ratio", 0, pull_back=-5.0)
    assert (verdict.is_robust, verdict.summary, len(verdict.reasons)) == (False, "no robust improvement", 1)


@pytest.mark.parametrize("pull_back", [None, -3.0, 1.0])
def test_on_a_price_that_is_not_drawn_back_nothing_is_robust(pull_back):
    good = [candidate(n, "3", tested="0.1") for n in range(5)]

    assert not judge(good, GRID, "excess_ratio", 0, pull_back=pull_back).is_robust


def test_the_dickey_fuller_statistic_is_that_of_least_squares():
    levels = np.cumsum(np.random.default_rng(1).normal(size=400))
    x, y = np.column_stack([np.ones(399), levels[:-1]]), np.diff(levels)
    fit, rest = np.linalg.lstsq(x, y, rcond=None)[:2]
    error = sqrt(rest[0] / 397 * np.linalg.inv(x.T @ x)[1, 1])

    assert abs(dickey_fuller(levels.tolist()) - fit[1] / error) < 1e-9


@pytest.mark.faults
@pytest.mark.parametrize(("kind", "low", "high"), [("walk", 0, 5), ("ou", 90, 100)])
def test_of_a_hundred_series_the_guards_say_what_there_is_to_find(kind, low, high):
    verdicts = [verdict_on(kind, seed) for seed in range(FIRST_SEED, FIRST_SEED + 100)]

    assert low <= sum(verdict.is_robust for verdict in verdicts) <= high
