"""Prices set by hand, for tests and for trying things out."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal

from django.utils import timezone

from market.values import DayBar, DividendFact, History, SplitFact
from volbal.values import MarketQuote


class StaticProvider:
    """Quotes what it was told, until told otherwise.

    Sessions apply unless `is_confirmed` is given. Its prices are taken as given, except those that are set
    as real: these stand in for a live feed's, and are checked like them.
    """

    name = "static"
    is_live = False

    def __init__(self, *, is_confirmed: bool = False) -> None:
        self.is_confirmed = is_confirmed
        self._quotes: dict[str, MarketQuote] = {}
        self._histories: dict[str, History] = {}
        self._clock: datetime | None = None

    def set_price(self, ticker: str, price: Decimal, as_of: datetime, *, is_real: bool = False) -> None:
        """Quote `price` dollars per share for `ticker` from now on, true at the aware time `as_of`."""
        self._quotes[ticker] = MarketQuote(price=price, as_of=as_of, source=self.name, is_real=is_real)

    def set_history(self, history: History) -> None:
        """Answer with `history` for its ticker from now on."""
        self._histories[history.ticker] = history

    def clear(self) -> None:
        """Forget every price and history."""
        self._quotes.clear()
        self._histories.clear()
        self._clock = None

    def move_to(self, at: datetime) -> None:
        """Let the aware moment `at` be "now", instead of the wall clock's."""
        self._clock = at

    def now(self) -> datetime:
        """Return the moment set, without one the wall clock's."""
        return self._clock or timezone.now()

    def latest_quotes(self, tickers: Iterable[str]) -> dict[str, MarketQuote]:
        """Return the prices set, by ticker."""
        return {ticker: self._quotes[ticker] for ticker in tickers if ticker in self._quotes}

    def history(self, ticker: str, start: date, end: date) -> tuple[DayBar, ...]:
        """Return the bars set from `start` to `end`, both inclusive."""
        known = self._histories.get(ticker)
        return () if known is None else tuple(bar for bar in known.bars if start <= bar.date <= end)

    def dividends(self, ticker: str) -> tuple[DividendFact, ...]:
        """Return the dividends set."""
        known = self._histories.get(ticker)
        return () if known is None else known.dividends

    def splits(self, ticker: str) -> tuple[SplitFact, ...]:
        """Return the splits set."""
        known = self._histories.get(ticker)
        return () if known is None else known.splits
