"""Compiled for floats: the same run as deciding at every bar in Decimal, to the last digit."""

import random
from dataclasses import replace

import pytest

pytest.importorskip("numba")

from market.bundled_history import bundled_history
from market.values import History
from simulation.compiled import CompiledEngine, CompiledSeries, simulate_compiled
from simulation.fold import simulate_every_bar
from simulation.series import series_of
from simulation.setup import FillModel, Settings
from simulation.tests.builders import start_of
from simulation.tests.test_skipping import (
    EXAMPLES,
    outcome_of,
    random_history,
    random_settings,
    random_start,
    told,
)


def compiled(history, start, settings, fill):
    return simulate_compiled(CompiledSeries(series_of(history)), start, settings, fill)


def compiled_settings(choose: random.Random) -> Settings:
    """Return random settings, of one strategy: each takes five seconds to compile. Long tests have all."""
    settings = random_settings(choose)
    if EXAMPLES > 1:
        return settings
    return replace(
        settings, order_policy=replace(settings.order_policy, order_sizing_strategy="proportional")
    )


def check_random_run(seed: int) -> int:
    choose = random.Random(seed)
    history = random_history(choose)
    start, settings = random_start(choose, history), compiled_settings(choose)
    fill = choose.choice([FillModel.CLOSE, FillModel.CLOSE, FillModel.NEXT_OPEN])
    plain = outcome_of(simulate_every_bar, history, start, settings, fill)
    assert outcome_of(compiled, history, start, settings, fill) == plain, seed
    return plain.count('"side"')


@pytest.mark.parametrize("part", range(10))
def test_random_runs_are_the_same_as_deciding_at_every_bar(part):
    trades = [check_random_run(seed) for seed in range(part * 30 * EXAMPLES, (part + 1) * 30 * EXAMPLES)]

    assert sum(trades) > 3 * len(trades)


def test_most_trades_of_real_history_are_certain(monkeypatch):
    bars = bundled_history("IBM").bars
    history = History(ticker="IBM", bars=bars, dividends=(), splits=())
    asked = []
    decide = CompiledEngine._decide_doubtful
    monkeypatch.setattr(
        CompiledEngine, "_decide_doubtful", lambda self, number: asked.append(number) or decide(self, number)
    )

    run = compiled(history, start_of(history), Settings(), FillModel.CLOSE)

    plain = simulate_every_bar(history, start_of(history), Settings(), FillModel.CLOSE)
    assert told(history, start_of(history), run) == told(history, start_of(history), plain)
    assert len(run.trades) == 509
    assert len(asked) < 10


@pytest.mark.parametrize("ticker", ["IBM", "MSFT"])
def test_history_with_dividends_and_splits_is_the_same(ticker):
    history = bundled_history(ticker)
    start = start_of(history)

    for fill in FillModel:
        run = compiled(history, start, Settings(), fill)
        plain = simulate_every_bar(history, start, Settings(), fill)
        assert told(history, start, run) == told(history, start, plain)
