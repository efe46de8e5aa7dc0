"""Histories and runs for tests."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from io import StringIO

from django.core.management import call_command
from django.utils import timezone

from accounts.transactions import Stamp, unit_of_work
from dividends.imports import import_history
from market.bundled_history import bundled_history
from market.values import DayBar, DividendFact, History, SplitFact
from simulation.engine import simulate
from simulation.fold import Run
from simulation.report import Result, result_of
from simulation.setup import FillModel, settings_from, starting_state
from volbal.values import PositionState

FIRST_DAY = date(2024, 1, 8)
BOTH_FILLS = list(FillModel)


def make_bars(
    closes: Sequence[str], opens: Sequence[str] | None = None, days: Sequence[date] | None = None
) -> tuple[DayBar, ...]:
    """Return bars on consecutive days; a bar opens at its close unless told otherwise."""
    days = days or [FIRST_DAY + timedelta(days=number) for number in range(len(closes))]
    bars = []
    for day, open_, close in zip(days, opens or closes, closes, strict=True):
        prices = sorted([Decimal(open_), Decimal(close)])
        bars.append(
            DayBar(
                date=day,
                open=Decimal(open_),
                high=prices[1],
                low=prices[0],
                close=Decimal(close),
                volume=1000,
            )
        )
    return tuple(bars)


def make_history(
    closes: Sequence[str],
    opens: Sequence[str] | None = None,
    days: Sequence[date] | None = None,
    dividends: Iterable[tuple[date, date, str]] = (),
    splits: Iterable[tuple[date, int, int]] = (),
    ticker: str = "XYZ",
) -> History:
    """Return a history: dividends as (ex-date, pay date, dps), splits as (date, new, old)."""
    return History(
        ticker=ticker,
        bars=make_bars(closes, opens, days),
        dividends=tuple(
            DividendFact(ex_date=ex, pay_date=pay, dps=Decimal(dps)) for ex, pay, dps in dividends
        ),
        splits=tuple(SplitFact(date=on, new_shares=new, old_shares=old) for on, new, old in splits),
    )


def day(number: int) -> date:
    """Return the date of the bar with this number; the first is 0."""
    return FIRST_DAY + timedelta(days=number)


def cut(ticker: str, first: str, last: str) -> History:
    """Return a bundled history from one date to another, both inclusive, with all its actions."""
    whole = bundled_history(ticker)
    assert whole is not None
    bars = tuple(b for b in whole.bars if date.fromisoformat(first) <= b.date <= date.fromisoformat(last))
    return History(ticker=ticker, bars=bars, dividends=whole.dividends, splits=whole.splits)


def start_of(history: History, qty: str | None = None, cash: str | None = None) -> PositionState:
    """Return the cell at the first close; 100 shares and as much cash unless told otherwise."""
    return starting_state(
        history.ticker,
        history.bars[0],
        qty=None if qty is None else Decimal(qty),
        cash=None if cash is None else Decimal(cash),
    )


def fold(
    history: History,
    *assignments: str,
    fill: FillModel = FillModel.CLOSE,
    qty: str | None = None,
    cash: str | None = None,
) -> Run:
    """Fold the rules over a history, in memory alone."""
    return simulate(history, start_of(history, qty, cash), settings_from(assignments), fill)


def result(
    history: History,
    *assignments: str,
    fill: FillModel = FillModel.CLOSE,
    qty: str | None = None,
    cash: str | None = None,
) -> Result:
    """Fold and put the run beside holding."""
    run = fold(history, *assignments, fill=fill, qty=qty, cash=cash)
    return result_of(history, start_of(history, qty, cash), run, settings_from(assignments).guardrail)


def bring_in(history: History) -> History:
    """Import a history into the database and return it."""
    with unit_of_work():
        import_history(history, stamp=Stamp(at=timezone.now(), actor="tester"))
    return history


def command(*arguments: str) -> str:
    """Run a command of manage.py in this process and return what it printed."""
    out = StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def both(ticker: str, *arguments: str) -> dict:
    """Run `replay` and `simulate`, assert that they print the same JSON text, and return it parsed."""
    replayed, simulated = (command(name, ticker, *arguments, "--json") for name in ("replay", "simulate"))
    assert replayed == simulated
    return json.loads(simulated)


def told(trades: Iterable) -> list[tuple[str, str, str, str]]:
    """Return trades as (date, side, qty, price)."""
    return [
        (t.date.isoformat(), t.side.value, format(t.qty.normalize(), "f"), format(t.price.normalize(), "f"))
        for t in trades
    ]
