"""The shapes of dividends, receivables and splits in the API."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from ninja import Schema

from accounts.api_types import DayIn, DecimalOut, InSchema, PriceIn, RateIn, TickerIn, WholeIn


class DividendIn(InSchema):
    """A dividend that a tenant announces: `dps` dollars per share held before the ex-date."""

    ticker: TickerIn
    ex_date: DayIn
    pay_date: DayIn
    dps: PriceIn
    currency: Literal["USD"] = "USD"
    withholding_tax_rate: RateIn | None = None


class DividendOut(Schema):
    """One cash dividend, announced by the tenant or known to everybody."""

    id: UUID
    ticker: str
    ex_date: date
    pay_date: date
    dps: DecimalOut
    currency: str
    withholding_tax_rate: DecimalOut | None
    created_at: datetime


class DividendPage(Schema):
    """One page of dividends, the latest ex-date first."""

    items: list[DividendOut]
    count: int


class PaymentIn(InSchema):
    """Which dividend is to be paid."""

    dividend_id: UUID


class ReceivableOut(Schema):
    """One cell's claim from one dividend: `amount` dollars net, gross minus tax."""

    id: UUID
    position_id: UUID
    dividend_id: UUID
    shares: DecimalOut
    gross: DecimalOut
    tax: DecimalOut
    amount: DecimalOut
    status: str
    created_at: datetime
    paid_at: datetime | None


class ReceivablePage(Schema):
    """One page of receivables, the latest ex-date first."""

    items: list[ReceivableOut]
    count: int


class PaymentOut(Schema):
    """What was paid just now; nothing that was paid before."""

    paid: list[ReceivableOut]


class SplitIn(InSchema):
    """A split that a tenant announces: `old_shares` become `new_shares` before the open of `date`."""

    ticker: TickerIn
    date: DayIn
    new_shares: WholeIn
    old_shares: WholeIn


class SplitOut(Schema):
    """One split."""

    id: UUID
    ticker: str
    date: date
    new_shares: int
    old_shares: int
    created_at: datetime
