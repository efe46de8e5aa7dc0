"""What is to come and what was: dividends and splits of a tenant's tickers by date, and what is owed."""

from __future__ import annotations

import calendar
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import chain
from typing import Any, NamedTuple
from uuid import UUID

from django.db import models
from django.db.models import Q, QuerySet

from accounts.models import Tenant
from accounts.page_lists import Order, Slice, first_slice, newest_first, slice_below
from accounts.prepared import Prepared, Slot
from dividends.models import Dividend, Receivable, ReceivableStatus, Split
from positions.models import Position, PositionStatus
from volbal.numbers import ZERO, plain

LATEST_FIRST: Order = {"ex_date": date.fromisoformat, "pk": UUID}
MOST_OWED = 200
# How far ahead a dividend counts as coming.
AHEAD = timedelta(days=120)
# How long after its ex-date a dividend may be paid and still be looked for.
LATEST_PAY = timedelta(days=400)


class Entry(NamedTuple):
    """One thing that is on a date: of which ticker, what kind, and what it is in words."""

    ticker: str
    kind: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """One square of the calendar."""

    date: date
    is_of_month: bool
    is_today: bool
    entries: Sequence[Entry]

    @property
    def weekday(self) -> str:
        """Its day of the week, in three letters."""
        return f"{self.date:%a}"

    @property
    def month_name(self) -> str:
        """Its month, in three letters."""
        return f"{self.date:%b}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Coming:
    """A dividend still to go ex, the shares that cells hold now, and what that would be before tax."""

    dividend: Dividend
    shares: Decimal
    gross: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """What is certain and not yet paid: all in all, in dollars net, and cell by cell."""

    total: Decimal
    count: int
    receivables: Sequence[Receivable]


def tickers_of(tenant: Tenant) -> set[str]:
    """Return the tickers that a tenant has, or had, cells of."""
    return {ticker for (ticker,) in _TICKERS.rows(tenant=tenant.pk)}


def month_of(tenant: Tenant, first: date, today: date) -> list[Day]:
    """Return the whole weeks around the month that begins on `first`, Mondays first."""
    days = list(chain.from_iterable(calendar.Calendar().monthdatescalendar(first.year, first.month)))
    entries = _entries(tenant, days[0], days[-1])
    return [
        Day(
            date=day,
            is_of_month=day.month == first.month,
            is_today=day == today,
            entries=sorted(entries.get(day, ())),
        )
        for day in days
    ]


def coming(tenant: Tenant, today: date) -> list[Coming]:
    """Return the dividends of what is held that go ex from `today` on, the next first."""
    ahead = _own_first(_COMING.rows(tenant=tenant.pk, first=today, last=today + AHEAD))
    if not ahead:
        return []
    held: dict[str, Decimal] = defaultdict(Decimal)
    of_those = _held(tenant.pk).filter(ticker__in={one.ticker for one in ahead})
    for ticker, qty in of_those.values_list("ticker", "qty"):
        held[ticker] += qty
    found = [Coming(dividend=one, shares=held[one.ticker], gross=held[one.ticker] * one.dps) for one in ahead]
    return sorted(found, key=lambda one: (one.dividend.ex_date, one.dividend.ticker))


def owed(tenant: Tenant) -> Owed:
    """Return what a tenant's cells are owed, the next to be paid first."""
    amounts = [amount for (amount,) in _AMOUNTS_OWED.rows(tenant=tenant.pk)]
    shown = _OWED.rows(tenant=tenant.pk) if amounts else []
    return Owed(total=sum(amounts, ZERO), count=len(amounts), receivables=shown)


def paid(tenant: Tenant, narrowed: Q, cursor: str) -> Slice[Receivable]:
    """Return what was paid, the latest ex-date first. Raises OutOfRange for a cursor that is none."""
    if not narrowed and not cursor:
        return first_slice(_LATEST_PAID.rows(tenant=tenant.pk), LATEST_FIRST)
    return slice_below(_paid(tenant.pk).filter(narrowed), LATEST_FIRST, cursor)


def _entries(tenant: Tenant, first: date, last: date) -> Mapping[date, Sequence[Entry]]:
    found: dict[date, list[Entry]] = defaultdict(list)
    for one in _own_first(_DIVIDENDS.rows(tenant=tenant.pk, first=first - LATEST_PAY, last=last)):
        each = f"${plain(one.dps)} a share"
        found[one.ex_date].append(Entry(one.ticker, "ex", f"ex-dividend, {each}"))
        found[one.pay_date].append(Entry(one.ticker, "pay", f"pays {each}"))
    splits = {(one.ticker, one.date): one for one in _SPLITS.rows(tenant=tenant.pk, first=first, last=last)}
    for split in splits.values():
        found[split.date].append(Entry(split.ticker, "split", f"split {split.new_shares}:{split.old_shares}"))
    return found


def _own_first(rows: Sequence[Dividend]) -> list[Dividend]:
    """Keep of each date the tenant's own row if there is one; it comes last."""
    return list({(row.ticker, row.ex_date): row for row in rows}.values())


def _held(tenant: Any) -> QuerySet[Position]:
    return Position.objects.filter(tenant=tenant).exclude(status=PositionStatus.CLOSED)


def _paid(tenant: Any) -> QuerySet[Receivable]:
    rows = Receivable.objects.filter(position__tenant=tenant, status=ReceivableStatus.PAID)
    return rows.select_related("position", "dividend")


def _pending(tenant: Any) -> QuerySet[Receivable]:
    return Receivable.objects.pending().filter(position__tenant=tenant)


def _ever_held(tenant: Any) -> QuerySet[Any, Any]:
    return Position.objects.filter(tenant=tenant).values("ticker")


# What the page reads however it is narrowed, and what it opens with.
_TENANT: Any = Slot("tenant", models.UUIDField())
_FIRST, _LAST = Slot("first", models.DateField()), Slot("last", models.DateField())
_TICKERS = Prepared(lambda: Position.objects.filter(tenant=_TENANT).values_list("ticker").distinct())
_COMING = Prepared(
    lambda: Dividend.objects.seen_by(_TENANT).filter(
        ticker__in=_held(_TENANT).values("ticker"), ex_date__gte=_FIRST, ex_date__lte=_LAST
    )
)
_DIVIDENDS = Prepared(
    lambda: Dividend.objects.seen_by(_TENANT).filter(
        ticker__in=_ever_held(_TENANT), ex_date__gte=_FIRST, ex_date__lte=_LAST
    )
)
_SPLITS = Prepared(
    lambda: Split.objects.seen_by(_TENANT).filter(
        ticker__in=_ever_held(_TENANT), date__gte=_FIRST, date__lte=_LAST
    )
)
_AMOUNTS_OWED = Prepared(lambda: _pending(_TENANT).values_list("amount"))
_OWED = Prepared(
    lambda: (
        _pending(_TENANT)
        .select_related("position", "dividend")
        .order_by("dividend__pay_date", "position__number")[:MOST_OWED]
    )
)
_LATEST_PAID = Prepared(lambda: newest_first(_paid(_TENANT), LATEST_FIRST))
