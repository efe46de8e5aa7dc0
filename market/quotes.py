"""Quotes that may be traded on: fetched with no transaction open, judged, remembered, handed out."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.conf import settings
from django.core.cache import cache

from accounts.transactions import require_unit_of_work, unit_of_work
from market.calendar import close_of, is_open
from market.errors import FeedError
from market.models import Bar, KnownStep, Quote
from market.providers.registry import provider
from market.values import CheckedQuote
from volbal.numbers import require_price
from volbal.quotes import (
    PriceStep,
    QuoteGate,
    QuoteMemory,
    Sighting,
    Verdict,
    is_jump,
    is_price,
    is_stale,
    judge_quote,
    reference_for,
    sigma_of,
)
from volbal.trading_day import trading_date
from volbal.values import MarketQuote

log = logging.getLogger(__name__)

STEPS_KNOWN_FOR = timedelta(days=400)
CLOSES_FOR_SIGMA = timedelta(days=45)
LAST_CLOSE_WITHIN = timedelta(days=10)
REMEMBERED = ["price", "as_of", "is_real", "fetched_at", "doubt_price", "doubt_as_of", "doubt_gate"]


def checked_quotes(*, provider_name: str, tickers: Iterable[str], at: datetime) -> dict[str, CheckedQuote]:
    """Return a quote and what stands against trading on it, for each of `tickers`, at the aware time `at`.

    A feed that fails gives `stale_quote` and no quote. Only real quotes are judged and remembered; those of
    history and those set by hand are taken as given. Raises InsideTransaction or RuntimeError if a
    transaction is open, and OutsideCalendar for a real quote at a time the calendar doesn't know.
    """
    wanted = sorted(set(tickers))
    checked = _handed_out_lately(provider_name, wanted)
    missing = [ticker for ticker in wanted if ticker not in checked]
    if missing:
        fetched = _fetch(provider_name, missing)
        fresh = {ticker: _as_given(fetched.get(ticker)) for ticker in missing}
        fresh |= _judge(provider_name, _usable(fetched, at), at)
        _keep_for_a_while(provider_name, fresh)
        checked |= fresh
    return {ticker: aged(quote, at) for ticker, quote in checked.items()}


def gate_for(checked: CheckedQuote, *, ticker: str, tenant_id: UUID) -> QuoteGate | None:
    """Return what stands against a quote for one tenant: what it announced itself explains a step too."""
    quote, last = checked.quote, checked.last
    if checked.gate in (None, QuoteGate.STALE) or quote is None or quote.as_of is None or last is None:
        return checked.gate
    own = KnownStep.objects.filter(owner=tenant_id, ticker=ticker, date__gt=trading_date(last.as_of))
    if not own:
        return checked.gate
    nobodys = KnownStep.objects.filter(owner=None, ticker=ticker, date__gt=trading_date(last.as_of))
    steps = {(step.date, step.dps > 0): step.value() for step in (*nobodys, *own)}
    seen = Sighting(price=quote.price, as_of=quote.as_of)
    verdict = judge_quote(seen, QuoteMemory(accepted=last), steps=list(steps.values()))
    return None if verdict.gate is None else checked.gate


def aged(checked: CheckedQuote, at: datetime) -> CheckedQuote:
    """Return a quote as it is at `at`: one that is handed out again may have grown too old."""
    quote = checked.quote
    if checked.gate is QuoteGate.STALE or quote is None or not quote.is_real or not _is_old(quote, at):
        return checked
    return replace(checked, gate=QuoteGate.STALE)


def accept_price(*, provider_name: str, ticker: str, price: Decimal, at: datetime) -> None:
    """Take a person's word that a ticker's price is now about `price`, inside the caller's unit of work.

    What comes next is compared with that; a doubt is forgotten. Raises OutOfRange or InvalidNumber.
    """
    require_unit_of_work()
    require_price(price, "price")
    row = _lock_rows(provider_name, [ticker], at)[ticker]
    log.warning("price_accepted", extra={"ticker": ticker, "price": price, "instead_of": row.price})
    row.remember(QuoteMemory(accepted=Sighting(price=price, as_of=at)))
    row.save()
    cache.delete(_key(provider_name, ticker))


def _handed_out_lately(provider_name: str, tickers: Collection[str]) -> dict[str, CheckedQuote]:
    tickers_by_key = {_key(provider_name, ticker): ticker for ticker in tickers}
    return {tickers_by_key[key]: quote for key, quote in cache.get_many(tickers_by_key).items()}


def _keep_for_a_while(provider_name: str, checked: Mapping[str, CheckedQuote]) -> None:
    """A live feed isn't asked again at once, not even for what it doesn't know."""
    is_live = provider(provider_name).is_live
    kept = {
        _key(provider_name, ticker): quote
        for ticker, quote in checked.items()
        if is_live or (quote.quote is not None and quote.quote.is_real)
    }
    cache.set_many(kept, settings.QUOTE_TTL_S)


def _key(provider_name: str, ticker: str) -> str:
    return f"quote:{provider_name}:{ticker}"


def _fetch(provider_name: str, tickers: list[str]) -> dict[str, MarketQuote]:
    try:
        return provider(provider_name).latest_quotes(tickers)
    except FeedError as error:
        log.warning("quotes_not_fetched", extra={"provider": provider_name, "detail": error.detail})
        return {}


def _as_given(quote: MarketQuote | None) -> CheckedQuote:
    """A real quote stays stale here until it is judged."""
    if quote is None or not is_price(quote.price):
        return CheckedQuote(quote=None, gate=QuoteGate.STALE)
    return CheckedQuote(quote=quote, gate=QuoteGate.STALE if quote.is_real else None)


def _usable(quotes: Mapping[str, MarketQuote], at: datetime) -> dict[str, MarketQuote]:
    """Return the real quotes that are fresh."""
    real = {ticker: quote for ticker, quote in quotes.items() if quote.is_real and is_price(quote.price)}
    return {ticker: quote for ticker, quote in real.items() if not _is_old(quote, at)}


def _is_old(quote: MarketQuote, at: datetime) -> bool:
    """A quote without a time may be any age."""
    max_age = timedelta(seconds=settings.QUOTE_MAX_AGE_S)
    return quote.as_of is None or is_stale(quote.as_of, at=at, max_age=max_age, session_open=is_open(at))


def _judge(provider_name: str, quotes: Mapping[str, MarketQuote], at: datetime) -> dict[str, CheckedQuote]:
    if not quotes:
        return {}
    with unit_of_work():
        rows = _lock_rows(provider_name, list(quotes), at)
        checked = _verdicts(quotes, rows)
        for row in rows.values():
            row.fetched_at, row.is_real = at, True
        Quote.objects.bulk_create(
            rows.values(), update_conflicts=True, unique_fields=["id"], update_fields=REMEMBERED
        )
    return checked


def _lock_rows(provider_name: str, tickers: list[str], at: datetime) -> dict[str, Quote]:
    """Lock the rows of the tickers, in the order of their names; make those that are missing.

    Missing ones are made before any is locked: who waits for another's new row must hold none it may want.
    """
    rows = Quote.objects.filter(provider=provider_name, ticker__in=tickers)
    missing = sorted(set(tickers) - set(rows.values_list("ticker", flat=True)))
    if missing:
        Quote.objects.bulk_create(
            [Quote(provider=provider_name, ticker=t, is_real=True, fetched_at=at) for t in missing],
            ignore_conflicts=True,
        )
    return {row.ticker: row for row in rows.select_for_update().order_by("ticker")}


def _verdicts(quotes: Mapping[str, MarketQuote], rows: Mapping[str, Quote]) -> dict[str, CheckedQuote]:
    """Judge each quote by its row, and let the row remember."""
    steps = _known_steps(quotes, rows)
    checked = {}
    for ticker, quote in quotes.items():
        if quote.as_of is None:
            continue
        memory = _memory(rows[ticker], quote.as_of)
        verdict = _verdict(ticker, Sighting(price=quote.price, as_of=quote.as_of), memory, steps[ticker])
        rows[ticker].remember(verdict.memory)
        checked[ticker] = CheckedQuote(quote=quote, gate=verdict.gate, last=memory.accepted)
        if verdict.gate is not None:
            log.warning("quote_doubted", extra={"ticker": ticker, "price": quote.price, "gate": verdict.gate})
    return checked


def _verdict(ticker: str, seen: Sighting, memory: QuoteMemory, steps: list[PriceStep]) -> Verdict:
    """Sigma is looked up only for a move that it could excuse."""
    reference = reference_for(seen, memory, steps)
    sigma = None
    if reference is not None and is_jump(seen.price, reference):
        sigma = sigma_of(_recent_closes(ticker, seen.as_of), steps)
    dividends = [step.dps for step in sorted(steps, key=lambda step: step.date) if step.dps]
    last_dps = dividends[-1] if dividends else None
    return judge_quote(seen, memory, steps=steps, last_dps=last_dps, sigma=sigma)


def _known_steps(quotes: Iterable[str], rows: Mapping[str, Quote]) -> dict[str, list[PriceStep]]:
    accepted = [row.as_of for row in rows.values() if row.as_of is not None]
    times = [*accepted, *(row.fetched_at for row in rows.values())]
    since = trading_date(min(times)) - STEPS_KNOWN_FOR
    steps: dict[str, list[PriceStep]] = {ticker: [] for ticker in quotes}
    for row in KnownStep.objects.filter(owner=None, ticker__in=steps, date__gte=since).order_by("date"):
        steps[row.ticker].append(row.value())
    return steps


def _memory(row: Quote, as_of: datetime) -> QuoteMemory:
    """Return what is remembered; before the first quote, a stored close of the last days stands in for it."""
    memory = row.memory()
    if memory.accepted is not None:
        return memory
    day = trading_date(as_of)
    bar = Bar.objects.of(row.ticker, day - LAST_CLOSE_WITHIN, day - timedelta(days=1)).last()
    if bar is None:
        return memory
    return replace(memory, accepted=Sighting(price=bar.close, as_of=close_of(bar.date)))


def _recent_closes(ticker: str, as_of: datetime) -> list[tuple[date, Decimal]]:
    day = trading_date(as_of)
    bars = Bar.objects.of(ticker, day - CLOSES_FOR_SIGMA, day - timedelta(days=1))
    return list(bars.values_list("date", "close"))
