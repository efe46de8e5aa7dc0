"""V_end - hold_end = sum of signed qty x (P_end - p) - commissions + net dividends on the shares traded."""

from decimal import Decimal

import pytest

from market.values import History
from simulation.report import Result
from simulation.setup import FillModel
from simulation.tests.builders import BOTH_FILLS, cut, day, make_history, result
from volbal.values import Side

KEPT = Decimal("0.75")


def attributed(history: History, run: Result) -> Decimal:
    """Return the right side of the identity, unrounded; for histories without splits."""
    end, first, last = run.bars[-1].close, run.bars[0].date, run.bars[-1].date
    signed = [(t.date, t.qty if t.side is Side.BUY else -t.qty, t.price) for t in run.trades]
    gain = sum((qty * (end - price) for _, qty, price in signed), Decimal(0))
    dividends = sum(
        (
            d.dps * KEPT * qty
            for d in history.dividends
            if first < d.ex_date <= last
            for traded_on, qty, _ in signed
            if traded_on < d.ex_date
        ),
        Decimal(0),
    )
    return gain - run.commissions + dividends


@pytest.mark.parametrize("fill", BOTH_FILLS)
def test_with_whole_shares_it_is_exact(fill):
    history = make_history(
        ["100", "104", "99", "95", "103", "101"],
        opens=["100", "103", "104", "98", "96", "103"],
        dividends=[(day(2), day(3), "0.4"), (day(4), day(30), "1.2")],
    )

    run = result(history, "qty_step=1", fill=fill)

    assert len(run.trades) >= 3
    assert run.value - run.hold_value == attributed(history, run)


@pytest.mark.parametrize("fill", BOTH_FILLS)
@pytest.mark.parametrize("assignments", [(), ("slippage_bps=7", "commission_rate=0.001")])
def test_on_ibm_there_is_no_remainder_but_the_rounding_of_each_row(fill, assignments):
    history = cut("IBM", "2000-03-01", "2013-03-01")

    run = result(history, *assignments, fill=fill)

    rows = len(run.trades) + 3 * len(history.dividends) + 2
    assert len(run.trades) > 300
    assert abs(run.value - run.hold_value - attributed(history, run)) <= rows * Decimal("0.000001")


def test_without_a_trade_both_sides_are_zero():
    history = make_history(["100", "101"], dividends=[(day(1), day(1), "1")])

    run = result(history, fill=FillModel.CLOSE)

    assert (run.trades, run.value - run.hold_value) == ((), Decimal(0))
