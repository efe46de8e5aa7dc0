"""Reads of corporate actions."""

from __future__ import annotations

from dividends.models import Dividend, Split
from market.values import DividendFact, SplitFact


def imported_dividends(ticker: str) -> tuple[DividendFact, ...]:
    """Return the ticker's dividends that belong to nobody in particular, by ex-date."""
    rows = Dividend.objects.filter(ticker=ticker, owner=None).order_by("ex_date")
    return tuple(row.fact() for row in rows)


def imported_splits(ticker: str) -> tuple[SplitFact, ...]:
    """Return the ticker's splits that belong to nobody in particular, by date."""
    rows = Split.objects.filter(ticker=ticker, owner=None).order_by("date")
    return tuple(row.fact() for row in rows)
