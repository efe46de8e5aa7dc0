"""Cells for tests, made the way the application makes them."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from django.db import connection
from django.db.models import Model

from accounts.models import Tenant
from accounts.transactions import Stamp, unit_of_work
from positions.models import ChainHead, Event, JournalEntry, Position
from positions.services import open_position

# A Monday, 11:00 in New York.
OPENED_AT = datetime(2024, 1, 8, 16, 0, tzinfo=UTC)


def make_stamp(at: datetime = OPENED_AT, actor: str = "tester") -> Stamp:
    """Return who did it and when."""
    return Stamp(at=at, actor=actor, request_id="test")


def make_tenant(name: str = "t") -> Tenant:
    """Return the tenant of that name, made if there is none."""
    return Tenant.objects.get_or_create(name=name)[0]


def make_position(
    tenant: Tenant | None = None,
    ticker: str = "IBM",
    qty: Decimal | int | str = 100,
    cash: Decimal | int | str = 10_000,
    anchor: Decimal | int | str | None = 100,
    at: datetime = OPENED_AT,
    broker: str = "paper",
    market_provider: str = "static",
) -> Position:
    """Open a cell; without a tenant in the one named "t"."""
    with unit_of_work():
        return open_position(
            tenant_id=(tenant or make_tenant()).pk,
            ticker=ticker,
            qty=Decimal(qty),
            cash=Decimal(cash),
            anchor_price=None if anchor is None else Decimal(anchor),
            stamp=make_stamp(at),
            market_provider=market_provider,
            broker=broker,
        )


def everything_written() -> tuple[object, ...]:
    """Return every row of cells and history, to compare before and after."""
    return tuple(rows_of(model) for model in (Position, Event, JournalEntry, ChainHead))


def rows_of(model: type[Model]) -> list[tuple[object, ...]]:
    """Return a table as the database has it, which is quicker than to make objects of it."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {model._meta.db_table} ORDER BY 1")
        return cursor.fetchall()
