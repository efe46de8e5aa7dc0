"""Many workers at one schedule: every position once a slot, whatever else happens to it."""

from __future__ import annotations

import time
from collections import Counter
from datetime import timedelta
from decimal import Decimal
from functools import partial
from threading import Event as Signal

import pytest

from accounts.tests.threads import at_once
from accounts.transactions import unit_of_work
from configs.tests.builders import set_tenant
from market.providers.registry import provider
from orders.models import Tick, TickChunk, Watch
from orders.replay_decisions import replayed_decisions
from orders.tests.builders import all_faults, set_market
from orders.tick import work_off_ticks
from positions.models import Event, Position
from positions.services import move_cash, set_anchor
from positions.tests.builders import OPENED_AT, make_position, make_stamp

pytestmark = pytest.mark.django_db(transaction=True)

SLOTS = 6
WORKERS = 4


@pytest.fixture(autouse=True)
def _small_chunks(settings, monkeypatch):
    settings.EVALUATE_EVERY_S = 2
    monkeypatch.setattr("orders.tick.CHUNK", 4)
    yield
    provider("static").clear()


def slot(number: int):
    return OPENED_AT + timedelta(seconds=2 * number)


def tick_through() -> None:
    for number in range(SLOTS):
        set_market(100 + number % 3, at=slot(number))
        work_off_ticks(clock=lambda: slot(number))  # noqa: B023


def evaluations() -> Counter:
    """Count the evaluations by position and slot."""
    scheduled = Event.objects.filter(type="position_evaluated", actor="schedule")
    return Counter(scheduled.values_list("position_id", "request_id"))


@pytest.mark.parametrize("record", ["all", "changes"])
def test_every_slot_is_evaluated_once_by_four_workers(record, settings):
    settings.RECORD_EVALUATIONS = record
    cells = [make_position(anchor=99 + number % 5) for number in range(20)]

    at_once([tick_through] * WORKERS)

    assert set(evaluations().values()) == {1}
    assert Tick.objects.count() == SLOTS
    assert not TickChunk.objects.filter(done_at=None).exists()
    if record == "all":
        assert sum(evaluations().values()) == len(cells) * SLOTS
    assert all_faults() == []
    assert all(replayed is not None and replayed.identical for _, replayed in replayed_decisions())


def deposit(position, done: Signal) -> None:
    while not done.is_set():
        with unit_of_work():
            move_cash(position_id=position.pk, amount=Decimal(1), stamp=make_stamp())
        with unit_of_work():
            set_anchor(position_id=position.pk, price=Decimal(100), stamp=make_stamp())


def configure(position, done: Signal) -> None:
    number = 0
    while not done.is_set():
        number += 1
        set_tenant(position.tenant, "trigger", up_threshold_pct=Decimal(3 + number % 2))


def until_done(work, done: Signal) -> None:
    try:
        work()
    finally:
        done.set()


def test_positions_and_settings_that_change_meanwhile_are_decided_about_as_they_are(settings):
    settings.RECORD_EVALUATIONS = "all"
    cells = [make_position() for _ in range(8)]
    done = Signal()

    at_once(
        [
            partial(until_done, tick_through, done),
            partial(deposit, cells[0], done),
            partial(configure, cells[1], done),
        ]
    )

    assert set(evaluations().values()) == {1}
    assert sum(evaluations().values()) == len(cells) * SLOTS
    assert all_faults() == []
    assert all(replayed is not None and replayed.identical for _, replayed in replayed_decisions())


@pytest.mark.parametrize("others", [0, 2])
def test_a_cell_that_somebody_holds_is_come_back_to(settings, others):
    settings.RECORD_EVALUATIONS = "all"
    cell, *_ = [make_position() for _ in range(1 + others)]
    set_market(100, at=slot(0))
    work_off_ticks(clock=lambda: slot(0))
    set_market(101, at=slot(1))
    held = Signal()

    def hold() -> None:
        with unit_of_work():
            move_cash(position_id=cell.pk, amount=Decimal(1), stamp=make_stamp())
            held.set()
            time.sleep(0.3)  # until the tick waits for it

    def tick() -> None:
        held.wait(10)
        work_off_ticks(clock=lambda: slot(1))

    at_once([hold, tick])

    last = Event.objects.filter(position=cell, type="position_evaluated").order_by("seq").last()
    assert last.inputs["position"]["cash"] == "10001"
    assert set(evaluations().values()) == {1}
    assert sum(evaluations().values()) == 2 * (1 + others)
    assert all_faults() == []


def test_a_band_never_outlives_what_it_was_made_of():
    position = make_position()
    set_market(100)
    work_off_ticks(clock=lambda: OPENED_AT)
    assert Watch.objects.get().last > 0

    at_once([partial(change, position) for change in (emptied_by_cash, emptied_by_anchor)])

    assert Watch.objects.get().last == 0
    assert Position.objects.get().cash == 10_001


def emptied_by_cash(position) -> None:
    with unit_of_work():
        move_cash(position_id=position.pk, amount=Decimal(1), stamp=make_stamp())


def emptied_by_anchor(position) -> None:
    with unit_of_work():
        set_anchor(position_id=position.pk, price=Decimal(101), stamp=make_stamp())
