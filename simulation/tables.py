"""A run's result for a person at a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import IO

from rich.console import Console
from rich.table import Table

from simulation.fold import SimulatedTrade
from simulation.metrics import Metrics
from simulation.report import Result
from volbal.values import Side

CENT = Decimal("0.01")
LAST_TRADES = 5
NOT_ENOUGH = "not enough data"
STATISTICS = (
    ("return a year", "annual_return_pct", " %"),
    ("volatility a year", "volatility_pct", " %"),
    ("Sharpe ratio", "sharpe_ratio", ""),
    ("Sortino ratio", "sortino_ratio", ""),
    ("deepest drawdown", "max_drawdown_pct", " %"),
)


def print_result(result: Result, stream: IO[str]) -> None:
    """Print where the cell ended, what it earned and paid, and how holding would have done."""
    console = Console(file=stream)
    console.print(_summary(result))
    if result.trades:
        console.print(_trades(result.trades[-LAST_TRADES:]))


def _summary(result: Result) -> Table:
    first, last = result.bars[0], result.bars[-1]
    table = Table(title=f"{result.ticker}, {first.date} to {last.date}: {len(result.bars)} sessions")
    table.add_column("")
    table.add_column("volatility balancing", justify="right")
    table.add_column("just holding", justify="right")
    figures, hold = result.metrics, result.hold_final
    bought = sum(trade.side is Side.BUY for trade in result.trades)
    rows = (
        ("trades", f"{len(result.trades)} ({bought} buys, {len(result.trades) - bought} sells)", "0"),
        ("shares", f"{result.final.qty:,.4f}", f"{hold.qty:,.4f}"),
        ("cash", _dollars(result.final.cash), _dollars(hold.cash)),
        ("dividends to come", _dollars(result.final.dividend_receivable), _dollars(hold.dividend_receivable)),
        ("value", _dollars(result.value), _dollars(result.hold_value)),
        ("return", _pct(figures["total_return_pct"]), _pct(figures["hold_return_pct"])),
        *(_beside(figures, words, name, unit) for words, name, unit in STATISTICS),
        ("inside the guardrails", _pct(figures["inside_guardrails_pct"], ""), ""),
        ("turnover", _pct(figures["turnover_pct"], ""), ""),
        (
            "dividends received, net",
            _dollars(result.dividends_received),
            _dollars(hold.cash - result.start.cash),
        ),
        ("fees", _dollars(result.commissions), _dollars(Decimal(0))),
        ("against holding", f"{result.value - result.hold_value:+,.2f}", ""),
    )
    for row in rows:
        table.add_row(*row)
    return table


def _beside(figures: Metrics, words: str, name: str, unit: str) -> tuple[str, str, str]:
    return words, _number(figures[name], unit), _number(figures[f"hold_{name}"], unit)


def _number(value: Decimal | int | None, unit: str) -> str:
    return NOT_ENOUGH if value is None else f"{value:,.2f}{unit}"


def _trades(trades: Sequence[SimulatedTrade]) -> Table:
    table = Table(title=f"The last {len(trades)} trades")
    for heading in ("date", "side"):
        table.add_column(heading)
    for heading in ("shares", "price", "fee"):
        table.add_column(heading, justify="right")
    for trade in trades:
        table.add_row(
            trade.date.isoformat(),
            trade.side.value,
            f"{trade.qty:,.8f}",
            f"{trade.price:,.2f}",
            _dollars(trade.commission),
        )
    return table


def _dollars(amount: Decimal) -> str:
    return f"{amount.quantize(CENT):,}"


def _pct(value: Decimal | int | None, sign: str = "+") -> str:
    return "" if value is None else f"{value:{sign}.2f} %"
