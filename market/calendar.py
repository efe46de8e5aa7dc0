"""When the New York Stock Exchange trades: sessions and half days from 1990 to about a year ahead."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache

from market.errors import OutsideCalendar
from volbal.trading_day import NEW_YORK, trading_date

FIRST_DAY = date(1990, 1, 1)
USUAL_OPEN = time(9, 30)
USUAL_CLOSE = time(16, 0)

_CLOSING_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One trading day: New York date, opening and closing bell in UTC, whether it closes early."""

    date: date
    opens_at: datetime
    closes_at: datetime
    half_day: bool

    @property
    def ends_at(self) -> datetime:
        """The first moment that is no longer inside: the closing minute belongs to the session."""
        return self.closes_at + _CLOSING_MINUTE


def session_at(at: datetime) -> Session | None:
    """Return the session of `at`'s New York date, before, during or after its hours; None if there is none.

    Raises OutsideCalendar before 1990 and after the last session known: nobody knows whether the
    market trades then, and "closed" would be a guess.
    """
    day = trading_date(at)
    _check_known(day)
    return _sessions().get(day)


def is_open(at: datetime) -> bool:
    """Return whether the market trades at `at`, opening and closing minute included.

    On a half day 13:00:59 is open and 13:01 is not. Raises OutsideCalendar like `session_at`.
    """
    session = session_at(at)
    return session is not None and session.opens_at <= at < session.ends_at


def session_now_or_next(at: datetime) -> Session:
    """Return the session under way at `at`, closing minute included, else the next to open.

    Raises OutsideCalendar like `session_at`, and after the last session known.
    """
    session = session_at(at)
    if session is not None and at < session.closes_at + _CLOSING_MINUTE:
        return session
    return next_session(trading_date(at))


def open_of(day: date) -> datetime:
    """Return 9:30 New York of `day` in UTC; the calendar knows no session that opened at another time."""
    return datetime.combine(day, USUAL_OPEN, NEW_YORK).astimezone(UTC)


def close_of(day: date) -> datetime:
    """Return the closing bell of `day` in UTC: that of its session, else 16:00 New York.

    Imported bars may bear any date, so a holiday, or a day outside the calendar, has a close too.
    """
    session = _sessions().get(day)
    if session is not None:
        return session.closes_at
    return datetime.combine(day, USUAL_CLOSE, NEW_YORK).astimezone(UTC)


def next_session(day: date) -> Session:
    """Return the first session after `day`, never `day` itself. Raises OutsideCalendar."""
    _check_known(day)
    days = _days()
    position = bisect_right(days, day)
    if position == len(days):
        raise _outside(day)
    return _sessions()[days[position]]


def count_sessions(start: date, end: date) -> int:
    """Return how many sessions there were from `start` to `end`, both inclusive. Raises OutsideCalendar."""
    _check_known(start)
    _check_known(end)
    return bisect_right(_days(), end) - bisect_left(_days(), start)


def load_calendar() -> None:
    """Have it ready, which takes most of a second once, before somebody waits for it."""
    _days()


def _check_known(day: date) -> None:
    if not FIRST_DAY <= day <= _days()[-1]:
        raise _outside(day)


def _outside(day: date) -> OutsideCalendar:
    return OutsideCalendar(
        f"The market calendar runs from {FIRST_DAY} to {_days()[-1]}; {day} is outside it."
    )


@cache
def _sessions() -> dict[date, Session]:
    import exchange_calendars  # costs a second, which most commands and the rules never need

    bells = exchange_calendars.get_calendar("XNYS", start=FIRST_DAY.isoformat()).schedule
    return {
        day.date(): _session(day.date(), opens_at.to_pydatetime(), closes_at.to_pydatetime())
        for day, opens_at, closes_at in zip(bells.index, bells["open"], bells["close"], strict=True)
    }


@cache
def _days() -> list[date]:
    return list(_sessions())


def _session(day: date, opens_at: datetime, closes_at: datetime) -> Session:
    return Session(
        date=day,
        opens_at=opens_at.astimezone(UTC),
        closes_at=closes_at.astimezone(UTC),
        half_day=closes_at.astimezone(NEW_YORK).time() < USUAL_CLOSE,
    )
