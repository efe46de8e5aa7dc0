"""What the market says about one ticker: daily bars as traded, dividends, splits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from volbal.quotes import QuoteGate, Sighting
from volbal.values import MarketQuote


@dataclass(frozen=True, slots=True, kw_only=True)
class DayBar:
    """One session as traded (not adjusted): prices in dollars per share, volume in shares."""

    date: date
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DividendFact:
    """One cash dividend: `dps` dollars per share held before `ex_date`, paid on `pay_date`.

    Some feeds don't know when it is paid; then that date is their guess, and says so.
    """

    ex_date: date
    pay_date: date
    dps: Decimal
    currency: str = "USD"
    pay_date_is_guess: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitFact:
    """One split, effective before the open of `date`: `old_shares` become `new_shares`."""

    date: date
    new_shares: int
    old_shares: int


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """All that is known of a ticker's past, each tuple oldest first."""

    ticker: str
    bars: tuple[DayBar, ...]
    dividends: tuple[DividendFact, ...]
    splits: tuple[SplitFact, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedQuote:
    """A quote with what stands against trading on it: no gate means nothing does.

    `quote` is None where none could be had (`stale_quote`). `last` is the accepted price that a live quote
    was compared with, as it was then.
    """

    quote: MarketQuote | None
    gate: QuoteGate | None = None
    last: Sighting | None = None
