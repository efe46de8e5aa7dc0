"""The schedule's evaluation of all positions: slots begun on time, and worked off in chunks.

A slot's rows are the work: a message to a worker only says that it may look. Each chunk is evaluated in one
unit of work that also marks it done, by whoever locks its row first, so that nothing happens twice and a
worker that dies leaves its chunk to the others. A slot begins when the one before it is done, or too old to
be of use. Source: docs/strategy.md, "The schedule".
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from math import ceil

from django.conf import settings
from django.utils import timezone

from accounts.prepared import insert_rows, insert_unless_there
from accounts.transactions import unit_of_work
from alerts.models import AlertKind
from alerts.services import clear_alert, raise_alert
from market.calendar import is_open
from market.providers.registry import provider
from market.quotes import checked_quotes
from market.values import CheckedQuote
from orders.claims import Clock
from orders.models import Tick, TickChunk, TickQuote
from orders.tick_chunks import work_off_chunk
from orders.tick_evaluation import Quotes as TickQuotes
from orders.tick_models import slot_of_newest, unfinished
from orders.tick_slots import milliseconds, next_slot
from positions.models import Position, PositionStatus
from volbal.quiet_band import in_ticks
from volbal.quotes import QuoteGate

log = logging.getLogger(__name__)

CHUNK = 1250
# A chunk that is still open so long after its slot is of no use: its prices are old.
LET_GO_AFTER = timedelta(seconds=30)
# By provider and ticker.
Quotes = dict[tuple[str, str], CheckedQuote]


def work_off_ticks(*, clock: Clock = timezone.now) -> int:
    """Evaluate what is due; return how many chunks were done. Opens its own units of work, and asks markets.

    May be called at any time, by any number of workers. Does nothing while the market is closed.
    """
    done = _work_off_chunks(clock)
    while not _is_being_worked_on(clock()) and begin_tick(clock=clock):
        done += _work_off_chunks(clock)
    return done


def begin_tick(*, clock: Clock = timezone.now) -> bool:
    """Begin the slot that is due, with the prices of this moment; return whether one was.

    Opens its own units of work, and asks markets. If somebody else has begun it meanwhile, that counts.
    """
    at = clock()
    slot = next_slot(slot_of_newest(), at, timedelta(seconds=settings.EVALUATE_EVERY_S))
    if slot is None or not (is_open(slot) and is_open(at)):
        return False
    quotes = _quotes_for(_followed(), at)
    with unit_of_work():
        _begin(slot, quotes, at)
    return True


def _work_off_chunks(clock: Clock) -> int:
    done, known = 0, dict[int, TickQuotes]()
    while work_off_chunk(clock=clock, since=clock() - LET_GO_AFTER, known=known):
        done += 1
    return done


def _is_being_worked_on(at: datetime) -> bool:
    return unfinished(since=at - LET_GO_AFTER).exists()


def _followed() -> list[tuple[str, str]]:
    """Return (provider, ticker) of all positions to evaluate. Replayed history has a clock of its own."""
    active = Position.objects.filter(status=PositionStatus.ACTIVE)
    pairs = active.values_list("market_provider", "ticker").distinct()
    return sorted(pair for pair in pairs if not provider(pair[0]).is_confirmed)


def _quotes_for(followed: Iterable[tuple[str, str]], at: datetime) -> Quotes:
    tickers: dict[str, list[str]] = {}
    for name, ticker in followed:
        tickers.setdefault(name, []).append(ticker)
    return {
        (name, ticker): checked
        for name, wanted in tickers.items()
        for ticker, checked in checked_quotes(provider_name=name, tickers=wanted, at=at).items()
    }


def _begin(slot: datetime, quotes: Quotes, at: datetime) -> None:
    providers = {name for name, _ in quotes}
    positions = Position.objects.filter(status=PositionStatus.ACTIVE, market_provider__in=providers).count()
    chunks = max(1, ceil(positions / CHUNK))
    tick = Tick(id=milliseconds(slot), slot=slot, opened_at=at, positions=positions, chunks=chunks)
    if not insert_unless_there(tick):
        return
    insert_rows([TickChunk(tick=tick, number=number) for number in range(chunks)])
    insert_rows([_quote_row(tick, *key, checked) for key, checked in quotes.items()])
    for name in providers:
        _tell_of_feed(name, [checked for (of, _), checked in quotes.items() if of == name], at)


def _quote_row(tick: Tick, name: str, ticker: str, checked: CheckedQuote) -> TickQuote:
    quote, last = checked.quote, checked.last
    return TickQuote(
        tick=tick,
        provider=name,
        ticker=ticker,
        price=None if quote is None else quote.price,
        ticks=0 if quote is None else in_ticks(quote.price),
        as_of=None if quote is None else quote.as_of,
        source="" if quote is None else quote.source,
        is_real=quote is not None and quote.is_real,
        gate="" if checked.gate is None else checked.gate.value,
        last_price=None if last is None else last.price,
        last_as_of=None if last is None else last.as_of,
    )


def _tell_of_feed(name: str, quotes: list[CheckedQuote], at: datetime) -> None:
    """A feed that has no fresh price at all is an alert; one ticker without may not be trading."""
    if all(checked.gate is QuoteGate.STALE for checked in quotes):
        raise_alert(
            kind=AlertKind.STALE_FEED,
            key=name,
            message=f"The market feed {name} has no fresh price: nothing is traded on it.",
            at=at,
        )
    else:
        clear_alert(kind=AlertKind.STALE_FEED, key=name, at=at)
