from __future__ import annotations

import subprocess
import sys
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from market.bundled_history import bundled_history
from market.calendar import (
    close_of,
    is_open,
    next_session,
    open_of,
    session_at,
    session_now_or_next,
    trading_date,
)
from market.errors import OutsideCalendar
from market.tests.builders import new_york
from volbal.errors import OutOfRange


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2012-11-21 09:29:59", False),
        ("2012-11-21 09:30:00", True),
        ("2012-11-21 16:00:59", True),
        ("2012-11-21 16:01:00", False),
        ("2012-11-23 09:30:00", True),
        ("2012-11-23 13:00:00", True),
        ("2012-11-23 13:00:59", True),
        ("2012-11-23 13:01:00", False),
        ("2012-11-22 12:00:00", False),
        ("2012-07-04 12:00:00", False),
        ("2012-10-29 12:00:00", False),
        ("2012-10-30 12:00:00", False),
        ("2001-09-10 12:00:00", True),
        ("2001-09-11 12:00:00", False),
        ("2001-09-12 12:00:00", False),
        ("2001-09-13 12:00:00", False),
        ("2001-09-14 12:00:00", False),
        ("2001-09-17 12:00:00", True),
    ],
)
def test_sessions_include_the_opening_and_the_closing_minute(moment: str, expected: bool) -> None:
    assert is_open(new_york(moment)) is expected


@pytest.mark.lesson
@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (datetime(2012, 7, 2, 13, 29, tzinfo=UTC), False),
        (datetime(2012, 7, 2, 13, 30, tzinfo=UTC), True),
        (datetime(2012, 7, 2, 20, 0, tzinfo=UTC), True),
        (datetime(2012, 7, 2, 20, 30, tzinfo=UTC), False),
        (datetime(2012, 1, 3, 13, 30, tzinfo=UTC), False),
        (datetime(2012, 1, 3, 14, 30, tzinfo=UTC), True),
        (datetime(2012, 1, 3, 20, 30, tzinfo=UTC), True),
        (datetime(2012, 3, 9, 14, 29, tzinfo=UTC), False),
        (datetime(2012, 3, 12, 13, 30, tzinfo=UTC), True),
        (datetime(2012, 11, 2, 13, 30, tzinfo=UTC), True),
        (datetime(2012, 11, 5, 14, 29, tzinfo=UTC), False),
    ],
)
def test_hours_follow_new_york_through_summer_and_winter(moment: datetime, expected: bool) -> None:
    """Lesson: "market hours at a fixed UTC-5: wrong half the year"."""
    assert is_open(moment) is expected


@pytest.mark.lesson
@pytest.mark.parametrize("day", ["2003-12-25", "2012-12-25", "2025-12-25", "2011-12-26"])
def test_the_market_is_closed_on_christmas(day: str) -> None:
    """Lesson: "open on Christmas"."""
    assert not is_open(new_york(f"{day} 12:00"))
    assert session_at(new_york(f"{day} 12:00")) is None


@pytest.mark.lesson
@pytest.mark.parametrize("day", ["2012-11-24", "2012-11-25", "2013-03-03", "2026-11-22"])
def test_the_market_is_closed_on_a_weekend(day: str) -> None:
    """Lesson: "traded on a Sunday"."""
    assert not is_open(new_york(f"{day} 12:00"))
    assert session_at(new_york(f"{day} 12:00")) is None


def test_the_session_of_a_half_day_says_so() -> None:
    session = session_at(new_york("2012-11-23 20:00"))
    assert session is not None
    assert session.date == date(2012, 11, 23)
    assert session.opens_at == datetime(2012, 11, 23, 14, 30, tzinfo=UTC)
    assert session.closes_at == datetime(2012, 11, 23, 18, 0, tzinfo=UTC)
    assert session.half_day
    assert session.closes_at.tzinfo is UTC


def test_the_session_of_a_whole_day_is_not_a_half_day() -> None:
    session = session_at(new_york("2012-11-26 08:00"))
    assert session is not None
    assert not session.half_day


def test_the_trading_date_is_new_yorks() -> None:
    assert trading_date(datetime(2012, 7, 3, 3, 59, tzinfo=UTC)) == date(2012, 7, 2)
    assert trading_date(datetime(2012, 7, 3, 4, 0, tzinfo=UTC)) == date(2012, 7, 3)
    assert trading_date(datetime(2012, 1, 3, 4, 59, tzinfo=UTC)) == date(2012, 1, 2)
    assert trading_date(datetime(2012, 1, 3, 11, 0, tzinfo=timezone(timedelta(hours=9)))) == date(2012, 1, 2)


def test_a_naive_time_is_a_mistake() -> None:
    naive = datetime(2012, 7, 3, 12, 0)  # noqa: DTZ001
    with pytest.raises(ValueError, match="aware"):
        trading_date(naive)
    with pytest.raises(ValueError, match="aware"):
        is_open(naive)


def test_the_trading_date_does_not_need_the_calendar() -> None:
    code = (
        "import sys; from datetime import UTC, datetime; from market.calendar import trading_date;"
        "trading_date(datetime(2012, 7, 3, tzinfo=UTC));"
        "sys.exit('exchange_calendars' in sys.modules or 'pandas' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_close_is_that_of_the_session() -> None:
    assert close_of(date(2012, 11, 23)) == new_york("2012-11-23 13:00")
    assert close_of(date(2012, 11, 26)) == new_york("2012-11-26 16:00")
    assert close_of(date(2012, 7, 2)) == datetime(2012, 7, 2, 20, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "day", ["2012-12-25", "2012-11-25", "1985-06-03", "2099-06-01", "9999-12-31", "0001-01-01"]
)
def test_a_day_without_a_session_closes_at_four(day: str) -> None:
    assert close_of(date.fromisoformat(day)) == new_york(f"{day} 16:00")


def test_the_open_is_half_past_nine() -> None:
    assert open_of(date(2012, 7, 2)) == datetime(2012, 7, 2, 13, 30, tzinfo=UTC)
    assert open_of(date(2012, 1, 3)) == datetime(2012, 1, 3, 14, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2012-11-21", "2012-11-23"),
        ("2012-11-23", "2012-11-26"),
        ("2012-12-24", "2012-12-26"),
        ("2001-09-10", "2001-09-17"),
        ("2012-10-26", "2012-10-31"),
        ("1990-01-01", "1990-01-02"),
    ],
)
def test_the_next_session_is_after_the_day(day: str, expected: str) -> None:
    assert next_session(date.fromisoformat(day)).date == date.fromisoformat(expected)


@pytest.mark.parametrize(
    "moment",
    [
        datetime(1989, 12, 29, 15, 0, tzinfo=UTC),
        datetime(2099, 1, 5, 15, 0, tzinfo=UTC),
        datetime.min.replace(tzinfo=UTC),
        datetime.max.replace(tzinfo=UTC),
        datetime.max.replace(tzinfo=timezone(timedelta(hours=-12))),
    ],
)
def test_outside_the_calendar_nobody_says_open_or_closed(moment: datetime) -> None:
    with pytest.raises(OutOfRange) as caught:
        is_open(moment)
    assert caught.value.code == "out-of-range"


@pytest.mark.parametrize("day", [date.min, date(1989, 12, 31), date(2099, 1, 1), date.max])
def test_outside_the_calendar_there_is_no_next_session(day: date) -> None:
    with pytest.raises(OutsideCalendar, match="The market calendar runs from 1990-01-01 to"):
        next_session(day)


def test_every_bundled_bar_is_a_session_and_no_session_is_missing() -> None:
    history = bundled_history("IBM")
    assert history is not None
    days = [bar.date for bar in history.bars]
    assert [next_session(day).date for day in days[:-1]] == days[1:]


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2012-11-21 00:00:00", "2012-11-21"),
        ("2012-11-21 09:29:59", "2012-11-21"),
        ("2012-11-21 16:00:59", "2012-11-21"),
        ("2012-11-21 16:01:00", "2012-11-23"),
        ("2012-11-23 13:00:59", "2012-11-23"),
        ("2012-11-23 13:01:00", "2012-11-26"),
        ("1990-01-01 12:00:00", "1990-01-02"),
    ],
)
def test_the_session_now_or_next_ends_with_its_closing_minute(moment: str, expected: str) -> None:
    assert session_now_or_next(new_york(moment)).date == date.fromisoformat(expected)


@pytest.mark.parametrize("moment", ["1989-12-31 12:00", "2099-01-01 12:00"])
def test_outside_the_calendar_nobody_knows_the_next_session(moment: str) -> None:
    with pytest.raises(OutsideCalendar):
        session_now_or_next(new_york(moment))
