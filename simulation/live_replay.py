"""The live replay: history traded day by day, by every cell whose market is the provider `replay`.

A day is done when every cell has had its morning and its evaluation at the close, and no order is open at a
broker; only then the clock moves on. So the books don't depend on who was slow. How far everything has come
is in rows (`ReplayClock`, `DrivenCell`) that change together with what they tell of. A cell whose day fails
again and again is paused and set aside: it may not stop everybody's replay.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from random import sample
from typing import cast
from uuid import UUID

from django.db import InterfaceError, OperationalError
from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.transactions import Stamp, unit_of_work
from dividends.services import begin_day
from market.calendar import close_of, count_sessions, open_of
from market.models import ReplayClock
from market.providers.registry import provider
from market.providers.replay import ReplayProvider
from market.replay_clock import lock_clock, move_on, read_clock
from orders.cycle import evaluate
from orders.expiry import expire_proposals_of
from orders.models import MANUAL, Order
from orders.upkeep import take_orders_further
from positions.models import Position, PositionStatus
from positions.services import pause
from simulation.models import DrivenCell
from volbal.trading_day import trading_date

log = logging.getLogger(__name__)

ACTOR = "replay"
# How soon to look again: when a broker is waited for, and when only time is.
_LOOK_AT_ORDERS_S = 0.02
_LOOK_S = 0.1
# How often in a row a cell's day may fail before the cell is paused and the clock goes on without it.
MOST_FAILURES = 10
# A database in trouble is everybody's trouble, and no cell's fault.
OUTAGES = (OperationalError, InterfaceError)

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayState:
    """Where the live replay is: the moment that is "now" on its market, and sessions after the first one."""

    at: datetime
    number: int
    total: int
    is_running: bool
    is_finished: bool

    @property
    def day(self) -> date:
        """The New York date of its market."""
        return trading_date(self.at)

    def in_words(self) -> str:
        """Return a sentence for a person."""
        if self.is_finished:
            return f"The replay is over: {self.day} was its last day."
        how = "runs" if self.is_running else "stands still"
        return f"The replay {how}: it is at the close of {self.day}, day {self.number} of {self.total}."


def replay_state() -> ReplayState | None:
    """Return where the live replay is; None if there never was one."""
    clock = read_clock()
    if clock is None:
        return None
    return ReplayState(
        at=clock.at,
        number=count_sessions(clock.first_day, clock.day) - 1,
        total=count_sessions(clock.first_day, clock.last_day) - 1,
        is_running=clock.is_running,
        is_finished=clock.is_finished,
    )


def advance(*, wall: Clock = timezone.now, for_s: float = 0.0, is_over: Callable[[], bool] = bool) -> int:
    """Take every step of the replay that is due, and go on doing so for `for_s` seconds; return how many.

    Opens its own units of work. May be called twice, or on many workers at once: a step is taken in the unit
    of work that keeps that it was. `wall` is the wall clock, which the pace goes by; `is_over` is asked
    between steps whether to stop. A cell that can't be played is logged and tried again when this is next
    called; it holds up the clock until it is set aside. Raises InsideTransaction.
    """
    ends, taken = time.monotonic() + for_s, 0
    while True:
        clock = read_clock()
        if clock is None or not clock.is_running:
            return taken
        steps, failed = _take_steps(clock, wall, is_over)
        taken += steps
        if failed or is_over() or time.monotonic() >= ends:
            return taken
        if not steps:
            time.sleep(_LOOK_AT_ORDERS_S if open_orders(clock).exists() else _LOOK_S)


def _take_steps(clock: ReplayClock, wall: Clock, is_over: Callable[[], bool]) -> tuple[int, bool]:
    """Return how many steps were taken, and whether one failed. The other cells have their day."""
    waiting = list(waiting_cells(clock).values_list("position_id", "position__ticker"))
    steps, failed = 0, False
    for cell_id, ticker in sample(waiting, len(waiting)):  # so that workers don't queue for the same one
        if is_over():
            return steps, failed
        try:
            steps += _play_day(cell_id, ticker, clock)
        except Exception as error:
            log.exception("replayed_day_failed", extra={"position": str(cell_id), "day": clock.day})
            failed = True
            if not isinstance(error, OUTAGES):
                _note_failure(cell_id, clock, error)
    for broker in _brokers_at_work(clock):
        steps += take_orders_further(broker, is_over=is_over)
    return steps + _end_day(clock, wall), failed


def waiting_cells(clock: ReplayClock) -> QuerySet[DrivenCell]:
    """Return the cells to which the clock's day is still to happen."""
    is_over = Q(position__status=PositionStatus.CLOSED, position__dividend_receivable=0)
    waiting = DrivenCell.objects.filter(run=clock.run, done_date__lt=clock.day).exclude(is_over)
    return waiting.exclude(pk__in=cells_set_aside(clock))


def cells_set_aside(clock: ReplayClock) -> QuerySet[DrivenCell]:
    """Return the cells that failed too often and that nobody has resumed since; closed ones can't be."""
    failing = DrivenCell.objects.filter(run=clock.run, failures__gte=MOST_FAILURES)
    return failing.exclude(position__status=PositionStatus.ACTIVE)


def open_orders(clock: ReplayClock) -> QuerySet[Order]:
    """Return the orders that the clock waits for: no proposals to a person, none of a cell set aside."""
    waited_for = Order.objects.open().filter(position__driven__run=clock.run).exclude(broker=MANUAL)
    return waited_for.exclude(position__in=cells_set_aside(clock).values("position"))


def drive(position: Position, *, run: int) -> DrivenCell:
    """Let the live replay drive a cell from the day after the one that it was opened on."""
    return DrivenCell.objects.create(position=position, run=run, done_date=position.opened_date)


def _play_day(cell_id: UUID, ticker: str, clock: ReplayClock) -> bool:
    """Let the clock's day happen to a cell: splits, ex-dividends, payments, evaluation; False if it may not.

    A ticker without a bar of that day isn't evaluated.
    """
    quote = cast(ReplayProvider, provider(ReplayProvider.name)).close_quote(ticker, clock.day)
    morning, evening = Stamp(at=open_of(clock.day), actor=ACTOR), Stamp(at=close_of(clock.day), actor=ACTOR)
    with unit_of_work():
        position = Position.objects.lock(cell_id)
        if not _is_to_happen(position, clock):
            return False
        expire_proposals_of(position, stamp=morning)
        begin_day(position_id=cell_id, on=clock.day, stamp=morning)
        if quote is not None and position.status != PositionStatus.CLOSED:
            evaluate(position_id=cell_id, quote=quote, stamp=evening)
        DrivenCell.objects.filter(position=position).update(done_date=clock.day, failures=0)
    return True


def _note_failure(cell_id: UUID, clock: ReplayClock, error: Exception) -> None:
    """Count that a cell's day could not be played; pause the cell when that was once too often.

    Whoever resumes it gives it one more try, on the day that the clock is at then.
    """
    with unit_of_work():
        position = Position.objects.lock(cell_id)
        driven = DrivenCell.objects.get(position=position)
        if not _is_to_happen(position, clock):
            return  # meanwhile another worker could, or the clock was set back
        driven.failures += 1
        driven.save(update_fields=["failures"])
        if driven.failures >= MOST_FAILURES:
            reason = (
                f"the replay of {clock.day} failed {driven.failures} times ({type(error).__name__}); "
                "the others go on without it."
            )
            pause(position, reason, stamp=Stamp(at=open_of(clock.day), actor=ACTOR))


def _is_to_happen(position: Position, clock: ReplayClock) -> bool:
    """Say whether a locked cell's day is this one, and no broker has an order of it.

    Everything is read anew: another worker may have been faster, or somebody may have set the clock back.
    """
    now = read_clock()
    is_now = now is not None and now.is_running and (now.run, now.day) == (clock.run, clock.day)
    if not is_now or not waiting_cells(clock).filter(position=position).exists():
        return False
    return not open_orders(clock).filter(position=position).exists()


def _brokers_at_work(clock: ReplayClock) -> Iterable[str]:
    return sorted(set(open_orders(clock).values_list("broker", flat=True)))


def _end_day(clock: ReplayClock, wall: Clock) -> bool:
    """Move the clock on if its day is done and the next one is due; return whether it was moved."""
    if not _may_end(clock, wall):
        return False
    with unit_of_work():
        locked = lock_clock()
        if not locked.is_running or not _may_end(locked, wall):
            return False
        _let_join(locked)
        move_on(locked, now=wall())
    if locked.is_finished:
        log.info("replay_finished", extra={"day": locked.day})
    return True


def _may_end(clock: ReplayClock, wall: Clock) -> bool:
    return wall() >= clock.next_at and not waiting_cells(clock).exists() and not open_orders(clock).exists()


def _let_join(clock: ReplayClock) -> None:
    """Drive the cells that were opened since; those of a batch replay are its own business."""
    newcomers = Position.objects.filter(
        market_provider=ReplayProvider.name,
        opened_date__lte=clock.day,
        driven__isnull=True,
        replay__isnull=True,
    ).exclude(status=PositionStatus.CLOSED)
    DrivenCell.objects.bulk_create(
        [DrivenCell(position=cell, run=clock.run, done_date=clock.day) for cell in newcomers.order_by("pk")]
    )
