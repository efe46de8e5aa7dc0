"""Bringing histories in: bars, dividends and splits of one ticker, all or nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from accounts.models import Tenant
from accounts.transactions import Stamp, require_unit_of_work
from dividends.errors import DividendConflict, SplitConflict
from dividends.models import Dividend, Split
from market.services import import_bars
from market.steps import tell_dividends, tell_splits
from market.values import DividendFact, History, SplitFact
from positions.event_types import EventType
from positions.events import record_event
from volbal.numbers import plain


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportCounts:
    """How many rows were new; the others were there already, equal."""

    bars: int
    dividends: int
    splits: int


def import_history(history: History, *, stamp: Stamp) -> ImportCounts:
    """Store a ticker's history as everybody's, inside the caller's unit of work. Equal rows are no news.

    Raises BarConflict, DividendConflict or SplitConflict for a stored row with other values.
    """
    require_unit_of_work()
    bars = import_bars(ticker=history.ticker, bars=history.bars)
    dividends, splits = import_actions(history, stamp=stamp)
    return ImportCounts(bars=bars, dividends=dividends, splits=splits)


def import_actions(history: History, *, stamp: Stamp, owner: Tenant | None = None) -> tuple[int, int]:
    """Store only the dividends and splits, as everybody's or one tenant's own; return how many were new.

    Raises as above.
    """
    require_unit_of_work()
    return (
        _import_dividends(history.ticker, history.dividends, stamp, owner),
        _import_splits(history.ticker, history.splits, owner),
    )


def _import_dividends(ticker: str, facts: Iterable[DividendFact], stamp: Stamp, owner: Tenant | None) -> int:
    stored = {d.ex_date: d for d in Dividend.objects.filter(ticker=ticker, owner=owner)}
    new = []
    for fact in facts:
        had = stored.get(fact.ex_date)
        if had is None:
            new.append(fact)
        elif (had.pay_date, had.dps, had.currency) != (fact.pay_date, fact.dps, fact.currency):
            raise DividendConflict(
                f"{ticker}'s dividend of {fact.ex_date} is stored as {plain(had.dps)} paid {had.pay_date}."
            )
    rows = [
        Dividend(
            owner=owner,
            ticker=ticker,
            ex_date=f.ex_date,
            pay_date=f.pay_date,
            dps=f.dps,
            currency=f.currency,
        )
        for f in new
    ]
    Dividend.objects.bulk_create(rows)
    tell_dividends(ticker=ticker, dividends=new, owner=owner)
    _announce(ticker, rows, stamp, owner)
    return len(rows)


def _announce(ticker: str, rows: Sequence[Dividend], stamp: Stamp, owner: Tenant | None) -> None:
    if rows:
        record_event(
            owner,
            EventType.EX_DIV_ANNOUNCED,
            f"{len(rows)} dividends of {ticker} imported.",
            stamp=stamp,
            inputs={
                "ticker": ticker,
                "dividends": [{"ex_date": d.ex_date, "pay_date": d.pay_date, "dps": d.dps} for d in rows],
            },
        )


def _import_splits(ticker: str, facts: Iterable[SplitFact], owner: Tenant | None) -> int:
    stored = {s.date: s for s in Split.objects.filter(ticker=ticker, owner=owner)}
    new = []
    for fact in facts:
        had = stored.get(fact.date)
        if had is None:
            new.append(fact)
        elif (had.new_shares, had.old_shares) != (fact.new_shares, fact.old_shares):
            raise SplitConflict(
                f"{ticker}'s split of {fact.date} is stored as {had.new_shares}:{had.old_shares}."
            )
    Split.objects.bulk_create(
        Split(owner=owner, ticker=ticker, date=f.date, new_shares=f.new_shares, old_shares=f.old_shares)
        for f in new
    )
    tell_splits(ticker=ticker, splits=new, owner=owner)
    return len(new)
