"""What a live feed knows of a ticker's days: dividends, splits, and the bars that are missing."""

from __future__ import annotations

from datetime import date, timedelta

from market.bundled_history import bundled_history
from market.providers.registry import provider
from market.queries import last_stored_day
from market.values import DayBar, History

FIRST_BARS = timedelta(days=5 * 365)
ONE_DAY = timedelta(days=1)


def fetch_facts(*, provider_name: str, ticker: str, since: date, today: date) -> History:
    """Fetch the dividends and splits dated after `since`, and the daily bars missing before `today`.

    No transaction may be open. Raises FeedError.
    """
    feed = provider(provider_name)
    return History(
        ticker=ticker,
        bars=_missing_bars(provider_name, ticker, today),
        dividends=tuple(fact for fact in feed.dividends(ticker) if fact.ex_date > since),
        splits=tuple(fact for fact in feed.splits(ticker) if fact.date > since),
    )


def _missing_bars(provider_name: str, ticker: str, today: date) -> tuple[DayBar, ...]:
    """Return the bars after the last one stored; of a ticker without any, those of five years.

    None for a bundled ticker without stored bars: a few stored ones would hide the bundled history.
    """
    last = last_stored_day(ticker)
    if last is None and bundled_history(ticker) is not None:
        return ()
    start = today - FIRST_BARS if last is None else last + ONE_DAY
    return provider(provider_name).history(ticker, start, today - ONE_DAY) if start < today else ()
