"""Corporate actions for tests, and the mornings on which they act."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from itertools import chain

from accounts.models import Tenant
from accounts.transactions import unit_of_work
from dividends.announcements import announce_dividend, announce_split
from dividends.ledger import receivable_faults
from dividends.models import Dividend, Receivable, Split, SplitApplication
from dividends.services import begin_day, pay_dividend
from market.calendar import open_of
from orders.ledger import order_faults, reservation_faults
from orders.lifecycle import OrderRequest, place_order
from orders.models import Order
from positions.ledger import event_faults, journal_faults
from positions.models import Position
from positions.tests.builders import everything_written, make_stamp
from volbal.values import Side

# Positions are opened on Monday, 2024-01-08.
EX_DATE = date(2024, 1, 16)
PAY_DATE = date(2024, 2, 1)


def make_dividend(
    dps: str = "0.82",
    ex_date: date = EX_DATE,
    pay_date: date = PAY_DATE,
    ticker: str = "IBM",
    owner: Tenant | None = None,
    withholding: str | None = None,
) -> Dividend:
    """Store a dividend, everybody's unless it has an owner."""
    return Dividend.objects.create(
        ticker=ticker,
        ex_date=ex_date,
        pay_date=pay_date,
        dps=Decimal(dps),
        owner=owner,
        withholding_tax_rate=None if withholding is None else Decimal(withholding),
    )


def make_split(
    new_shares: int = 2,
    old_shares: int = 1,
    on: date = EX_DATE,
    ticker: str = "IBM",
    owner: Tenant | None = None,
) -> Split:
    """Store a split, everybody's unless it has an owner."""
    return Split.objects.create(
        ticker=ticker, date=on, new_shares=new_shares, old_shares=old_shares, owner=owner
    )


def make_open_order(position: Position, side: Side = Side.BUY, qty: str = "10", price: str = "97") -> Order:
    """Place an order that nobody executes."""
    with unit_of_work():
        return place_order(
            Position.objects.lock(position.pk),
            OrderRequest(
                side=side,
                qty=Decimal(qty),
                price=Decimal(price),
                reason="trigger_down",
                commission_rate=Decimal("0.0001"),
            ),
            stamp=make_stamp(),
        )


def morning(position: Position, on: date) -> Position:
    """Begin a day for one position at 9:30 New York and return it as the database has it."""
    with unit_of_work():
        begin_day(position_id=position.pk, on=on, stamp=make_stamp(open_of(on)))
    return Position.objects.get(pk=position.pk)


def announced(
    tenant: Tenant,
    dps: str = "0.82",
    on: date = EX_DATE,
    ex_date: date = EX_DATE,
    pay_date: date = PAY_DATE,
    ticker: str = "IBM",
    withholding: str | None = None,
) -> Dividend:
    """Let a tenant announce a dividend at 9:30 New York of the day `on`."""
    with unit_of_work():
        return announce_dividend(
            tenant_id=tenant.pk,
            ticker=ticker,
            ex_date=ex_date,
            pay_date=pay_date,
            dps=Decimal(dps),
            withholding_tax_rate=None if withholding is None else Decimal(withholding),
            stamp=make_stamp(open_of(on)),
        )


def announced_split(
    tenant: Tenant,
    new_shares: int = 2,
    old_shares: int = 1,
    on: date = EX_DATE,
    day: date = EX_DATE,
    ticker: str = "IBM",
) -> Split:
    """Let a tenant announce a split of `day` at 9:30 New York of the day `on`."""
    with unit_of_work():
        return announce_split(
            tenant_id=tenant.pk,
            ticker=ticker,
            date=day,
            new_shares=new_shares,
            old_shares=old_shares,
            stamp=make_stamp(open_of(on)),
        )


def paid(tenant: Tenant, dividend: Dividend, on: date = PAY_DATE) -> list[Receivable]:
    """Let a tenant pay a dividend at 9:30 New York of the day `on`."""
    with unit_of_work():
        return pay_dividend(tenant_id=tenant.pk, dividend_id=dividend.pk, stamp=make_stamp(open_of(on)))


def all_written() -> tuple[object, ...]:
    """Return what any write to cells, history or corporate actions changes, to compare before and after."""
    return (
        everything_written(),
        sorted(map(repr, Dividend.objects.values_list())),
        sorted(map(repr, Split.objects.values_list())),
        sorted(map(repr, Receivable.objects.values_list())),
        SplitApplication.objects.count(),
    )


def event_types(position: Position) -> list[str]:
    """Return what happened to a position since it was opened."""
    return list(position.events.order_by("seq").values_list("type", flat=True))[1:]


def assert_books_agree() -> None:
    """Every check of the ledger finds nothing."""
    checks = (journal_faults, event_faults, order_faults, reservation_faults, receivable_faults)
    assert list(chain.from_iterable(check() for check in checks)) == []
