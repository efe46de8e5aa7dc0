"""The history that a run goes over: imported, or else bundled."""

from __future__ import annotations

from datetime import date

from accounts.database import is_migrated
from dividends.queries import imported_dividends, imported_splits
from market.queries import bars_of, bundled_span, has_imported_bars
from market.values import History
from volbal.errors import OutOfRange


def history_of(ticker: str, *, start: date | None = None, end: date | None = None) -> History:
    """Return bars from `start` to `end`, both inclusive, with every dividend and split of the ticker.

    A ticker with imported bars has the imported actions, any other the bundled bars and actions; a
    database that was never migrated has nothing imported.
    Raises UnknownTicker, and OutOfRange for a span without bars.
    """
    if is_migrated() and has_imported_bars(ticker):
        history = History(
            ticker=ticker,
            bars=bars_of(ticker, start=start, end=end),
            dividends=imported_dividends(ticker),
            splits=imported_splits(ticker),
        )
    else:
        history = bundled_span(ticker, start, end)
    if not history.bars:
        raise OutOfRange(f"There are no bars of {ticker} between these dates.", field="from")
    return history
