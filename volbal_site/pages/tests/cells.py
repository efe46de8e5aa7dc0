"""Cells for tests of their pages: one on replayed history with trades, and one that a person gives prices."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from django.test import Client

from accounts.models import Tenant
from accounts.transactions import unit_of_work
from dividends.models import Dividend
from dividends.services import take_ex_dividend
from market.bundled_history import bundled_history
from market.calendar import close_of, open_of
from market.queries import bars_of
from market.values import DividendFact
from orders.cycle import evaluate
from orders.tests.builders import run_at
from positions.models import Event, Position
from positions.tests.builders import make_position, make_stamp
from volbal.values import MarketQuote

# The day that history is replayed from.
FIRST = date(2008, 9, 2)


def logged_in(user: object) -> Client:
    """Return a client whose user is logged in."""
    client = Client()
    client.force_login(user)
    return client


def traded_cell(tenant: Tenant, **options: object) -> Position:
    """Return a cell that bought once and then waited."""
    position = make_position(tenant, **options)
    for price in (97, "98.5"):
        run_at(position, price)
    position.refresh_from_db()
    return position


def decision_that(position: Position, action: str) -> Event:
    """Return the newest decision of a cell with that action."""
    made = Event.objects.filter(position=position, outputs__decision__action=action)
    return made.order_by("-seq")[0]


def price_text(price: Decimal) -> str:
    """Write a price as an address has it."""
    return format(price, "f")


def history_cell(tenant: Tenant, *, days: int = 160) -> Position:
    """Return a cell on replayed history: every bundled close after FIRST was decided on, a dividend taken."""
    bars = [bar for bar in bars_of("IBM") if bar.date >= FIRST][: days + 1]
    opened = close_of(bars[0].date)
    cell = make_position(
        tenant,
        market_provider="replay",
        anchor=bars[0].close,
        cash=bars[0].close * 100,
        at=opened,
    )
    dividends = {fact.ex_date: fact for fact in bundled_history("IBM").dividends}
    for bar in bars[1:]:
        at = close_of(bar.date)
        with unit_of_work():
            if bar.date in dividends:
                _take(cell, dividends[bar.date], open_of(bar.date))
            quote = MarketQuote(price=bar.close, as_of=at, source="replay", is_real=False)
            evaluate(position_id=cell.pk, quote=quote, stamp=make_stamp(at, "replay"))
    cell.refresh_from_db()
    return cell


def _take(cell: Position, fact: DividendFact, at: datetime) -> None:
    dividend = Dividend.objects.create(
        ticker=cell.ticker, ex_date=fact.ex_date, pay_date=fact.pay_date, dps=fact.dps
    )
    take_ex_dividend(Position.objects.lock(cell.pk), dividend, stamp=make_stamp(at, "replay"))
