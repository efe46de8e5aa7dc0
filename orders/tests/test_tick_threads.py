"""A tick that records every evaluation is shared by two threads; what comes of it is the same."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from threading import Barrier, get_ident

import pytest
from django.db import connection

from accounts.transactions import unit_of_work
from market.providers.registry import provider
from orders.models import TickChunk
from orders.replay_decisions import replayed_decisions
from orders.tests.builders import all_faults, set_market
from orders.tick import work_off_ticks
from orders.tick_threads import in_two_threads
from positions.models import Event
from positions.tests.builders import OPENED_AT, make_position

pytestmark = pytest.mark.django_db(transaction=True)

two_writers = pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one writer at a time")
one_writer = pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL has many writers")
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _all(settings, monkeypatch):
    settings.RECORD_EVALUATIONS = "all"
    monkeypatch.setattr("orders.tick.CHUNK", 2)
    yield
    provider("static").clear()


def alone() -> int:
    """Count the threads that come here, as work that is done in one go."""
    return 1


@two_writers
def test_both_threads_are_at_it_at_once():
    both = Barrier(2)

    def work() -> int:
        both.wait(timeout=30)
        return 2

    assert in_two_threads(work) == 4


@two_writers
@pytest.mark.parametrize("which", ["this", "the other"])
def test_what_fails_in_either_thread_is_heard_of(which):
    here = get_ident()

    def work() -> int:
        if (get_ident() == here) == (which == "this"):
            raise LookupError(which)
        return 1

    with pytest.raises(LookupError, match=which):
        in_two_threads(work)


@one_writer
def test_one_writer_is_one_thread():
    assert in_two_threads(alone) == 1


def test_where_little_is_written_one_thread_does_it(settings):
    settings.RECORD_EVALUATIONS = "changes"

    assert in_two_threads(alone) == 1


def test_inside_a_transaction_one_thread_does_it():
    with unit_of_work():
        assert in_two_threads(alone) == 1


def test_every_position_is_recorded_once_a_slot():
    cells = [make_position() for _ in range(24)]
    for minute, price in enumerate((100, 101, 102)):
        set_market(price, at=OPENED_AT + minute * MINUTE)

        assert work_off_ticks(clock=lambda: OPENED_AT + minute * MINUTE) == 12  # noqa: B023

    told = Counter(Event.objects.filter(type="position_evaluated").values_list("position_id", "request_id"))
    assert set(told.values()) == {1}
    assert len(told) == len(cells) * 3
    assert not TickChunk.objects.filter(done_at=None).exists()
    assert all_faults() == []
    assert all(replayed is not None and replayed.identical for _, replayed in replayed_decisions())
