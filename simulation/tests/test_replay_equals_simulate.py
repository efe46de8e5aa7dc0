"""The live path and the pure fold: the same JSON, digit for digit, on both engines."""

import json
import random
from datetime import date
from decimal import Decimal

import pytest

from market.bundled_history import bundled_history
from market.calendar import close_of
from orders.models import Trade
from positions.models import Event
from simulation.engine import simulate
from simulation.replay import ReplayOrder, continue_replay, replayed_run, start_replay
from simulation.report import as_json, result_of
from simulation.setup import FillModel, settings_from
from simulation.tests.builders import BOTH_FILLS, both, bring_in, command, cut, make_history, start_of
from volbal.errors import InvalidConfig

pytestmark = pytest.mark.django_db

SLICES = [
    ("MSFT", "2003-01-02", "2003-04-30"),  # 2-for-1 split, a dividend the day after, its payment
    ("MSFT", "2004-10-01", "2004-12-31"),  # the special dividend of 3.08
    ("IBM", "2000-04-03", "2000-07-31"),
]


@pytest.mark.lesson
@pytest.mark.parametrize("fill", BOTH_FILLS)
@pytest.mark.parametrize(("ticker", "first", "last"), SLICES)
def test_bundled_history_gives_the_same_text_both_ways(ticker, first, last, fill):
    """Live and simulation had two copies of the rules, and they disagreed."""
    printed = both(ticker, f"--from={first}", f"--to={last}", f"--fill={fill.value}")

    assert len(printed["trades"]) >= 2
    assert printed["metrics"]["trade_count"] == len(printed["trades"])


@pytest.mark.lesson
def test_settings_given_are_those_that_live_trading_uses():
    """Saved thresholds and guardrails were ignored by the live worker (set 10 %, fired at 3 %)."""
    span = ["--from=2000-04-03", "--to=2000-07-31"]
    free = ["--set=min_stock_pct=0", "--set=max_stock_pct=100"]
    wide = ["--set=up_threshold_pct=10", "--set=down_threshold_pct=10"]

    rare, usual = both("IBM", *span, *free, *wide), both("IBM", *span, *free)

    assert 0 < len(rare["trades"]) < len(usual["trades"])
    anchor = Decimal(rare["metrics"]["start_value"]) / 200
    for trade in rare["trades"]:
        price = Decimal(trade["price"])
        assert abs(price / anchor - 1) >= Decimal("0.098"), "a dividend may have lowered the anchor a little"
        anchor = price


@pytest.mark.lesson
@pytest.mark.parametrize("threshold", ["7", "9"])
def test_exactly_at_the_threshold_both_trade(threshold):
    """A 7 % threshold missed exactly +7 % (floats)."""
    bring_in(make_history(["100", str(100 + int(threshold))]))

    (trade,) = both("XYZ", f"--set=up_threshold_pct={threshold}")["trades"]

    assert (trade["side"], trade["date"]) == ("SELL", "2024-01-09")


@pytest.mark.lesson
def test_what_the_band_asks_for_is_really_traded():
    """The auto-rebalance was logged and never sent."""
    bring_in(make_history(["100", "100"]))

    (trade,) = both("XYZ", "--qty=10", "--cash=10000")["trades"]

    assert (trade["side"], trade["qty"]) == ("BUY", "17.49956252")
    assert Trade.objects.get().qty == Decimal("17.49956252")


@pytest.mark.lesson
def test_both_take_the_same_commission():
    """Commission in one path was a hundred times the other."""
    bring_in(make_history(["100", "104"]))

    (trade,) = both("XYZ", "--set=commission_rate=0.01", "--set=qty_step=1")["trades"]

    assert (trade["qty"], trade["price"], trade["commission"]) == ("12", "104", "12.48")


@pytest.mark.lesson
def test_each_trade_is_at_the_price_that_was_decided_on():
    """The worker traded at a second quote that the decision never saw."""
    command("replay", "IBM", "--to=2000-03-31", "--json")

    decided = {
        event.ts: event.inputs["quote"]["price"] for event in Event.objects.filter(type="position_evaluated")
    }
    trades = list(Trade.objects.all())

    assert trades
    assert all(Decimal(decided[trade.executed_at]) == trade.price for trade in trades)


@pytest.mark.lesson
def test_a_bar_is_stamped_at_its_close_in_new_york_summer_and_winter():
    """Market hours at a fixed UTC-5: wrong half the year."""
    days = [date(2011, 1, 14), date(2011, 7, 15), date(2011, 11, 25)]  # winter, summer, a half day
    bring_in(make_history(["100", "104", "108.5"], days=days))

    command("replay", "XYZ", "--json")

    at = list(Event.objects.filter(type="position_evaluated").order_by("seq").values_list("ts", flat=True))
    assert at == [close_of(day) for day in days]
    assert [moment.hour for moment in at] == [21, 20, 18]


# A Sunday and Christmas among the bars, a week missing, actions on days without a bar.
GAPS = make_history(
    ["50", "52.4", "49.9", "17.3", "16.8", "16.1", "17", "17.6", "16.2", "16.9"],
    opens=["50", "52.6", "52.3", "16.7", "17.2", "16.5", "16.2", "17.05", "17.5", "16.1"],
    days=[
        date(2001, 12, 21),
        date(2001, 12, 23),
        date(2001, 12, 24),
        date(2001, 12, 25),
        date(2001, 12, 27),
        date(2002, 1, 7),
        date(2002, 1, 8),
        date(2002, 1, 9),
        date(2002, 1, 10),
        date(2002, 1, 11),
    ],
    dividends=[
        (date(2001, 12, 21), date(2001, 12, 24), "9"),
        (date(2001, 12, 22), date(2001, 12, 23), "0.31"),
        (date(2001, 12, 30), date(2002, 1, 1), "0.17"),
        (date(2002, 1, 9), date(2002, 2, 1), "0.05"),
    ],
    splits=[(date(2001, 12, 20), 5, 1), (date(2001, 12, 25), 3, 1), (date(2002, 1, 6), 101, 100)],
)


@pytest.mark.parametrize("fill", BOTH_FILLS)
def test_an_imported_ticker_with_gaps_and_actions_of_its_own_is_the_same_both_ways(fill):
    bring_in(GAPS)

    printed = both("XYZ", f"--fill={fill.value}", "--cash=4321.987654", "--set=slippage_bps=3")

    assert (printed["bars"], printed["from"], printed["to"]) == (10, "2001-12-21", "2002-01-11")
    assert len(printed["trades"]) >= 2
    assert Decimal(printed["metrics"]["dividends_received"]) > 0
    assert Decimal(printed["final"]["dividend_receivable"]) > 0


def random_settings(choose):
    """Return settings that may be used together, from every field there is."""
    while True:
        low, high = choose.choice([(0, 100), (25, 75), (10, 90), (45, 55), (40, 100), (0, 60)])
        step = choose.choice(["0", "0.00000001", "0.001", "0.5", "1"])
        assignments = [
            f"up_threshold_pct={choose.choice(['0.5', '1', '2.5', '3', '7.25'])}",
            f"down_threshold_pct={choose.choice(['0.5', '1', '2.5', '3', '7.25'])}",
            f"min_stock_pct={low}",
            f"max_stock_pct={high}",
            f"max_trade_pct_of_position={choose.choice(['none', 'none', '0', '1.5', '20'])}",
            f"max_daily_notional={choose.choice(['none', 'none', '250.5', '1000'])}",
            f"max_orders_per_day={choose.choice(['none', '0', '1', '5'])}",
            f"min_qty={choose.choice(['0', '0', '0.7', '3'])}",
            f"min_notional={choose.choice(['0', '100', '333.33', '2500'])}",
            f"qty_step={step}",
            f"lot_size={choose.choice(['0', '0', '1', '5'])}",
            f"action_below_min={choose.choice(['hold', 'reject', 'clip'])}",
            f"rebalance_ratio={choose.choice(['0.05', '0.5', '1.6667', '4'])}",
            f"order_sizing_strategy={choose.choice(['proportional', 'fixed_percentage', 'original'])}",
            f"commission_rate={choose.choice(['0', '0.0001', '0.0123', '0.2'])}",
            f"slippage_bps={choose.choice(['0', '0', '1.5', '40'])}",
        ]
        try:
            return settings_from(assignments)
        except InvalidConfig:
            continue


@pytest.mark.lesson
@pytest.mark.parametrize("seed", range(10))
def test_random_settings_give_the_same_run_both_ways(seed):
    """Live and simulation had two copies of the rules, and they disagreed."""
    choose = random.Random(seed)
    ticker = choose.choice(["IBM", "MSFT"])
    bars = bundled_history(ticker).bars
    first = choose.choice([0, 700, 720, 1150, choose.randrange(len(bars) - 60)])
    history = cut(ticker, bars[first].date.isoformat(), bars[first + 59].date.isoformat())
    order = ReplayOrder(
        history=history,
        start=start_of(
            history, choose.choice([None, "0", "3.3", "77.00000007"]), choose.choice([None, "5000"])
        ),
        settings=random_settings(choose),
        fill=choose.choice(list(FillModel)),
    )

    run = start_replay(order)
    continue_replay(run, order, lambda steps: None)

    replayed = result_of(history, order.start, replayed_run(run))
    folded = result_of(history, order.start, simulate(history, order.start, order.settings, order.fill))
    assert json.dumps(as_json(replayed)) == json.dumps(as_json(folded)), order.facts()
