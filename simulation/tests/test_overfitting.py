"""Whether the best of many is good or lucky: formulas by hand, series with nothing to find and with some."""

import os
from decimal import Decimal
from math import e, sqrt
from statistics import NormalDist

import pytest

from simulation.made_up import verdict_on
from simulation.overfitting import (
    Candidate,
    deflated_sharpe,
    edges_of,
    judge,
    luckiest_ratio,
    shape_of,
)

GRID = {"up_threshold_pct": ["1", "2", "3", "4", "5"]}
N = NormalDist()
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
        parts={"all": figures, "train": figures, "test": {"excess_ratio": Decimal(tested)}},
    )


def test_the_deflated_sharpe_ratio_is_the_formula():
    candidates = [candidate(n, ratio) for n, ratio in enumerate(["0.2", "0.4", "1.5", "0.3", "0.1"])]

    ratios = [0.2, 0.4, 1.5, 0.3, 0.1]
    spread = sqrt(sum((r - 0.5) ** 2 for r in ratios) / 5)
    luck = spread * (0.4227843351 * N.inv_cdf(1 - 1 / 5) + 0.5772156649 * N.inv_cdf(1 - 1 / (5 * e)))
    daily, lucky = 1.5 / sqrt(252), luck / sqrt(252)
    expected = N.cdf((daily - lucky) * sqrt(999) / sqrt(1 + 0.5 * daily + 0.75 * daily**2))
    assert abs(deflated_sharpe(candidates[2], candidates) - expected) < 1e-9


def test_luck_grows_with_what_was_tried():
    assert luckiest_ratio([1.0]) == 0.0
    assert luckiest_ratio([0.0, 1.0] * 5) < luckiest_ratio([0.0, 1.0] * 500)


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

    assert judge(good, GRID, "excess_ratio", 0).is_robust
    verdict = judge(lucky, GRID, "excess_ratio", 0)
    assert (verdict.is_robust, verdict.summary, len(verdict.reasons)) == (False, "no robust improvement", 1)


@pytest.mark.faults
@pytest.mark.parametrize(("kind", "low", "high"), [("walk", 0, 5), ("ou", 90, 100)])
def test_of_a_hundred_series_the_guards_say_what_there_is_to_find(kind, low, high):
    verdicts = [verdict_on(kind, seed) for seed in range(FIRST_SEED, FIRST_SEED + 100)]

    assert low <= sum(verdict.is_robust for verdict in verdicts) <= high
