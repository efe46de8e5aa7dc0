"""The rules folded over history: worked numbers and what the predecessor got wrong."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from market.bundled_history import bundled_history
from simulation.engine import simulate
from simulation.setup import FillModel, Settings
from simulation.tests.builders import BOTH_FILLS, cut, fold, make_history, start_of, told
from volbal.errors import InvalidConfig
from volbal.values import Side


@pytest.mark.lesson
def test_microsoft_sells_only_for_the_move_that_is_left_after_adjusting():
    """MSFT replayed with its split and special dividend sells 36.54458005 on 2003-02-18 and 50.92880509 on
    2004-11-15: only for the move that is left after adjusting."""
    history = bundled_history("MSFT")

    on = {trade.date: trade for trade in fold(history).trades}

    split_day, special = on[date(2003, 2, 18)], on[date(2004, 11, 15)]
    assert (split_day.side, split_day.qty, split_day.price) == (
        Side.SELL,
        Decimal("36.54458005"),
        Decimal("24.96"),
    )
    assert (special.side, special.qty, special.price) == (
        Side.SELL,
        Decimal("50.92880509"),
        Decimal("27.39"),
    )


def test_the_bundled_histories_make_as_many_trades_as_they_always_did():
    counts = {
        (ticker, fill.value): len(fold(bundled_history(ticker), fill=fill).trades)
        for ticker in ("IBM", "MSFT")
        for fill in BOTH_FILLS
    }

    assert counts == {
        ("IBM", "close"): 521,
        ("MSFT", "close"): 561,
        ("IBM", "next_open"): 387,
        ("MSFT", "next_open"): 459,
    }


def test_ibm_without_dividends_makes_the_509_trades_of_the_benchmark():
    assert len(fold(replace(bundled_history("IBM"), dividends=())).trades) == 509


@pytest.mark.lesson
@pytest.mark.parametrize("times", range(1, 8))
def test_a_seven_percent_threshold_meets_exactly_seven_percent(times):
    """A 7 % threshold missed exactly +7 % (floats)."""
    anchor = Decimal(100) * times
    history = make_history([str(anchor), str(anchor * Decimal("1.07"))])

    (trade,) = fold(history, "up_threshold_pct=7").trades

    assert (trade.side, trade.price) == (Side.SELL, anchor * Decimal("1.07"))
    below = make_history([str(anchor), str(anchor * Decimal("1.07") - Decimal("0.000001"))])
    assert fold(below, "up_threshold_pct=7").trades == ()


@pytest.mark.lesson
def test_saved_thresholds_are_what_it_trades_by():
    """Saved thresholds and guardrails were ignored by the live worker (set 10 %, fired at 3 %)."""
    closes = ["100", "103", "109.99", "110", "100"]

    run = fold(make_history(closes), "up_threshold_pct=10", "down_threshold_pct=10")

    assert [(t.side.value, t.price) for t in run.trades] == [("SELL", Decimal(110))]
    assert len(fold(make_history(closes)).trades) > 1


@pytest.mark.lesson
def test_a_negative_threshold_is_refused():
    """A threshold stored as -3 bought on a rise."""
    with pytest.raises(InvalidConfig):
        fold(make_history(["100", "103"]), "down_threshold_pct=-3")


@pytest.mark.lesson
def test_a_cell_with_eighty_percent_stock_never_buys_on_a_fall():
    """With 80 % stock a BUY trigger proposed minus 500 shares, "valid"."""
    trades = fold(make_history(["100", "97"]), qty="100", cash="2000").trades
    assert [(t.side, t.price) for t in trades] == [(Side.SELL, Decimal(100))]


@pytest.mark.lesson
def test_a_fully_invested_cell_sells_down_to_its_band():
    """A fully invested cell could never sell, because the trade cap left it above the band."""
    history = make_history(["104"])
    start = start_of(history, "100", "0").set_anchor_price(Decimal(100))

    (trade,) = simulate(history, start, Settings(), FillModel.CLOSE).trades

    assert told([trade]) == [("2024-01-08", "SELL", "25.00187515", "104")]


@pytest.mark.lesson
def test_a_fall_by_half_is_traded_and_not_forgotten():
    """A move of -51 % silently reset the anchor."""
    run = fold(make_history(["100", "49"]))

    assert [(t.date.day, t.side.value) for t in run.trades] == [(9, "BUY")]
    assert run.final.anchor_price == Decimal(49)


@pytest.mark.lesson
def test_a_cell_that_drifts_out_of_its_band_is_traded_back():
    """The auto-rebalance was logged and never sent."""
    (trade,) = fold(make_history(["100"]), qty="10", cash="10000").trades

    assert told([trade]) == [("2024-01-08", "BUY", "17.49956252", "100")]


@pytest.mark.lesson
def test_a_commission_is_the_rate_times_the_notional():
    """Commission in one path was a hundred times the other."""
    (trade,) = fold(make_history(["100", "104"]), "commission_rate=0.01").trades

    assert trade.commission == (trade.qty * trade.price / 100).quantize(Decimal("1e-6"))


def test_the_first_close_is_decided_on_too_and_the_last():
    run = fold(make_history(["100", "100", "104"]))

    assert told(run.trades) == [("2024-01-10", "SELL", "12.57421597", "104")]
    assert run.final.anchor_price == Decimal(104)


def test_the_daily_caps_begin_anew_each_day():
    closes = ["100", "104", "108.2", "104"]

    none_allowed = fold(make_history(closes), "max_orders_per_day=0")
    one_a_day = fold(make_history(closes), "max_orders_per_day=1")
    small = fold(make_history(closes), "max_daily_notional=500")

    assert none_allowed.trades == ()
    assert len(one_a_day.trades) == 3
    assert [t.qty * t.price <= 500 for t in small.trades] == [True] * 3


@pytest.mark.parametrize("fill", BOTH_FILLS)
def test_slippage_moves_each_fill_against_the_trade(fill):
    history = make_history(["100", "104", "104", "100", "100"])

    trades = fold(history, "slippage_bps=10", fill=fill).trades

    assert [(t.side.value, t.price) for t in trades] == [
        ("SELL", Decimal("103.896")),
        ("BUY", Decimal("100.1")),
    ]
    assert [t.commission for t in trades] == [
        ((t.qty * t.price).quantize(Decimal("1e-6")) * Decimal("0.0001")).quantize(Decimal("1e-6"))
        for t in trades
    ]


def test_slippage_makes_the_fill_the_anchor():
    run = fold(make_history(["100", "104"]), "slippage_bps=10")

    assert run.final.anchor_price == Decimal("103.896")


def test_no_bars_are_a_mistake_of_the_program():
    history = cut("IBM", "2000-03-01", "2000-03-02")

    with pytest.raises(ValueError, match="bar"):
        simulate(replace(history, bars=()), start_of(history), Settings(), FillModel.CLOSE)


def test_the_same_run_twice_is_the_same():
    history = cut("MSFT", "2002-06-03", "2003-06-30")

    assert fold(history, "slippage_bps=3") == fold(history, "slippage_bps=3")
