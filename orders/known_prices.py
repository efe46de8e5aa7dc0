"""The last price known of each ticker, without asking any market: what pages show."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import models
from django.db.models import OuterRef, QuerySet, Subquery
from django.db.models.fields.json import KT

from accounts.prepared import Prepared, Slot
from market.providers.registry import provider
from market.values import CheckedQuote
from orders.models import Tick, TickQuote
from positions.history import evaluations_of
from positions.models import Event, Position
from volbal.values import MarketQuote

# A market provider's name and a ticker.
Source = tuple[str, str]


class _Evaluated(NamedTuple):
    """The price that an evaluation was made on. Numbers are text, as an event keeps them."""

    provider: str
    ticker: str
    ts: datetime
    price: str | None
    as_of: str | None
    source: str | None
    is_real: str | None


def known_prices(sources: Collection[Source], positions: Iterable[Position]) -> dict[Source, CheckedQuote]:
    """Return what replayed history has at its moment, else the newest schedule's quotes, else the price of
    the last evaluation of one of the positions.

    Four queries at most. A source without any of these is absent.
    """
    known = (_of_newest_tick(sources) | _of_history(sources)) if sources else {}
    missing = [one for one in positions if (one.market_provider, one.ticker) not in known]
    first_of = {(one.market_provider, one.ticker): one.pk for one in reversed(missing)}
    return known | (_of_last_evaluations(first_of.values()) if first_of else {})


def _of_newest_tick(sources: Collection[Source]) -> dict[Source, CheckedQuote]:
    tickers = {ticker for _, ticker in sources}
    rows = _OF_NEWEST_TICK.rows(ticker=min(tickers)) if len(tickers) == 1 else _quotes_of(tickers)
    found = {(row.provider, row.ticker): row.value() for row in rows}
    return {source: found[source] for source in sources if source in found and found[source].quote}


def _quotes_of(tickers: Iterable[Any]) -> QuerySet[TickQuote]:
    newest = Tick.objects.order_by("-slot").values("pk")[:1]
    return TickQuote.objects.filter(tick__in=Subquery(newest), ticker__in=tickers)


# What the page of a cell reads every few seconds.
_OF_NEWEST_TICK = Prepared(lambda: _quotes_of([Slot("ticker", models.CharField())]))


def _of_history(sources: Collection[Source]) -> dict[Source, CheckedQuote]:
    """Ask providers whose prices are stored history, which takes no network."""
    found: dict[Source, CheckedQuote] = {}
    for name in sorted({name for name, _ in sources}):
        if provider(name).is_confirmed:
            tickers = [ticker for of, ticker in sources if of == name]
            quotes = provider(name).latest_quotes(tickers)
            found |= {(name, ticker): CheckedQuote(quote=quote) for ticker, quote in quotes.items()}
    return found


def _of_last_evaluations(position_ids: Iterable[object]) -> dict[Source, CheckedQuote]:
    last = evaluations_of(OuterRef("pk")).filter(inputs__quote__price__isnull=False).order_by("-seq")
    newest = Position.objects.filter(pk__in=list(position_ids)).annotate(last=Subquery(last.values("pk")[:1]))
    rows = Event.objects.filter(pk__in=list(newest.values_list("last", flat=True))).values_list(
        "position__market_provider",
        "position__ticker",
        "ts",
        KT("inputs__quote__price"),
        KT("inputs__quote__as_of"),
        KT("inputs__quote__source"),
        KT("inputs__quote__is_real"),
    )
    return {(one.provider, one.ticker): _checked(one) for one in map(_Evaluated._make, rows)}


def _checked(one: _Evaluated) -> CheckedQuote:
    as_of = one.ts if one.as_of is None else datetime.fromisoformat(one.as_of)
    is_real = str(one.is_real).lower() in ("true", "1")
    quote = MarketQuote(
        price=Decimal(str(one.price)), as_of=as_of, source=str(one.source or ""), is_real=is_real
    )
    return CheckedQuote(quote=quote)
