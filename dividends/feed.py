"""Dividends, splits and bars from live feeds, once a day: told again without harm, revised with care."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import date
from typing import Generic, TypeVar

from django.db import IntegrityError
from django.db.models import Min

from accounts.transactions import Stamp, require_unit_of_work, unit_of_work
from dividends.imports import import_actions
from dividends.models import Dividend, ReceivableStatus, Split
from market.errors import FeedError
from market.fetch import fetch_facts
from market.providers.registry import provider
from market.services import add_missing_tail
from market.steps import tell_dividends, tell_splits
from market.values import DividendFact, History, SplitFact
from positions.event_types import EventType
from positions.events import record_event
from positions.models import Position, PositionStatus
from volbal.numbers import plain
from volbal.trading_day import trading_date

log = logging.getLogger(__name__)

# Amounts that a feed has divided by later splits come back with the noise of that.
SAME_AMOUNT = 1000

Fact = TypeVar("Fact", DividendFact, SplitFact)


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedReport:
    """What one ticker's feed brought: rows new and revised, what it says otherwise, or why it failed."""

    ticker: str
    dividends: int = 0
    splits: int = 0
    bars: int = 0
    revised: int = 0
    differences: tuple[str, ...] = ()
    error: str = ""


def fetch_and_store(*, stamp: Stamp) -> list[FeedReport]:
    """Ask the live feeds about every ticker that is held, and store what is new, one unit of work a ticker.

    Safe to repeat, and to run twice at once. A ticker whose feed fails doesn't keep the others.
    """
    return [_fetch_one(*held, stamp=stamp) for held in _held_tickers()]


def store_facts(facts: History, *, stamp: Stamp) -> FeedReport:
    """Store a feed's dividends, splits and later bars as everybody's, inside the caller's unit of work.

    A dividend or split that was stored with other values is replaced while nothing came of it yet; after
    that it is left alone and reported. Source: docs/strategy.md, "Dividends and splits from a feed".
    """
    require_unit_of_work()
    dividends = _sort_dividends(facts, stamp)
    splits = _sort_splits(facts, stamp)
    new = History(ticker=facts.ticker, bars=(), dividends=dividends.new, splits=splits.new)
    import_actions(new, stamp=stamp)
    bars = add_missing_tail(ticker=facts.ticker, bars=facts.bars)
    differences = (*dividends.differences, *splits.differences)
    for difference in differences:
        log.warning("feed_differs", extra={"ticker": facts.ticker, "detail": difference})
    return FeedReport(
        ticker=facts.ticker,
        dividends=len(dividends.new),
        splits=len(splits.new),
        bars=bars,
        revised=dividends.revised + splits.revised,
        differences=differences,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sorted(Generic[Fact]):
    """What a feed told, beside what is stored."""

    new: tuple[Fact, ...]
    revised: int
    differences: tuple[str, ...]


def _held_tickers() -> list[tuple[str, str, date]]:
    """Return (provider, ticker, day the oldest cell was opened) of what live feeds are asked about."""
    held = Position.objects.exclude(status=PositionStatus.CLOSED).values_list("market_provider", "ticker")
    rows = held.annotate(since=Min("opened_date")).order_by("market_provider", "ticker")
    return [row for row in rows if provider(row[0]).is_live]


def _fetch_one(provider_name: str, ticker: str, since: date, *, stamp: Stamp) -> FeedReport:
    try:
        facts = fetch_facts(
            provider_name=provider_name, ticker=ticker, since=since, today=trading_date(stamp.at)
        )
    except FeedError as error:
        log.warning("facts_not_fetched", extra={"ticker": ticker, "detail": error.detail})
        return FeedReport(ticker=ticker, error=error.detail)
    try:
        with unit_of_work():
            return store_facts(facts, stamp=stamp)
    except IntegrityError:
        return FeedReport(ticker=ticker, error="Somebody else stored the same at this moment.")


def _sort_dividends(facts: History, stamp: Stamp) -> _Sorted[DividendFact]:
    stored = {
        row.ex_date: row
        for row in Dividend.objects.select_for_update(of=("self",)).filter(ticker=facts.ticker, owner=None)
    }
    new = tuple(fact for fact in facts.dividends if fact.ex_date not in stored)
    revised, differences = 0, []
    for fact in facts.dividends:
        row = stored.get(fact.ex_date)
        if row is None or _says_the_same(row, fact):
            continue
        if _may_revise(row, fact, trading_date(stamp.at)):
            _revise_dividend(row, fact, stamp)
            revised += 1
        else:
            differences.append(
                f"The feed says {plain(fact.dps)} paid {fact.pay_date} for the dividend of {row.ex_date}; "
                f"stored is {plain(row.dps)} paid {row.pay_date}."
            )
    return _Sorted(new=new, revised=revised, differences=tuple(differences))


def _says_the_same(row: Dividend, fact: DividendFact) -> bool:
    return _is_same_amount(row, fact) and (fact.pay_date_is_guess or fact.pay_date == row.pay_date)


def _is_same_amount(row: Dividend, fact: DividendFact) -> bool:
    return bool(abs(row.dps - fact.dps) * SAME_AMOUNT <= row.dps)


def _may_revise(row: Dividend, fact: DividendFact, today: date) -> bool:
    """The amount may change until the ex-date, the pay date until somebody was paid."""
    if _is_same_amount(row, fact):
        return not row.receivables.filter(status=ReceivableStatus.PAID).exists()
    return row.ex_date > today and not row.receivables.exists()


def _revise_dividend(row: Dividend, fact: DividendFact, stamp: Stamp) -> None:
    before = {"dps": row.dps, "pay_date": row.pay_date}
    if not _is_same_amount(row, fact):
        row.dps = fact.dps
    if not fact.pay_date_is_guess:
        row.pay_date = fact.pay_date
    row.save(update_fields=["dps", "pay_date"])
    tell_dividends(ticker=row.ticker, dividends=[replace(fact, dps=row.dps)])
    record_event(
        None,
        EventType.EX_DIV_ANNOUNCED,
        f"{row.ticker}'s dividend of {row.ex_date} is now {plain(row.dps)}, paid {row.pay_date}.",
        stamp=stamp,
        inputs={"ticker": row.ticker, "ex_date": row.ex_date, "dividend_id": row.pk, "before": before},
        outputs={"dps": row.dps, "pay_date": row.pay_date},
    )


def _sort_splits(facts: History, stamp: Stamp) -> _Sorted[SplitFact]:
    stored = {
        row.date: row
        for row in Split.objects.select_for_update(of=("self",)).filter(ticker=facts.ticker, owner=None)
    }
    new = tuple(fact for fact in facts.splits if fact.date not in stored)
    revised, differences = 0, []
    for fact in facts.splits:
        row = stored.get(fact.date)
        if row is None or row.new_shares * fact.old_shares == row.old_shares * fact.new_shares:
            continue
        if row.date > trading_date(stamp.at) and not row.applications.exists():
            _revise_split(row, fact)
            revised += 1
        else:
            differences.append(
                f"The feed says {fact.new_shares}:{fact.old_shares} for the split of {row.date}; "
                f"stored is {row.new_shares}:{row.old_shares}."
            )
    return _Sorted(new=new, revised=revised, differences=tuple(differences))


def _revise_split(row: Split, fact: SplitFact) -> None:
    row.new_shares, row.old_shares = fact.new_shares, fact.old_shares
    row.save(update_fields=["new_shares", "old_shares"])
    tell_splits(ticker=row.ticker, splits=[fact])
    log.warning("split_revised", extra={"ticker": row.ticker, "date": row.date})
