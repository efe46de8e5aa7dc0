"""A tenant's own word on dividends and splits: kept as its own, and in effect at once when it is due."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from accounts.models import Tenant
from accounts.transactions import Stamp, lock_all, read_one, require_unit_of_work
from dividends.errors import DividendConflict, SplitConflict
from dividends.models import Dividend, Receivable, Split, SplitApplication
from dividends.services import is_replayed, split_position, take_ex_dividend, take_what_is_due
from market.calendar import FIRST_DAY
from market.steps import tell_dividends, tell_splits
from positions.event_types import EventType
from positions.events import record_event
from positions.models import Position, PositionStatus
from positions.services import require_withholding
from volbal.errors import OrderOpen, OutOfRange
from volbal.fields import read_ticker
from volbal.numbers import plain, require_price
from volbal.trading_day import trading_date

CURRENCY = "USD"
MOST_SHARES_IN_A_RATIO = 999_999_999


def announce_dividend(
    *,
    tenant_id: UUID,
    ticker: str,
    ex_date: date,
    pay_date: date,
    dps: Decimal,
    stamp: Stamp,
    currency: str = CURRENCY,
    withholding_tax_rate: Decimal | None = None,
) -> Dividend:
    """Keep a tenant's own dividend of `dps` dollars per share; the tax rate is a fraction.

    With an ex-date of today (New York) or before, every cell of the ticker that is not closed takes it now,
    whenever it was opened, unless it has dealt with that ex-date already. Nothing is paid here.
    The same announcement again changes nothing and returns what is kept.
    Raises DividendConflict if other values are kept, OrderOpen while a split has to wait for a broker's word
    on an order, OutOfRange, InvalidNumber, InvalidTicker, NotFound.
    Source: docs/api-notes.md, "Announcements".
    """
    terms = {
        "pay_date": pay_date,
        "dps": require_price(dps, "dps"),
        "currency": currency,
        "withholding_tax_rate": require_withholding(withholding_tax_rate),
    }
    _require_terms(ex_date, pay_date, currency)
    tenant, ticker = _tenant(tenant_id), read_ticker(ticker)
    cells = _cells_concerned(tenant, ticker, ex_date, stamp)
    dividend, is_new = Dividend.objects.get_or_create(
        owner=tenant, ticker=ticker, ex_date=ex_date, defaults=terms
    )
    if is_new:
        tell_dividends(ticker=ticker, dividends=[dividend.fact()], owner=tenant)
        _record_announcement(tenant, dividend, stamp)
        for cell in cells:
            _take_now(cell, dividend, stamp)
    elif not _is_kept(dividend, terms):
        raise DividendConflict(
            f"You announced {ticker}'s dividend of {ex_date} as {plain(dividend.dps)} a share, "
            f"paid on {dividend.pay_date}."
        )
    return dividend


def announce_split(
    *, tenant_id: UUID, ticker: str, date: date, new_shares: int, old_shares: int, stamp: Stamp
) -> Split:
    """Keep a tenant's own split: `old_shares` become `new_shares` before the open of `date`.

    A split of today (New York) or before is applied now to every cell of the ticker that is not closed,
    whenever it was opened, unless one of that date was applied already.
    The same announcement again changes nothing and returns what is kept.
    Raises SplitConflict if another ratio is kept, OrderOpen while an order is at a broker, OutOfRange,
    InvalidTicker, NotFound.
    Source: docs/api-notes.md, "Announcements".
    """
    terms = {"new_shares": new_shares, "old_shares": old_shares}
    _require_day(date, "date")
    _require_ratio(terms)
    tenant, ticker = _tenant(tenant_id), read_ticker(ticker)
    cells = _cells_concerned(tenant, ticker, date, stamp)
    split, is_new = Split.objects.get_or_create(owner=tenant, ticker=ticker, date=date, defaults=terms)
    if is_new:
        tell_splits(ticker=ticker, splits=[split.fact()], owner=tenant)
        for cell in cells:
            _split_now(cell, split, stamp)
    elif not _is_kept(split, terms):
        raise SplitConflict(
            f"You announced {ticker}'s split of {date} as {split.new_shares}:{split.old_shares}."
        )
    return split


def _take_now(cell: Position, dividend: Dividend, stamp: Stamp) -> None:
    """Let a locked cell go ex-dividend, after the splits of that day and what it missed before."""
    if not take_what_is_due(cell, dividend.ex_date, stamp=stamp):
        raise _waits_for_broker(cell)
    if not Receivable.objects.filter(position=cell, ex_date=dividend.ex_date).exists():
        take_ex_dividend(cell, dividend, stamp=stamp)


def _split_now(cell: Position, split: Split, stamp: Stamp) -> None:
    """Apply a split to a locked cell, after what the cell missed on the days before."""
    if not take_what_is_due(cell, split.date - timedelta(days=1), stamp=stamp):
        raise _waits_for_broker(cell)
    is_applied = SplitApplication.objects.filter(position=cell, date=split.date).exists()
    if not is_applied and not split_position(cell, split, stamp=stamp):
        raise _waits_for_broker(cell)


def _waits_for_broker(cell: Position) -> OrderOpen:
    return OrderOpen(f"A broker still has an order of {cell}: cancel it, and announce when it is done.")


def _cells_concerned(tenant: Tenant, ticker: str, day: date, stamp: Stamp) -> list[Position]:
    """Lock the cells on which something of `day` acts now; none when `day` is still to come."""
    require_unit_of_work()
    if day > trading_date(stamp.at):
        return []
    cells = Position.objects.of_tenant(tenant).filter(ticker=ticker).exclude(status=PositionStatus.CLOSED)
    return [cell for cell in lock_all(cells) if not is_replayed(cell)]


def _record_announcement(tenant: Tenant, dividend: Dividend, stamp: Stamp) -> None:
    record_event(
        tenant,
        EventType.EX_DIV_ANNOUNCED,
        f"Dividend of {plain(dividend.dps)} a share of {dividend.ticker} announced for {dividend.ex_date}.",
        stamp=stamp,
        inputs={
            "dividend_id": dividend.pk,
            "ticker": dividend.ticker,
            "ex_date": dividend.ex_date,
            "pay_date": dividend.pay_date,
            "dps": dividend.dps,
            "currency": dividend.currency,
            "withholding_tax_rate": dividend.withholding_tax_rate,
        },
    )


def _is_kept(row: Dividend | Split, terms: Mapping[str, Any]) -> bool:
    return all(getattr(row, name) == value for name, value in terms.items())


def _tenant(tenant_id: UUID) -> Tenant:
    return read_one(Tenant.objects.filter(pk=tenant_id), "tenant")


def _require_terms(ex_date: date, pay_date: date, currency: str) -> None:
    _require_day(ex_date, "ex_date")
    if pay_date < ex_date:
        raise OutOfRange("pay_date: not before the ex-date.", field="pay_date")
    if currency != CURRENCY:
        raise OutOfRange(f"currency: only {CURRENCY} is kept.", field="currency")


def _require_day(day: date, field: str) -> None:
    if day < FIRST_DAY:
        raise OutOfRange(f"{field}: not before {FIRST_DAY}.", field=field)


def _require_ratio(terms: Mapping[str, int]) -> None:
    for name, shares in terms.items():
        if not 1 <= shares <= MOST_SHARES_IN_A_RATIO:
            raise OutOfRange(f"{name}: 1 to {MOST_SHARES_IN_A_RATIO}.", field=name)
    if terms["new_shares"] == terms["old_shares"]:
        raise OutOfRange("new_shares: a split changes the number of shares.", field="new_shares")
