"""Reads of stored and bundled bars."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from typing import Any

from django.db import models

from accounts.prepared import Prepared, Slot
from market.bundled_history import bundled_history
from market.errors import UnknownTicker
from market.models import Bar, BarQuerySet
from market.values import DayBar, History

_OF_A_DAY = ("date", "open", "high", "low", "close", "volume")
_TICKER = Slot("ticker", models.CharField())
# Asked for whenever a chart is drawn.
_SPAN = Prepared(
    lambda: Bar.objects.of(
        _TICKER, Slot("start", models.DateField()), Slot("end", models.DateField())
    ).values_list(*_OF_A_DAY)
)
_ANY = Prepared(lambda: Bar.objects.filter(ticker=_TICKER).values_list("pk")[:1])


def has_imported_bars(ticker: str) -> bool:
    """Return whether any bar of `ticker` was imported; bundled bars don't count."""
    return bool(_ANY.rows(ticker=ticker))


def last_stored_day(ticker: str) -> date | None:
    """Return the date of the newest bar that was stored; bundled bars don't count."""
    newest = Bar.objects.of(ticker).last()
    return None if newest is None else newest.date


def bars_of(ticker: str, *, start: date | None = None, end: date | None = None) -> tuple[DayBar, ...]:
    """Return the bars of `ticker` from `start` to `end`, both inclusive, oldest first.

    The imported ones if there are any at all, else the bundled ones; never a mixture.
    Raises UnknownTicker if there are neither; a span without bars gives ().
    """
    imported = _values(_SPAN.rows(ticker=ticker, start=start or date.min, end=end or date.max))
    if imported or has_imported_bars(ticker):
        return imported
    return bundled_span(ticker, start, end).bars


def bundled_span(ticker: str, start: date | None = None, end: date | None = None) -> History:
    """Return the bundled history with the bars from `start` to `end` alone; needs no database.

    Raises UnknownTicker for a ticker that is not bundled.
    """
    history = bundled_history(ticker)
    if history is None:
        raise UnknownTicker(
            f"There are no bars of {ticker}: import them with manage.py import_history {ticker} FILE.csv.",
            ticker=ticker,
        )
    bars = tuple(
        bar
        for bar in history.bars
        if (start is None or bar.date >= start) and (end is None or bar.date <= end)
    )
    return replace(history, bars=bars)


def day_bars(stored: BarQuerySet) -> tuple[DayBar, ...]:
    """Return stored bars as values."""
    return _values(stored.values_list(*_OF_A_DAY))


def _values(rows: Iterable[tuple[Any, ...]]) -> tuple[DayBar, ...]:
    return tuple(
        DayBar(date=day, open=open_, high=high, low=low, close=close, volume=volume)
        for day, open_, high, low, close, volume in rows
    )
