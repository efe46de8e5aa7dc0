"""The figures of a run against an independent computation, with numpy, pandas and fractions."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

from simulation.report import Result
from simulation.setup import FillModel
from simulation.tests.builders import BOTH_FILLS, cut, day, make_history, result
from volbal.values import Side

WHOLE = ("2000-03-01", "2013-03-01")
CLOSE_ENOUGH = 1e-9


def holdings(history, run: Result, *, trading: bool) -> pd.DataFrame:
    """Return shares and dollars at each close, followed day by day in fractions; payments don't matter."""
    qty, dollars, rows = Fraction(run.start.qty), Fraction(run.start.cash), []
    first = history.bars[0].date
    splits = [s for s in history.splits if s.date > first]
    dividends = [d for d in history.dividends if d.ex_date > first]
    trades = list(run.trades) if trading else []
    for bar in history.bars:
        while splits and splits[0].date <= bar.date:
            split = splits.pop(0)
            qty = Fraction(int(qty * split.new_shares / split.old_shares * 10**8), 10**8)
        while dividends and dividends[0].ex_date <= bar.date:
            gross = round(qty * Fraction(dividends.pop(0).dps), 6)
            dollars += gross - round(gross / 4, 6)
        while trades and trades[0].date == bar.date:
            trade = trades.pop(0)
            sign = 1 if trade.side is Side.BUY else -1
            qty += sign * Fraction(trade.qty)
            dollars -= sign * round(Fraction(trade.qty * trade.price), 6) + Fraction(trade.commission)
        rows.append((qty, dollars, Fraction(bar.close)))
    assert not trades
    return pd.DataFrame(rows, columns=["qty", "dollars", "close"])


def independent(history, run: Result, *, trading: bool) -> dict[str, float]:
    held = holdings(history, run, trading=trading)
    values = (held.qty * held.close + held.dollars).astype(float)
    returns = values.pct_change().dropna()
    years = (history.bars[-1].date - history.bars[0].date).days / 365.25
    return {
        "annual_return_pct": ((values.iloc[-1] / values.iloc[0]) ** (1 / years) - 1) * 100,
        "volatility_pct": returns.std(ddof=1) * np.sqrt(252) * 100,
        "sharpe_ratio": returns.mean() / returns.std(ddof=1) * np.sqrt(252),
        "sortino_ratio": returns.mean() / np.sqrt((returns.clip(upper=0) ** 2).mean()) * np.sqrt(252),
        "max_drawdown_pct": -(values / values.cummax() - 1).min() * 100,
    }


@pytest.mark.parametrize("fill", BOTH_FILLS)
@pytest.mark.parametrize("ticker", ["IBM", "MSFT"])
def test_risk_and_return_equal_what_pandas_computes(ticker, fill):
    history = cut(ticker, *WHOLE)

    run = result(history, "slippage_bps=3", fill=fill)

    for prefix, trading in (("", True), ("hold_", False)):
        for name, number in independent(history, run, trading=trading).items():
            assert abs(float(run.metrics[prefix + name]) - number) < CLOSE_ENOUGH, prefix + name


@pytest.mark.parametrize("ticker", ["IBM", "MSFT"])
def test_turnover_and_time_inside_equal_what_fractions_say(ticker):
    history = cut(ticker, *WHOLE)

    run = result(history, "min_stock_pct=45", "max_stock_pct=55")

    held = holdings(history, run, trading=True)
    stock = held.qty * held.close
    share = [Fraction(100 * s, s + d) for s, d in zip(stock, held.dollars, strict=True)]
    inside = Fraction(100 * sum(45 <= x <= 55 for x in share), len(share))
    assert abs(Fraction(run.metrics["inside_guardrails_pct"]) - inside) < Fraction(1, 10**9)
    assert 50 < inside < 100
    traded = sum(Fraction(t.qty * t.price) for t in run.trades)
    turnover = float(traded) / float((stock + held.dollars).astype(float).mean()) * 100
    assert abs(float(run.metrics["turnover_pct"]) - turnover) < CLOSE_ENOUGH * turnover


def test_returns_are_exact_to_the_last_of_twelve_places():
    run = result(make_history(["90", "100"]))

    value, start = run.value, run.metrics["start_value"]
    assert run.metrics["total_return_pct"] == ((value - start) * 100 / start).quantize(Decimal("1e-12"))
    assert run.metrics["hold_return_pct"] == Decimal("5.555555555556")


def terms(history, run: Result) -> tuple[Fraction, Fraction, Fraction]:
    """Return trading, commissions and dividends of the attribution, term by term and unrounded."""
    first, end = history.bars[0].date, history.bars[-1]
    splits = [s for s in history.splits if s.date > first and s.date <= end.date]
    trading = dividends = Fraction(0)
    for trade in run.trades:
        qty = Fraction(trade.qty) * (1 if trade.side is Side.BUY else -1)
        later = qty
        for split in splits:
            if split.date > trade.date:
                later = later * split.new_shares / split.old_shares
        trading += later * Fraction(end.close) - qty * Fraction(trade.price)
        for dividend in history.dividends:
            if first < dividend.ex_date <= end.date and trade.date < dividend.ex_date:
                shares = qty
                for split in splits:
                    if trade.date < split.date <= dividend.ex_date:
                        shares = shares * split.new_shares / split.old_shares
                dividends += shares * Fraction(dividend.dps) * 3 / 4
    return trading, -sum(Fraction(t.commission) for t in run.trades), dividends


def parts(run: Result) -> tuple[Decimal, Decimal, Decimal]:
    return tuple(run.metrics[f"from_{name}"] for name in ("trading", "commissions", "dividends"))


@pytest.mark.parametrize("fill", BOTH_FILLS)
@pytest.mark.parametrize("ticker", ["IBM", "MSFT"])
def test_the_parts_of_the_attribution_leave_no_remainder(ticker, fill):
    history = cut(ticker, *WHOLE)

    run = result(history, "slippage_bps=7", "commission_rate=0.001", fill=fill)

    assert sum(parts(run)) == run.metrics["value_minus_hold"] == run.value - run.hold_value
    rows = Fraction(len(run.trades) + 3 * len(history.dividends) + 4, 10**6)
    for part, exactly in zip(parts(run), terms(history, run), strict=True):
        assert abs(Fraction(part) - exactly) <= rows, "only the rounding of each row"


def test_with_whole_shares_each_part_is_its_terms_to_the_last_digit():
    history = make_history(
        ["100", "104", "99", "95", "52", "54", "50"],
        dividends=[(day(2), day(3), "0.4"), (day(5), day(30), "1.2")],
        splits=[(day(4), 2, 1)],
    )

    run = result(history, "qty_step=1")

    assert len(run.trades) >= 4
    assert tuple(map(Fraction, parts(run))) == terms(history, run)


@pytest.mark.parametrize("bars", [1, 2, 100, 252])
def test_a_short_history_has_not_enough_data(bars):
    run = result(make_history([str(100 + number % 5) for number in range(bars)]))

    for name in ("annual_return_pct", "volatility_pct", "sharpe_ratio", "sortino_ratio"):
        assert run.metrics[name] is None, name
        assert run.metrics[f"hold_{name}"] is None, name
    assert run.metrics["max_drawdown_pct"] is not None


def test_a_year_of_sessions_has_enough_data():
    run = result(make_history([str(100 + number % 5) for number in range(380)]))

    assert None not in run.metrics.values()


def test_a_price_that_never_moves_has_no_ratio():
    run = result(make_history(["100"] * 380))

    assert (run.metrics["sharpe_ratio"], run.metrics["volatility_pct"]) == (None, 0)


def test_nothing_at_all_is_worth_nothing():
    run = result(make_history(["100"] * 380), qty="0", cash="0", fill=FillModel.CLOSE)

    assert run.metrics["total_return_pct"] is None
    assert run.metrics["turnover_pct"] is None
    assert run.metrics["max_drawdown_pct"] == 0
