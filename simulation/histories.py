"""The history that a run goes over: imported, or else bundled."""

from __future__ import annotations

from datetime import date

from accounts.database import is_migrated
from dividends.queries import imported_dividends, imported_splits
from market.bundled_history import bundled_history
from market.errors import UnknownTicker
from market.queries import bars_of, has_imported_bars
from market.values import DayBar, History
from volbal.errors import OutOfRange


def history_of(ticker: str, *, start: date | None = None, end: date | None = None) -> History:
    """Return bars from `start` to `end`, both inclusive, with every dividend and split of the ticker.

    A ticker with imported bars has the imported actions, any other the bundled bars and actions; a
    database that was never migrated has nothing imported.
    Raises UnknownTicker, and OutOfRange for a span without bars.
    """
    if is_migrated() and has_imported_bars(ticker):
        bars = bars_of(ticker, start=start, end=end)
        dividends, splits = imported_dividends(ticker), imported_splits(ticker)
    else:
        bundled = _bundled(ticker)
        bars, dividends, splits = _cut(bundled.bars, start, end), bundled.dividends, bundled.splits
    if not bars:
        raise OutOfRange(f"There are no bars of {ticker} between these dates.", field="from")
    return History(ticker=ticker, bars=bars, dividends=dividends, splits=splits)


def _bundled(ticker: str) -> History:
    history = bundled_history(ticker)
    if history is None:
        raise UnknownTicker(
            f"There are no bars of {ticker}: import them with manage.py import_history {ticker} FILE.csv.",
            ticker=ticker,
        )
    return history


def _cut(bars: tuple[DayBar, ...], start: date | None, end: date | None) -> tuple[DayBar, ...]:
    return tuple(
        bar for bar in bars if (start is None or bar.date >= start) and (end is None or bar.date <= end)
    )
