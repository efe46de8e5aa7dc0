"""The close before a day, which a day's change is counted from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal

from django.db.models import Q

from market.bundled_history import bundled_history
from market.models import Bar, KnownStep
from volbal.numbers import exact, to_six

LOOKED_BACK = timedelta(days=10)


def closes_before(days: Mapping[str, date]) -> dict[str, Decimal]:
    """Return the last close before the day asked for, by ticker, restated for a split on that day.

    Stored bars count, and bundled ones of tickers that have none stored then. Two queries. A ticker whose
    last close is more than ten days older is absent.
    """
    if not days:
        return {}
    found = _stored(days) or {}
    for ticker, day in days.items():
        if ticker not in found and (close := _bundled(ticker, day)) is not None:
            found[ticker] = close
    return _restated(found, days)


def _stored(days: Mapping[str, date]) -> dict[str, Decimal]:
    tickers: dict[date, list[str]] = defaultdict(list)
    for ticker, day in days.items():
        tickers[day].append(ticker)
    asked = Q()
    for day, some in tickers.items():
        asked |= Q(ticker__in=some, date__lt=day, date__gte=day - LOOKED_BACK)
    rows = Bar.objects.filter(asked).order_by("date").values_list("ticker", "close")
    return dict(rows)  # the newest comes last


def _bundled(ticker: str, day: date) -> Decimal | None:
    history = bundled_history(ticker)
    if history is None:
        return None
    closes = (bar.close for bar in reversed(history.bars) if day - LOOKED_BACK <= bar.date < day)
    return next(closes, None)


def _restated(closes: dict[str, Decimal], days: Mapping[str, date]) -> dict[str, Decimal]:
    steps = KnownStep.objects.filter(owner=None, ticker__in=list(closes), date__in=set(days.values()))
    for ticker, day, new, old in steps.values_list("ticker", "date", "new_shares", "old_shares"):
        if days[ticker] == day and new != old:
            with exact():
                closes[ticker] = to_six(closes[ticker] * old / new)
    return closes
