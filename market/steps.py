"""Splits and dividends as the quote checks know them: told by the dividends room, which stands above."""

from __future__ import annotations

from collections.abc import Iterable

from accounts.models import Tenant
from accounts.transactions import require_unit_of_work
from market.models import KnownStep
from market.values import DividendFact, SplitFact


def tell_splits(*, ticker: str, splits: Iterable[SplitFact], owner: Tenant | None = None) -> None:
    """Let these splits explain a step of the price; of one owner and date the last one told counts.

    Call it wherever a split is stored, in the same unit of work.
    """
    require_unit_of_work()
    rows = [
        KnownStep(owner=owner, ticker=ticker, date=s.date, new_shares=s.new_shares, old_shares=s.old_shares)
        for s in splits
    ]
    KnownStep.objects.filter(owner=owner, ticker=ticker, dps=0, date__in=[r.date for r in rows]).delete()
    KnownStep.objects.bulk_create(rows)


def tell_dividends(*, ticker: str, dividends: Iterable[DividendFact], owner: Tenant | None = None) -> None:
    """Let these dividends explain a step of the price; of one owner and ex-date the last one told counts.

    Call it wherever a dividend is stored, in the same unit of work.
    """
    require_unit_of_work()
    rows = [KnownStep(owner=owner, ticker=ticker, date=d.ex_date, dps=d.dps) for d in dividends]
    KnownStep.objects.filter(owner=owner, ticker=ticker, dps__gt=0, date__in=[r.date for r in rows]).delete()
    KnownStep.objects.bulk_create(rows)
