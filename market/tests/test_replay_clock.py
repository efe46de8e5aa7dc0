"""The clock of the live replay is in the database, and every provider object reads it."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from accounts.errors import NotFound
from accounts.transactions import unit_of_work
from market.calendar import close_of, count_sessions
from market.models import ReplayClock
from market.providers.registry import now_on, provider
from market.providers.replay import ReplayProvider
from market.replay_clock import change_pace, let_run, lock_clock, move_on, read_clock, replay_time, set_clock
from market.tests.builders import new_york
from volbal.errors import OutOfRange

pytestmark = pytest.mark.django_db(transaction=True)

NOW = new_york("2026-01-05 12:00")
FIRST, SECOND, LAST = date(2003, 1, 2), date(2003, 1, 3), date(2003, 1, 6)


def set_to_first(pace_s: str = "1", last: date = LAST) -> ReplayClock:
    with unit_of_work():
        return set_clock(first_day=FIRST, last_day=last, pace_s=Decimal(pace_s), now=NOW)


def move(seconds: float) -> ReplayClock:
    with unit_of_work():
        clock = lock_clock()
        move_on(clock, now=NOW + timedelta(seconds=seconds))
    return clock


def test_every_provider_object_shows_the_day_of_the_clock():
    assert (now_on("replay"), ReplayProvider().latest_quotes(["IBM"])) == (None, {})

    set_to_first()
    first = [one.latest_quotes(["IBM"])["IBM"] for one in (provider("replay"), ReplayProvider())]
    move(1)

    assert {(quote.price, quote.as_of) for quote in first} == {(Decimal("80.57"), close_of(FIRST))}
    assert provider("replay").latest_quotes(["IBM"])["IBM"].as_of == close_of(SECOND)
    assert now_on("replay") == replay_time() == close_of(SECOND)
    assert [bar.date for bar in provider("replay").history("IBM", FIRST, LAST)] == [FIRST, SECOND]


def test_an_object_with_a_clock_of_its_own_neither_sees_nor_moves_it(django_assert_num_queries):
    set_to_first()
    own = ReplayProvider()
    own.move_to(new_york("2012-11-23 13:00"))
    own.latest_quotes(["IBM"])  # reads the bars

    with django_assert_num_queries(0):
        assert own.latest_quotes(["IBM"])["IBM"].as_of == own.now() == new_york("2012-11-23 13:00")
    assert provider("replay").now() == close_of(FIRST)


def test_a_close_can_be_asked_for_whatever_the_clock():
    replay = ReplayProvider()

    assert replay.close_quote("IBM", FIRST).price == Decimal("80.57")
    assert replay.close_quote("IBM", FIRST).as_of == close_of(FIRST)
    assert replay.close_quote("IBM", date(2003, 1, 4)) is None
    assert replay.close_quote("NOPE", FIRST) is None


def test_it_goes_from_session_to_session_and_stands_at_the_last():
    set_to_first()

    assert (move(1).day, move(2).day) == (SECOND, LAST)
    clock = move(3)

    assert (clock.day, clock.at, clock.is_running, clock.is_finished) == (LAST, close_of(LAST), False, True)
    assert read_clock() == clock


def test_a_last_day_without_a_session_is_never_shown():
    set_to_first(last=date(2003, 1, 5))

    assert (move(1).day, move(2).is_finished, read_clock().day) == (SECOND, True, SECOND)


def test_days_begin_in_step_with_the_first_and_one_late_one_is_caught_up():
    assert set_to_first("2").next_at == NOW + timedelta(seconds=2)
    assert move(2.3).next_at == NOW + timedelta(seconds=4)
    assert move(100).next_at == NOW + timedelta(seconds=100)


def test_pace_and_standstill_are_kept():
    set_to_first()
    with unit_of_work():
        assert change_pace(Decimal("0.25"), now=NOW).next_at == NOW + timedelta(seconds=0.25)
        assert not let_run(False, now=NOW).is_running
    assert (read_clock().pace_s, read_clock().is_running) == (Decimal("0.25"), False)
    with unit_of_work():
        let_run(True, now=NOW + timedelta(hours=1))
    assert read_clock().next_at == NOW + timedelta(hours=1, seconds=0.25)


def test_setting_it_back_begins_another_run():
    set_to_first()
    move(1), move(2), move(3)

    clock = set_to_first()

    assert (clock.run, clock.day, clock.is_running, clock.is_finished) == (2, FIRST, True, False)
    assert ReplayClock.objects.count() == 1


@pytest.mark.parametrize("pace", ["-0.001", "86401"])
def test_a_pace_that_is_none_is_refused(pace):
    with pytest.raises(OutOfRange):
        set_to_first(pace)
    assert read_clock() is None


def test_there_is_no_clock_to_lock_before_it_is_set():
    with pytest.raises(NotFound), unit_of_work():
        lock_clock()


@pytest.mark.parametrize(
    "values",
    [
        {"id": 2},
        {"day": date(2003, 1, 1)},
        {"day": date(2003, 1, 7)},
        {"pace_s": -1},
        {"is_finished": True},
    ],
)
def test_the_database_refuses_a_clock_that_makes_no_sense(values):
    set_to_first()

    with pytest.raises(IntegrityError), transaction.atomic():
        ReplayClock.objects.update(**values)


def test_sessions_are_counted_with_both_ends():
    assert count_sessions(FIRST, FIRST) == 1
    assert count_sessions(FIRST, LAST) == 3
    assert count_sessions(date(2003, 1, 4), date(2003, 1, 5)) == 0
    assert count_sessions(FIRST, date(2013, 3, 1)) == 2558
