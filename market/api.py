"""`/v1/market`: whether the exchange trades, and the newest prices."""

from __future__ import annotations

from typing import Annotated, Any

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from ninja import Query, Router

from accounts.api_auth import READ
from accounts.api_types import MOST_ITEMS, MomentIn
from market.calendar import is_open, session_now_or_next
from market.quotes import checked_quotes
from market.schemas import MarketStatusOut, QuoteList
from volbal.errors import OutOfRange
from volbal.fields import read_ticker

router = Router(tags=["market"])

Tickers = Annotated[str, Query(description=f"separated by commas, {MOST_ITEMS} at most")]


@router.get("/market/status", auth=READ, response=MarketStatusOut, summary="Is the market open?")
def market_status(request: HttpRequest, at: MomentIn | None = None) -> dict[str, Any]:
    moment = timezone.now() if at is None else at
    session = session_now_or_next(moment)
    return {
        "open": is_open(moment),
        "session": session.date,
        "opens_at": session.opens_at,
        "closes_at": session.closes_at,
        "half_day": session.half_day,
    }


@router.get("/market/quotes", auth=READ, response=QuoteList, summary="Read the newest prices")
def market_quotes(request: HttpRequest, tickers: Tickers) -> dict[str, Any]:
    wanted = _read_tickers(tickers)
    checked = checked_quotes(provider_name=settings.MARKET_PROVIDER, tickers=wanted, at=timezone.now())
    quotes = {ticker: checked[ticker].quote for ticker in wanted}
    items = [
        {
            "ticker": ticker,
            "price": quote.price,
            "as_of": quote.as_of,
            "source": quote.source,
            "is_real": quote.is_real,
        }
        for ticker, quote in quotes.items()
        if quote is not None
    ]
    return {"items": items, "count": len(items)}


def _read_tickers(text: str) -> list[str]:
    """Return each ticker once, in the order asked for. Raises OutOfRange or InvalidTicker."""
    parts = text.split(",")
    if len(parts) > MOST_ITEMS:
        raise OutOfRange(f"tickers: at most {MOST_ITEMS}.", field="tickers")
    return list(dict.fromkeys(map(read_ticker, parts)))
