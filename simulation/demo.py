"""The demonstration: a tenant and a user of its own, and two cells that the live replay trades."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import cast
from uuid import UUID

from django.conf import settings

from accounts.models import Tenant, User
from accounts.transactions import Stamp, lock_one, unit_of_work
from dividends.imports import import_actions
from market.bundled_history import bundled_tickers
from market.calendar import close_of
from market.models import ReplayClock
from market.providers.registry import provider
from market.providers.replay import ReplayProvider
from market.queries import bundled_span, has_imported_bars
from market.replay_clock import let_run, lock_clock, read_clock, set_clock
from orders.lifecycle import cancel_or_ask
from orders.models import Order
from positions.models import Position, PositionStatus
from positions.services import close_position, open_position, pause
from simulation.live_replay import drive
from simulation.models import DrivenCell
from volbal.errors import Conflict, OrderOpen
from volbal.fills import notional_of

NAME = "demo"
FIRST_DAY, LAST_DAY = date(2003, 1, 2), date(2013, 3, 1)
SHARES = Decimal(100)
HOW_TO_RESTART = "manage.py demo --restart begins again on its first day."
# No letter that looks like another: 20 of them are 98 bits.
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


class NoDemo(Conflict):
    """The demonstration was never started here."""

    title = "There is no demo here"


class NameTaken(Conflict):
    """Somebody else has the name that the demonstration needs."""

    title = "The name demo is taken"


def start_demo(*, now: datetime) -> str | None:
    """See to it that the demo is there and goes on; return its user's password if it is new.

    The password is kept only as a hash. Opens its own unit of work; `now` is the wall clock's.
    Raises NameTaken if there is a user or a tenant `demo` that is not the demonstration's.
    """
    with unit_of_work():
        if is_started():
            let_run(True, now=now)
            return None
        if User.objects.filter(username=NAME).exists() or Tenant.objects.filter(name=NAME).exists():
            raise NameTaken(
                f"There is a user or a tenant called {NAME} already, and it isn't the demo's. "
                "Show the demo on another database (DATABASE_URL)."
            )
        password = _new_password()
        User.objects.create_user(NAME, password=password)
        tenant = Tenant.objects.get(name=NAME)
        for ticker in bundled_tickers():
            if not has_imported_bars(ticker):
                import_actions(bundled_span(ticker), stamp=_opening(), owner=tenant)
        _begin(tenant, Decimal(settings.DEMO_PACE_S), now)
    return password


def restart_demo(*, now: datetime) -> None:
    """Close the demo's cells and begin again on the first day with new ones, for the same user.

    What was is kept, as all history is. Cells of other tenants that followed the same clock are paused: their
    time doesn't go on. Opens its own unit of work. Raises NoDemo, OrderOpen while a broker has an order of
    one of its cells.
    """
    with unit_of_work():
        require_demo()
        clock = lock_clock()
        tenant = lock_one(Tenant.objects.filter(name=NAME), "tenant")
        _retire(tenant, clock)
        _begin(tenant, clock.pace_s, now)


def renew_password() -> str:
    """Give the demo's user a new password and return it. Opens its own unit of work. Raises NoDemo."""
    password = _new_password()
    with unit_of_work():
        require_demo()
        user = User.objects.get(username=NAME)
        user.set_password(password)
        user.save(update_fields=["password"])
    return password


def is_started() -> bool:
    """Whether this installation has a demo."""
    cells = DrivenCell.objects.filter(position__tenant__name=NAME)
    return read_clock() is not None and cells.exists() and User.objects.filter(username=NAME).exists()


def require_demo() -> None:
    """Raise NoDemo if this installation has none."""
    if not is_started():
        raise NoDemo("There is no demo here yet: manage.py up --demo starts it.")


def _begin(tenant: Tenant, pace_s: Decimal, now: datetime) -> None:
    """Set the clock to the first close, and open a cell of every bundled ticker at it."""
    clock = set_clock(first_day=FIRST_DAY, last_day=LAST_DAY, pace_s=pace_s, now=now)
    for ticker in bundled_tickers():
        drive(_open_cell(tenant, ticker), run=clock.run)


def _open_cell(tenant: Tenant, ticker: str) -> Position:
    quote = cast(ReplayProvider, provider(ReplayProvider.name)).close_quote(ticker, FIRST_DAY)
    if quote is None:
        raise Conflict(f"The imported bars of {ticker} have none of {FIRST_DAY}, where the demo begins.")
    return open_position(
        tenant_id=tenant.pk,
        ticker=ticker,
        qty=SHARES,
        cash=notional_of(SHARES, quote.price),
        anchor_price=quote.price,
        market_provider=ReplayProvider.name,
        stamp=_opening(),
    )


def _retire(tenant: Tenant, clock: ReplayClock) -> None:
    stamp = Stamp(at=clock.at, actor=NAME)
    own = Position.objects.of_tenant(tenant).filter(market_provider=ReplayProvider.name)
    for cell_id in _ids(own.exclude(status=PositionStatus.CLOSED)):
        _close(cell_id, stamp)
    others = Position.objects.filter(driven__run=clock.run).exclude(tenant=tenant)
    for cell_id in _ids(others.exclude(status=PositionStatus.CLOSED)):
        pause(Position.objects.lock(cell_id), "the replay that it followed started anew", stamp=stamp)


def _ids(cells: Iterable[Position]) -> list[UUID]:
    return sorted(cell.pk for cell in cells)


def _close(cell_id: UUID, stamp: Stamp) -> None:
    position = Position.objects.lock(cell_id)
    for order in Order.objects.open().filter(position=position):
        order.position = position
        if not cancel_or_ask(order, "the demo starts anew", stamp=stamp):
            raise OrderOpen(f"A broker still has an order of {position}: try again when it is done.")
    close_position(position_id=cell_id, stamp=stamp)


def _opening() -> Stamp:
    return Stamp(at=close_of(FIRST_DAY), actor=NAME)


def _new_password() -> str:
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(5)) for _ in range(4))
