"""The clock of the provider `replay`: one row that all processes read, moved by the live replay alone.

See docs/architecture.md, "The live replay".
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

from accounts.prepared import Prepared
from accounts.transactions import lock_one, require_unit_of_work
from market.calendar import close_of, next_session
from market.models import ReplayClock
from volbal.errors import OutOfRange

SLOWEST_S = 86_400

_CLOCK: Prepared[ReplayClock] = Prepared(lambda: ReplayClock.objects.filter(pk=1))


def read_clock() -> ReplayClock | None:
    """Read the clock, locking nothing; None if none was ever set."""
    return _CLOCK.first()


def replay_time() -> datetime | None:
    """Return the moment that is "now" on the replayed market; None if no clock was ever set."""
    clock = read_clock()
    return None if clock is None else clock.at


def lock_clock() -> ReplayClock:
    """Lock the clock until the unit of work ends, before any position. Raises NotFound."""
    return lock_one(ReplayClock.objects.filter(pk=1), "clock of the replay")


def set_clock(*, first_day: date, last_day: date, pace_s: Decimal, now: datetime) -> ReplayClock:
    """Make the clock, or set it back, to the close of `first_day`, a session; return it.

    It runs, a day every `pace_s` seconds from the wall clock's `now` on, until the end of `last_day`.
    Raises OutOfRange for a pace below zero or above a day, or a last day before the first.
    """
    require_unit_of_work()
    if last_day < first_day:
        raise OutOfRange("last_day: not before the first.", field="last_day")
    rows = list(ReplayClock.objects.select_for_update().filter(pk=1))
    clock = rows[0] if rows else ReplayClock(run=0)
    clock.run += 1
    clock.first_day, clock.last_day = first_day, last_day
    clock.pace_s = require_pace(pace_s)
    clock.is_running, clock.is_finished = True, False
    _show(clock, first_day, now + _pace(clock))
    return clock


def move_on(clock: ReplayClock, *, now: datetime) -> None:
    """Move a locked clock that runs to the close of the next session, or to its end if there is none.

    `now` is the wall clock's: a day that is late doesn't hurry those after it by more than one.
    """
    if clock.day == clock.last_day or (following := next_session(clock.day).date) > clock.last_day:
        clock.is_running, clock.is_finished = False, True
        clock.save(update_fields=["is_running", "is_finished"])
        return
    _show(clock, following, max(clock.next_at + _pace(clock), now))


def change_pace(pace_s: Decimal, *, now: datetime) -> ReplayClock:
    """Let a day take `pace_s` seconds from now on; return the clock. Raises NotFound, OutOfRange."""
    clock = lock_clock()
    clock.pace_s = require_pace(pace_s)
    clock.next_at = now + _pace(clock)
    clock.save(update_fields=["pace_s", "next_at"])
    return clock


def let_run(is_running: bool, *, now: datetime) -> ReplayClock:
    """Let the clock run or stand still, and return it; a finished one stays finished. Raises NotFound."""
    clock = lock_clock()
    if is_running != clock.is_running and not clock.is_finished:
        clock.is_running, clock.next_at = is_running, now + _pace(clock)
        clock.save(update_fields=["is_running", "next_at"])
    return clock


def require_pace(pace_s: Decimal) -> Decimal:
    """Return the seconds that a day takes, or raise OutOfRange below 0 or above a day."""
    if not 0 <= pace_s <= SLOWEST_S:
        raise OutOfRange(f"pace: 0 to {SLOWEST_S} seconds a day.", field="pace")
    return pace_s


def _pace(clock: ReplayClock) -> timedelta:
    return timedelta(seconds=float(clock.pace_s))


def _show(clock: ReplayClock, day: date, next_at: datetime) -> None:
    clock.day, clock.at, clock.next_at = day, close_of(day), next_at
    clock.save()
