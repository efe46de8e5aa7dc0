"""The shapes of quotes and market hours in the API."""

from __future__ import annotations

from datetime import date, datetime

from ninja import Schema

from accounts.api_types import DecimalOut


class QuoteOut(Schema):
    """A price, when it was true, who said so, and whether a real market did."""

    price: DecimalOut
    as_of: datetime | None
    source: str
    is_real: bool


class TickerQuoteOut(QuoteOut):
    """The newest quote of one ticker."""

    ticker: str


class QuoteList(Schema):
    """The quotes that there are, in the order asked for; a ticker without one is absent."""

    items: list[TickerQuoteOut]
    count: int


class MarketStatusOut(Schema):
    """Whether the market trades, and the session under way, else the next one."""

    open: bool
    session: date
    opens_at: datetime
    closes_at: datetime
    half_day: bool
