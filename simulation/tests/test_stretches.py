"""Any stretch of a curve by running sums is what going over its days comes to."""

import random
from decimal import Decimal
from math import fsum, sqrt

import pytest

from simulation.curve import course_of
from simulation.overfitting import EXCESS
from simulation.setup import FillModel, settings_from
from simulation.statistics import statistics_of
from simulation.stretches import Stretches
from simulation.tests.builders import cut, start_of
from simulation.trials import bench_of, spans_of, try_out

FIGURES = ("annual_return_pct", "volatility_pct", "sharpe_ratio", "sortino_ratio", "max_drawdown_pct")
RARELY = ("up_threshold_pct=60", "down_threshold_pct=60")
NEVER = ("up_threshold_pct=90", "down_threshold_pct=90", "max_stock_pct=99")


def by_hand(numbers):
    mean = fsum(numbers) / len(numbers)
    powers = [fsum([(x - mean) ** power for x in numbers]) / len(numbers) for power in (2, 3, 4)]
    deviation = sqrt(powers[0] * len(numbers) / (len(numbers) - 1))
    return mean, deviation, powers[1] / powers[0] ** 1.5, powers[2] / powers[0] ** 2


@pytest.mark.parametrize("mean", [0.0, 0.0004, -0.02])
def test_the_moments_of_every_stretch_are_those_of_its_numbers(mean):
    chance = random.Random(7)
    numbers = [chance.gauss(mean, 0.012) for _ in range(3000)]
    stretches = Stretches(numbers)

    for first, stop in ((0, 3000), (0, 1800), (1799, 3000), (2400, 3000), (5, 9)):
        found = stretches.moments(first, stop)
        assert found.size == stop - first
        assert found[1:] == pytest.approx(by_hand(numbers[first:stop]), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("number", [0.0, 0.01, -0.003])
def test_equal_numbers_do_not_vary(number):
    stretches = Stretches([0.02, -0.01, *[number] * 500])

    assert stretches.moments(2, 502)[2:] == (0.0, 0.0, 3.0)
    assert stretches.moments(3, 4) == (1, pytest.approx(number), 0.0, 0.0, 3.0)


def test_the_parts_of_a_trial_are_those_of_its_curve():
    history = cut("IBM", "2004-01-02", "2008-12-31")
    start = start_of(history)
    spans = spans_of(len(history.bars), 60, 2)
    bench = bench_of(history, start, FillModel.CLOSE, spans, 1)
    values = [float(v) for v in _values(bench, start)]

    tried = try_out(bench, settings_from(RARELY))

    for name, span in spans.items():
        own = statistics_of(
            values[span.first : span.stop], bench.series.days[span.first], bench.series.days[span.stop - 1]
        )
        for figure in FIGURES:
            told, known = tried.parts[name][figure], getattr(own, figure)
            assert told == (None if known is None else pytest.approx(Decimal(known), abs=Decimal("1e-9")))
    trades = [tried.parts[name]["trade_count"] for name in ("train", "test")]
    assert sum(trades) == tried.metrics["trade_count"]


def test_a_setting_that_never_trades_leads_by_nothing():
    history = cut("IBM", "2004-01-02", "2004-12-31")
    bench = bench_of(history, start_of(history), FillModel.CLOSE, spans_of(len(history.bars), 60, 1), 1)

    tried = try_out(bench, settings_from(NEVER))

    assert tried.metrics["trade_count"] == 0
    assert tried.parts["all"]["excess_return_pct"] == 0
    assert tried.parts["all"][EXCESS] is None
    assert set(tried.blocks) == {0.0}


def _values(bench, start):
    run = bench.simulate(settings_from(RARELY))
    return course_of(bench.series, start, run.trades).float_values()
