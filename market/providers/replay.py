"""Stored bars as if they were happening now, by the clock in the database or one that the caller moves."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from market.bundled_history import bundled_history
from market.calendar import close_of, open_of
from market.errors import UnknownTicker
from market.queries import bars_of, has_imported_bars
from market.replay_clock import replay_time
from market.values import DayBar, DividendFact, History, SplitFact
from volbal.values import MarketQuote


@dataclass(frozen=True, slots=True, kw_only=True)
class _Series:
    """The bars of one ticker with their dates and closing bells, all oldest first."""

    bars: tuple[DayBar, ...]
    days: list[date]
    closes: list[datetime]

    def bar_of(self, day: date) -> DayBar | None:
        """Return the bar of a day, if there is one."""
        position = bisect_left(self.days, day)
        is_there = position < len(self.days) and self.days[position] == day
        return self.bars[position] if is_there else None


class ReplayProvider:
    """Quotes the close of the last bar that had closed by its clock; without a clock nothing.

    The clock is the one that all processes share (`market.replay_clock`), until `move_to` gives this object
    one of its own. Bars are read once per ticker. They count as confirmed and are never real.
    """

    name = "replay"
    is_confirmed = True
    is_live = False

    def __init__(self) -> None:
        self._clock: datetime | None = None
        self._by_ticker: dict[str, _Series] = {}

    @property
    def clock(self) -> datetime | None:
        """The moment that is "now"; None if nobody has set a clock."""
        return replay_time() if self._clock is None else self._clock

    def now(self) -> datetime | None:
        """Return the clock: what happens on replayed history happens then."""
        return self.clock

    def move_to(self, at: datetime) -> None:
        """Give this object a clock of its own, at the aware moment `at`, forward or back."""
        self._clock = at

    def forget_bars(self) -> None:
        """Read the bars again when they are next asked for, as after an import."""
        self._by_ticker.clear()

    def latest_quotes(self, tickers: Iterable[str]) -> dict[str, MarketQuote]:
        """Return the last close by ticker, stamped at that bar's closing bell."""
        quotes: dict[str, MarketQuote] = {}
        clock = self.clock
        for ticker in tickers:
            series = self._series(ticker)
            count = _closed_by(series, clock)
            if series is not None and count:
                quotes[ticker] = _quote(series.bars[count - 1].close, series.closes[count - 1])
        return quotes

    def open_quote(self, ticker: str, day: date) -> MarketQuote | None:
        """Return the open of `day`'s bar, stamped 9:30 New York, whatever the clock; None without a bar."""
        series = self._series(ticker)
        if series is None:
            return None
        bar = series.bar_of(day)
        return None if bar is None else _quote(bar.open, open_of(day))

    def close_quote(self, ticker: str, day: date) -> MarketQuote | None:
        """Return the close of `day`'s bar, stamped at its closing bell, whatever the clock; None without."""
        series = self._series(ticker)
        if series is None:
            return None
        bar = series.bar_of(day)
        return None if bar is None else _quote(bar.close, close_of(day))

    def history(self, ticker: str, start: date, end: date) -> tuple[DayBar, ...]:
        """Return the bars from `start` to `end` that had closed by the clock: it knows no future."""
        series = self._series(ticker)
        if series is None:
            return ()
        stop = min(bisect_right(series.days, end), _closed_by(series, self.clock))
        return series.bars[bisect_left(series.days, start) : stop]

    def dividends(self, ticker: str) -> tuple[DividendFact, ...]:
        """Return the bundled dividends, also of the future; () for imported bars."""
        history = _bundled(ticker)
        return () if history is None else history.dividends

    def splits(self, ticker: str) -> tuple[SplitFact, ...]:
        """Return the bundled splits, also of the future; () for imported bars."""
        history = _bundled(ticker)
        return () if history is None else history.splits

    def _series(self, ticker: str) -> _Series | None:
        if ticker not in self._by_ticker:
            try:
                bars = bars_of(ticker)
            except UnknownTicker:
                return None
            days = [bar.date for bar in bars]
            self._by_ticker[ticker] = _Series(bars=bars, days=days, closes=[close_of(day) for day in days])
        return self._by_ticker[ticker]


def _closed_by(series: _Series | None, clock: datetime | None) -> int:
    return 0 if series is None or clock is None else bisect_right(series.closes, clock)


def _bundled(ticker: str) -> History | None:
    """Return what belongs to the bundled bars, and only to them; the dividends room keeps the rest."""
    return None if has_imported_bars(ticker) else bundled_history(ticker)


def _quote(price: Decimal, as_of: datetime) -> MarketQuote:
    return MarketQuote(price=price, as_of=as_of, source=ReplayProvider.name, is_real=False)
