"""Cells for tests of their pages: one on replayed history with trades, and one that a person gives prices."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from django.test import Client

from accounts.models import Tenant
from orders.tests.builders import run_at
from positions.models import Event, Position
from positions.tests.builders import make_position

# Closes of IBM, as bundled, from the day after it is opened on.
FIRST = datetime(2008, 9, 2, 20, tzinfo=UTC)


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
