"""What a market data provider is. Registered by name and dotted path in settings.MARKET_PROVIDERS."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Protocol

from market.values import DayBar, DividendFact, SplitFact
from volbal.values import MarketQuote


class MarketProvider(Protocol):
    """A source of prices. Made once per process, without arguments; used by several threads.

    `is_confirmed` says that its prices are history: sanity rules and sessions don't apply to them. `is_live`
    says that it uses the network: it calls `require_no_transaction` first in every method, raises a
    FeedError for what goes wrong there, is asked seldom, and daily for dividends and splits. Quotes of a
    real market are marked `is_real`; only these are checked by `market.quotes`.
    """

    name: str
    is_confirmed: bool
    is_live: bool

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

    def now(self) -> datetime | None:
        """Return the moment that is "now" for its prices: the wall clock, a replay's clock, or None before
        that was set. Asks no network."""
        ...
