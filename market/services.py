"""The ways bars get into the database: imported whole, or the tail that is missing."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connection

from accounts.transactions import require_unit_of_work
from market.errors import BarConflict
from market.models import Bar
from market.queries import day_bars, last_stored_day
from market.values import DayBar


def import_bars(*, ticker: str, bars: Sequence[DayBar]) -> int:
    """Store the bars that are new and return how many those were; equal bars again change nothing.

    `bars` oldest first. Raises BarConflict, with nothing written, if a stored bar has other values,
    and RuntimeError outside a transaction, which the caller opens.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("import_bars runs inside the caller's transaction.")
    if not bars:
        return 0
    stored = {bar.date: bar for bar in day_bars(Bar.objects.of(ticker, bars[0].date, bars[-1].date))}
    for bar in bars:
        if stored.get(bar.date, bar) != bar:
            raise BarConflict(
                f"{ticker}: another bar of {bar.date} is stored already; nothing was imported.",
                ticker=ticker,
                date=bar.date,
            )
    new = [_row(ticker, bar) for bar in bars if bar.date not in stored]
    Bar.objects.bulk_create(new)
    return len(new)


def add_missing_tail(*, ticker: str, bars: Sequence[DayBar]) -> int:
    """Store the bars later than the last one stored, inside the caller's unit of work; return how many.

    A feed may revise what it told before; what is stored stays.
    """
    require_unit_of_work()
    last = last_stored_day(ticker)
    later = [_row(ticker, bar) for bar in bars if last is None or bar.date > last]
    # Whoever else stores the same days at this moment has them from the same feed.
    Bar.objects.bulk_create(later, ignore_conflicts=True)
    return len(later)


def _row(ticker: str, bar: DayBar) -> Bar:
    return Bar(
        ticker=ticker,
        date=bar.date,
        open=bar.open,
        high=bar.high,
        low=bar.low,
        close=bar.close,
        volume=bar.volume,
    )
