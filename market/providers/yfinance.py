"""Yahoo's prices, dividends and splits, by way of the yfinance package."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from secrets import SystemRandom
from threading import Lock
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from accounts.transactions import require_no_transaction
from market.calendar import close_of
from market.errors import FeedError, RateLimited, Unavailable
from market.providers.yahoo_answers import (
    SOURCE,
    bars_of,
    chart_of,
    chart_quote,
    dividends_of,
    pay_date_of,
    quotes_of,
    splits_of,
)
from market.values import DayBar, DividendFact, SplitFact
from volbal.trading_day import NEW_YORK
from volbal.values import MarketQuote

if TYPE_CHECKING:
    from market.providers.yahoo_client import YahooClient

log = logging.getLogger(__name__)

QUOTES_URL = "https://query1.finance.yahoo.com/v7/finance/quote"
CHART_URL = "https://query2.finance.yahoo.com/v8/finance/chart/"
QUOTE_FIELDS = "symbol,regularMarketPrice,regularMarketTime,currency,dividendDate"
BATCH_SIZE = 200
MOST_SINGLE_CHARTS = 25
ONE_DAY = timedelta(days=1)


class YfinanceProvider:
    """Live quotes of US shares. Delayed by nothing or by minutes, as Yahoo sees fit; `as_of` tells.

    Every method raises RateLimited, Unavailable, NoData or BadData, and InsideTransaction.
    """

    name = SOURCE
    is_confirmed = False
    is_live = True

    def __init__(self) -> None:
        self._client: YahooClient | None = None
        self._lock = Lock()

    def latest_quotes(self, tickers: Iterable[str]) -> dict[str, MarketQuote]:
        """Return the newest quotes by ticker: one request for up to 200 of them.

        Without an answer to that, up to 25 are asked for one by one, unless Yahoo asked to be left alone.
        A ticker that is unknown or not quoted in dollars is absent.
        """
        require_no_transaction()
        wanted = sorted(set(tickers))
        quotes: dict[str, MarketQuote] = {}
        if not wanted:
            return quotes
        with self._yahoo().errand():
            for start in range(0, len(wanted), BATCH_SIZE):
                try:
                    quotes |= self._quotes(wanted[start : start + BATCH_SIZE])
                except FeedError as error:
                    if not quotes:
                        raise
                    log.warning("quotes_stopped", extra={"detail": error.detail})
                    break
        return quotes

    def now(self) -> datetime:
        """Return the wall clock's time."""
        return timezone.now()

    def history(self, ticker: str, start: date, end: date) -> tuple[DayBar, ...]:
        """Return the daily bars as traded, of sessions that have closed, from `start` to `end`."""
        require_no_transaction()
        now = timezone.now()
        # Always up to today: Yahoo divides prices by every split since, which only then is in the answer.
        span = {"period1": _midnight(start), "period2": int((now + ONE_DAY).timestamp())}
        if span["period1"] >= span["period2"]:
            return ()
        with self._yahoo().errand():
            chart = self._chart(ticker, span)
        return tuple(bar for bar in bars_of(chart) if start <= bar.date <= end and close_of(bar.date) <= now)

    def dividends(self, ticker: str) -> tuple[DividendFact, ...]:
        """Return the dividends of the last five years, as paid; Yahoo tells them from the ex-date on."""
        require_no_transaction()
        with self._yahoo().errand():
            chart = self._chart(ticker, {"range": "5y"})
            return dividends_of(chart, ticker, self._pay_date(ticker))

    def splits(self, ticker: str) -> tuple[SplitFact, ...]:
        """Return the splits of the last five years."""
        require_no_transaction()
        with self._yahoo().errand():
            return splits_of(self._chart(ticker, {"range": "5y"}), ticker)

    def _quotes(self, tickers: list[str]) -> dict[str, MarketQuote]:
        try:
            return quotes_of(self._batch(tickers), tickers)
        except RateLimited:
            raise
        except FeedError as error:
            log.warning("batch_quotes_failed", extra={"detail": error.detail})
            quotes = self._single_quotes(tickers[:MOST_SINGLE_CHARTS])
            if not quotes:
                raise
            return quotes

    def _single_quotes(self, tickers: list[str]) -> dict[str, MarketQuote]:
        quotes: dict[str, MarketQuote] = {}
        for ticker in tickers:
            try:
                chart = self._chart(ticker, {"range": "1d"})
                quotes[ticker] = chart_quote(chart, ticker)
            except (RateLimited, Unavailable) as error:
                log.warning("single_quotes_stopped", extra={"detail": error.detail})
                break
            except FeedError as error:
                log.warning("quote_refused", extra={"ticker": ticker, "detail": error.detail})
        return quotes

    def _batch(self, tickers: list[str]) -> Any:
        asked = {"symbols": ",".join(tickers), "fields": QUOTE_FIELDS, "formatted": "false"}
        return self._yahoo().json(QUOTES_URL, asked)

    def _chart(self, ticker: str, span: dict[str, Any]) -> dict[str, Any]:
        asked = {**span, "interval": "1d", "includePrePost": "false", "events": "div,splits"}
        return chart_of(self._yahoo().json(CHART_URL + ticker, asked), ticker)

    def _pay_date(self, ticker: str) -> date | None:
        """A pay date is worth a question, not worth failing for."""
        try:
            return pay_date_of(self._batch([ticker]), ticker)
        except FeedError as error:
            log.warning("pay_date_unknown", extra={"ticker": ticker, "detail": error.detail})
            return None

    def _yahoo(self) -> YahooClient:
        with self._lock:
            if self._client is None:
                # costs 1.6 s and 100 MB, which no process needs before it uses the network
                from market.providers.yahoo_client import YahooClient

                self._client = YahooClient(jitter=SystemRandom().random)
            return self._client


def _midnight(day: date) -> int:
    return int(datetime.combine(day, datetime.min.time(), NEW_YORK).timestamp())
