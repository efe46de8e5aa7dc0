"""The morning of a session: what is due happens to every position, before anything is decided that day."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import date
from uuid import UUID

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.db.models import Exists, Model, OuterRef, Q, QuerySet

from accounts.transactions import Stamp, unit_of_work
from dividends.models import Dividend, Receivable, Split, SplitApplication
from dividends.services import begin_day
from market.calendar import session_at
from market.providers.registry import provider
from orders.claims import Clock
from positions.models import Position, PositionStatus
from positions.services import pause
from volbal.errors import VolbalError
from volbal.trading_day import trading_date

log = logging.getLogger(__name__)

ACTOR = "worker"


def begin_days(
    *, clock: Clock, only_active: bool = False, is_over: Callable[[], bool] = lambda: False
) -> int:
    """Apply to every position what is due by this morning, each in a unit of work of its own.

    Return to how many something was due. Nothing is due on a day without a session: that acts at the next.
    Days that were missed are made up for. Safe to repeat, and to run on many workers at once. A position
    that can't be dealt with is paused, since nothing may be decided about it, and doesn't keep the others.
    Raises OutsideCalendar, and what the database raises when it is busy or away.
    """
    at = clock()
    if session_at(at) is None:
        return 0
    due = due_positions(trading_date(at))
    if only_active:
        due = due.filter(status=PositionStatus.ACTIVE)
    positions = list(due.order_by("pk").values_list("pk", flat=True))
    for done, position_id in enumerate(positions):
        if is_over():
            return done
        _begin_day(position_id, trading_date(at), Stamp(at=at, actor=ACTOR))
    return len(positions)


def due_positions(on: date) -> QuerySet[Position]:
    """Return the positions that a split, an ex-dividend or a payment is due to by the morning of `on`.

    Without those on stored history, whose days their replay begins. Reads only.
    """
    ex_dividend = _not_done(Dividend, Receivable, "ex_date", on)
    split = _not_done(Split, SplitApplication, "date", on)
    payment = Exists(Receivable.objects.pending().filter(position=OuterRef("pk"), dividend__pay_date__lte=on))
    is_open = ~Q(status=PositionStatus.CLOSED)
    due = Position.objects.filter(payment | (is_open & (ex_dividend | split)))
    return due.exclude(market_provider__in=_replaying_providers())


def _not_done(action: type[Model], deed: type[Model], day: str, on: date) -> Exists:
    """Whether a position sees an action of these days that was not done to it yet."""
    done = deed._default_manager.filter(position=OuterRef(OuterRef("pk")), **{day: OuterRef(day)})
    seen = action._default_manager.filter(
        Q(owner=None) | Q(owner=OuterRef("tenant_id")),
        ticker=OuterRef("ticker"),
        **{f"{day}__gt": OuterRef("opened_date"), f"{day}__lte": on},
    )
    return Exists(seen.filter(~Exists(done)))


def _replaying_providers() -> list[str]:
    return [name for name in settings.MARKET_PROVIDERS if provider(name).is_confirmed]


def _begin_day(position_id: UUID, on: date, stamp: Stamp) -> None:
    try:
        with unit_of_work():
            begin_day(position_id=position_id, on=on, stamp=stamp)
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:
        log.exception("day_not_begun", extra={"position": str(position_id)})
        with unit_of_work():
            why = error.detail if isinstance(error, VolbalError) else "a bug"
            pause(Position.objects.lock(position_id), f"its day can't be begun: {why}", stamp=stamp)
