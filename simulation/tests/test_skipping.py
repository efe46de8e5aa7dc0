"""From one bar that matters to the next: the same run as deciding at every bar, to the last digit."""

import json
import os
import random
from datetime import date, timedelta
from decimal import Decimal

import pytest

from market.bundled_history import bundled_history
from market.values import DayBar, DividendFact, History, SplitFact
from simulation.chunks import ChunkFinder
from simulation.engine import simulate
from simulation.finders import PlainFinder
from simulation.fold import simulate_every_bar
from simulation.report import as_json, result_of
from simulation.setup import FillModel, Settings, settings_from
from simulation.tests.builders import make_history, start_of
from volbal.errors import InvalidConfig, OutOfRange
from volbal.values import PositionState

EXAMPLES = int(os.environ.get("EXAMPLES", "1"))
FINDERS = {
    "loop": PlainFinder,
    "numpy": ChunkFinder,
}


def random_settings(choose: random.Random) -> Settings:
    """Return settings that may be used together, from every field there is."""
    while True:
        low, high = choose.choice(
            [(0, 100), (25, 75), (10, 90), (45, 55), (40, 100), (0, 60), (49, 51), (0, 1), (99, 100)]
        )
        assignments = [
            f"up_threshold_pct={choose.choice(['0.5', '1', '2', '3', '5', '7.25', '10'])}",
            f"down_threshold_pct={choose.choice(['0.5', '1', '2', '3', '5', '7.25', '10'])}",
            f"min_stock_pct={low}",
            f"max_stock_pct={high}",
            f"max_trade_pct_of_position={choose.choice([*['none'] * 12, '0', '1.5', '20', '20'])}",
            f"max_daily_notional={choose.choice([*['none'] * 12, '0', '250.5', '1000', '1000'])}",
            f"max_orders_per_day={choose.choice(['none', '1', '1', '1', '2', *['5'] * 12, '0'])}",
            f"min_qty={choose.choice([*['0'] * 6, '0.7', '1', '10'])}",
            f"min_notional={choose.choice(['0', '0', '100', '100', '333.33', '500', '1000'])}",
            f"qty_step={choose.choice(['0', '0.00000001', '0.001', '0.5', '1'])}",
            f"lot_size={choose.choice(['0', '0', '1', '5', '10'])}",
            f"action_below_min={choose.choice(['hold', 'reject', 'clip'])}",
            f"rebalance_ratio={choose.choice(['0.05', '0.5', '1', '1.6667', '4'])}",
            f"order_sizing_strategy={choose.choice(['proportional', 'fixed_percentage', 'original'])}",
            f"commission_rate={choose.choice(['0', '0', '0.0001', '0.0123', '0.2'])}",
            f"slippage_bps={choose.choice(['0', '0', '1.5', '40'])}",
        ]
        try:
            return settings_from(assignments)
        except InvalidConfig:
            continue


def walk(choose: random.Random, bars: int) -> list[Decimal]:
    """Return prices of one of several kinds: whole dollars hit thresholds exactly."""
    kind = choose.choice(["dollars", "dollars", "cents", "wild", "tiny"])
    price, prices = Decimal(choose.choice([20, 50, 100, 100, 200])), []
    for _ in range(bars):
        if kind == "dollars":
            price = max(price + choose.choice([-2, -1, -1, 0, 1, 1, 2]), Decimal(1))
        elif kind == "cents":
            price = max((price * Decimal(choose.gauss(1, 0.02))).quantize(Decimal("0.01")), Decimal("0.01"))
        elif kind == "wild":
            price = max((price * Decimal(choose.gauss(1, 0.2))).quantize(Decimal("1e-6")), Decimal("1e-6"))
            price = min(price, Decimal(900_000))
        else:
            price = max(
                (price * Decimal(choose.gauss(1, 0.002))).quantize(Decimal("0.0001")), Decimal("0.01")
            )
        prices.append(price)
    return prices


def random_history(choose: random.Random) -> History:
    """Return bars with gaps, splits and dividends, some of them on days without a session."""
    bars = choose.choice([2, 120, 250, 250, 250])
    closes, opens = walk(choose, bars), walk(choose, bars)
    if choose.random() < 0.7:
        opens = [closes[0], *closes[:-1]]
    day, days = date(2020, 1, 1), []
    for _ in range(bars):
        day += timedelta(days=choose.choice([1, 1, 1, 1, 3, 9]))
        days.append(day)
    within = [days[0] + timedelta(days=choose.randrange(-3, 3 + 2 * bars)) for _ in range(6)]
    splits = [SplitFact(date=on, new_shares=n, old_shares=o) for on, (n, o) in _some(choose, within)]
    dividends = [
        DividendFact(ex_date=on, pay_date=on + timedelta(days=choose.choice([0, 1, 30])), dps=dps)
        for on, dps in {on: Decimal(choose.choice(["0.07", "0.5", "3"])) for on in within[2:]}.items()
        if choose.random() < 0.6
    ]
    return History(
        ticker="XYZ",
        bars=tuple(
            DayBar(date=d, open=o, high=max(o, c), low=min(o, c), close=c, volume=1)
            for d, o, c in zip(days, opens, closes, strict=True)
        ),
        dividends=tuple(sorted(dividends, key=lambda dividend: dividend.ex_date)),
        splits=tuple(sorted(splits, key=lambda split: split.date)),
    )


def _some(choose: random.Random, days: list[date]) -> list[tuple[date, tuple[int, int]]]:
    ratios = [(2, 1), (1, 3), (101, 100), (3, 2)]
    return [(on, choose.choice(ratios)) for on in sorted(set(days[:2])) if choose.random() < 0.4]


def random_start(choose: random.Random, history: History) -> PositionState:
    """Return a cell: balanced, empty, without cash, in round numbers, or without an anchor."""
    qty = choose.choice([None, None, "0", "1", "10", "100", "3.3", "77.00000007"])
    cash = choose.choice([None, None, "0", "5000", "10000", "99.99"])
    start = start_of(history, qty, cash)
    return start.set_anchor_price(None) if choose.random() < 0.02 else start


def told(history: History, start: PositionState, run) -> str:
    """Return a run as text; a run that the books can't keep as what they say."""
    return json.dumps(as_json(result_of(history, start, run)))


def outcome_of(way, history, start, settings, fill, **how) -> str:
    try:
        return told(history, start, way(history, start, settings, fill, **how))
    except OutOfRange as error:
        return error.detail


def check_random_run(seed: int, finders=FINDERS) -> int:
    """Compare one random run in every way there is; return its number of trades."""
    choose = random.Random(seed)
    history = random_history(choose)
    start, settings = random_start(choose, history), random_settings(choose)
    fill = choose.choice(list(FillModel))
    plain = outcome_of(simulate_every_bar, history, start, settings, fill)
    for name, finder in finders.items():
        assert outcome_of(simulate, history, start, settings, fill, finder=finder) == plain, (seed, name)
    return plain.count('"side"')


@pytest.mark.parametrize("part", range(10))
def test_random_runs_are_the_same_as_deciding_at_every_bar(part):
    trades = [check_random_run(seed) for seed in range(part * 30 * EXAMPLES, (part + 1) * 30 * EXAMPLES)]

    assert sum(trades) > 3 * len(trades), "runs should trade"


@pytest.mark.parametrize("fill", list(FillModel))
@pytest.mark.parametrize("finder", FINDERS.values(), ids=FINDERS)
@pytest.mark.parametrize("ticker", ["IBM", "MSFT"])
def test_bundled_history_is_the_same_as_deciding_at_every_bar(ticker, finder, fill):
    history = bundled_history(ticker)
    start = start_of(history)

    skipped = simulate(history, start, Settings(), fill, finder=finder)
    plain = simulate_every_bar(history, start, Settings(), fill)

    assert told(history, start, skipped) == told(history, start, plain)
    assert len(plain.trades) > 100


def test_a_walk_in_whole_dollars_hits_thresholds_exactly():
    closes = [100, 103, 100, 97, 100, 103, 106, 103, 100]
    history = make_history([str(close) for close in closes])
    settings = settings_from(["up_threshold_pct=3", "down_threshold_pct=3", "lot_size=1"])
    start = start_of(history)

    skipped = simulate(history, start, settings, FillModel.CLOSE)

    assert [trade.price for trade in skipped.trades][:1] == [Decimal(103)]
    plain = simulate_every_bar(history, start, settings, FillModel.CLOSE)
    assert told(history, start, skipped) == told(history, start, plain)


def test_a_cell_pinned_at_a_guardrail_is_not_looked_at_on_every_bar():
    history = make_history([str(100 - number * Decimal("0.01")) for number in range(400)])
    start = start_of(history, "100", "0.5")
    looked: list[int] = []

    class Watched(PlainFinder):
        def next_bar(self, cell, first, stop):
            found = super().next_bar(cell, first, stop)
            looked.append(found)
            return found

    settings = settings_from(["max_stock_pct=99.99", "min_stock_pct=10"])
    simulate(
        history,
        start,
        settings,
        FillModel.CLOSE,
        finder=Watched,
    )

    assert len(looked) < 20
