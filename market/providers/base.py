"""What a market data provider is. Registered by name and dotted path in settings.MARKET_PROVIDERS."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Protocol

from django.db import connection

from market.values import DayBar, DividendFact, SplitFact
from volbal.values import MarketQuote


class MarketProvider(Protocol):
    """A source of prices. Made once per process, without arguments; used by several threads.

    `is_confirmed` says that its prices are history: sanity rules and sessions don't apply to them.
    One that uses the network calls `refuse_inside_transaction` first in every method.
    """

    name: str
    is_confirmed: bool

    def latest_quotes(self, tickers: Iterable[str]) -> dict[str, MarketQuote]:
        """Return the newest quote by ticker, in one call; a ticker that can't be quoted is absent."""
        ...

    def history(self, ticker: str, start: date, end: date) -> tuple[DayBar, ...]:
        """Return the daily bars from `start` to `end`, both inclusive, oldest first; () if none."""
        ...

    def dividends(self, ticker: str) -> tuple[DividendFact, ...]:
        """Return the dividends known, by ex-date; () if none."""
        ...

    def splits(self, ticker: str) -> tuple[SplitFact, ...]:
        """Return the splits known, by date; () if none."""
        ...


def refuse_inside_transaction() -> None:
    """Raise RuntimeError if a transaction is open.

    The network may take ten seconds, and for as long every row locked here would block the others.
    """
    if connection.in_atomic_block:
        raise RuntimeError("Market data is fetched before the transaction, never inside it.")
