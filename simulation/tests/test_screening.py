"""Screening: where a run ends is what `simulate` says, to the last digit, whichever way it is found."""

import random
from decimal import Decimal
from importlib.util import find_spec

import pytest

from market.bundled_history import bundled_history
from market.values import History
from simulation.engine import simulate
from simulation.screening import screener_for
from simulation.series import series_of
from simulation.setup import FillModel, Settings, settings_from
from simulation.tests.builders import day, make_history, start_of
from simulation.tests.test_compiled import compiled_settings
from simulation.tests.test_skipping import EXAMPLES, random_history, random_start
from volbal.errors import OutOfRange

ENOUGH = 10**9
needs_numba = pytest.mark.skipif(find_spec("numba") is None, reason="screens with compiled rules")
LEFT_A_RAIL = (
    ["up_threshold_pct=1", "down_threshold_pct=10", "rebalance_ratio=4", "min_stock_pct=40"],
    ["up_threshold_pct=10", "down_threshold_pct=1", "rebalance_ratio=2.5", "max_stock_pct=60"],
    [
        "up_threshold_pct=1",
        "min_stock_pct=49",
        "max_stock_pct=51",
        "lot_size=1",
        "max_trade_pct_of_position=3",
    ],
)


def end_of(way, start, settings):
    """Return where a run ended as a text; a run that the books can't keep as what they say."""
    try:
        trades, final, dividends = way(settings)
    except OutOfRange as error:
        return error.detail
    amounts = final.anchor_price, final.qty, final.cash, final.dividend_receivable, dividends
    return trades, final.ticker, *(None if one is None else f"{one:.8f}" for one in amounts)


def compare(history, start, settings, fill=FillModel.CLOSE):
    """Screen with compiled rules and with plain ones; return the number of trades."""
    series = series_of(history)
    compiled = end_of(screener_for(series, start, fill, ENOUGH), start, settings)
    plain = end_of(screener_for(series, start, fill, 0), start, settings)
    assert compiled == plain, settings
    return plain[0] if isinstance(plain, tuple) else 0


def test_what_is_screened_is_where_a_run_ended():
    history = bundled_history("MSFT")
    start = start_of(history)

    kept = screener_for(series_of(history), start, FillModel.CLOSE, 1)(Settings())

    run = simulate(history, start, Settings(), FillModel.CLOSE)
    assert kept == (len(run.trades), run.final, run.dividends_received)
    assert kept.trades > 100


@needs_numba
@pytest.mark.parametrize("part", range(4))
def test_random_settings_end_where_simulate_ends(part):
    trades = 0
    for seed in range(part * 30 * EXAMPLES, (part + 1) * 30 * EXAMPLES):
        choose = random.Random(f"screening {seed}")
        history = random_history(choose)
        start, settings = random_start(choose, history), compiled_settings(choose)
        trades += compare(
            history, start, settings, choose.choice([*[FillModel.CLOSE] * 9, FillModel.NEXT_OPEN])
        )

    assert trades > 100 * EXAMPLES


@needs_numba
@pytest.mark.parametrize("assignments", [[], *LEFT_A_RAIL], ids=["usual", "lower", "upper", "lots"])
@pytest.mark.parametrize("ticker", ["IBM", "MSFT"])
def test_real_history_with_dividends_and_splits_ends_where_simulate_ends(ticker, assignments):
    history = bundled_history(ticker)

    assert compare(history, start_of(history), settings_from(assignments)) > 100


@needs_numba
def test_a_walk_in_whole_dollars_that_hits_thresholds_exactly_ends_where_simulate_ends():
    choose = random.Random(7)
    prices = [100]
    for _ in range(2000):
        prices.append(max(prices[-1] + choose.choice([-2, -1, -1, 0, 1, 1, 2]), 20))
    history = make_history([str(price) for price in prices])

    for up, lot in [("1", "0"), ("2", "1"), ("5", "0"), ("10", "10")]:
        settings = settings_from([f"up_threshold_pct={up}", "down_threshold_pct=2", f"lot_size={lot}"])
        assert compare(history, start_of(history), settings) > 100


@needs_numba
@pytest.mark.parametrize(
    "history",
    [
        make_history(["10", "11", "12"], dividends=[(day(1), day(2), "10")]),
        make_history(["10", "11", "12"], splits=[(day(1), 1, 20_000_000)]),
        make_history(["10", "11", "12"], splits=[(day(1), 100_000, 1)]),
        make_history(["10", "11", "12"], splits=[(day(1), 10**20, 10**20)]),
        make_history(["10", "11", "12"], dividends=[(day(1), day(1), "0.1234567")]),
        make_history(["10", "11", "12"], dividends=[(day(2), day(1), "0.1"), (day(2), day(9), "0.3")]),
        make_history(["10", "11", "9"], dividends=[(day(1), day(2), "0.5")], splits=[(day(2), 3, 2)]),
    ],
    ids=[
        "no anchor left",
        "no shares left",
        "beyond the books",
        "odd split",
        "odd dividend",
        "paid before",
        "all at once",
    ],
)
def test_mornings_end_where_simulate_ends(history):
    for qty in (None, "0", "3.33333333"):
        compare(history, start_of(history, qty), settings_from(["min_notional=0"]))


@needs_numba
def test_bars_that_decimal_must_decide_are_few(monkeypatch):
    from simulation.engine import Engine

    bars = bundled_history("IBM").bars
    history = History(ticker="IBM", bars=bars, dividends=(), splits=())
    asked = []
    decide = Engine.decide_bar
    monkeypatch.setattr(Engine, "decide_bar", lambda *call: asked.append(call[1]) or decide(*call))
    settings = settings_from(["up_threshold_pct=1", "down_threshold_pct=1", "rebalance_ratio=0.5"])

    trades = compare(history, start_of(history), settings)
    settings = settings_from(["up_threshold_pct=1", "min_stock_pct=45"])
    trades += compare(history, start_of(history), settings)

    assert trades > 1000
    assert len(asked) < trades / 50


def test_a_tax_of_a_quarter_is_what_dividends_are_screened_with():
    history = make_history(["100", "100", "100"], dividends=[(day(1), day(2), "1")])

    kept = screener_for(series_of(history), start_of(history), FillModel.CLOSE, ENOUGH)(Settings())

    assert (kept.trades, kept.dividends_received) == (0, Decimal(75))
