"""What happened, slice by slice: everything once, in order, at a cost that doesn't grow."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from accounts.page_lists import ROWS, write_cursor
from accounts.transactions import unit_of_work
from positions import activity as room
from positions.activity import Wanted, activity, newer
from positions.event_types import EventType
from positions.event_words import EVENT_WORDS, GROUPS
from positions.events import record_event
from positions.models import Event
from positions.tests.builders import OPENED_AT, make_position, make_stamp, make_tenant
from volbal.errors import OutOfRange

pytestmark = pytest.mark.django_db


def tell(about, count=1, type_=EventType.CONFIG_CHANGED, *, at=OPENED_AT, actor="tester"):
    with unit_of_work():
        for number in range(count):
            record_event(about, type_, f"{number}", stamp=make_stamp(at, actor))


def walk(wanted, limit):
    """Follow the cursors to the end; return the events, and how many looks it took."""
    found, cursor, looks = [], "", 0
    while True:
        part = activity(wanted, cursor, limit=limit)
        found, cursor, looks = [*found, *part.events], part.next, looks + 1
        if not cursor:
            return found, looks


def newest_first(**wanted):
    return list(Event.objects.filter(**wanted).order_by("-ts", "-chain", "-seq"))


@pytest.mark.parametrize("limit", [1, 3, 50])
def test_every_event_of_a_tenant_is_shown_once_and_the_newest_first(limit):
    tenant = make_tenant()
    cells = [make_position(tenant), make_position(tenant, at=OPENED_AT + timedelta(days=1))]
    for cell in (*cells, tenant):
        tell(cell, 3)
    make_position(make_tenant("other"))

    found, _ = walk(Wanted(tenant=tenant), limit)

    assert found == newest_first(tenant=tenant)
    assert len(found) == 11


def test_a_cell_is_shown_in_the_order_of_its_chain():
    cell = make_position()
    tell(cell, 5)
    make_position(cell.tenant)

    found, _ = walk(Wanted(tenant=cell.tenant, cells=[cell]), 2)

    assert [event.seq for event in found] == [6, 5, 4, 3, 2, 1]
    assert {event.position_id for event in found} == {cell.pk}


@pytest.mark.parametrize("events", [ROWS - 1, ROWS, 2 * ROWS + 3])
@pytest.mark.parametrize("of_cell", [False, True])
def test_what_the_list_opens_with_leads_on_to_the_rest(events, of_cell):
    cell = make_position()
    tell(cell, events - 1)
    wanted = Wanted(tenant=cell.tenant, cells=[cell] if of_cell else None)

    found, looks = walk(wanted, ROWS)

    assert found == newest_first(tenant=cell.tenant)
    assert len(found) == events
    assert looks == -(-events // ROWS)
    assert activity(wanted).newest == found[0].ts


@pytest.mark.parametrize("events", [0, 1, ROWS + 3])
def test_some_kinds_are_all_found_from_the_top_on(events):
    cell = make_position()
    tell(cell, events, EventType.CASH_DEPOSITED)
    tell(cell, 3)

    found, _ = walk(Wanted(tenant=cell.tenant, kinds=("cash_deposited", "cash_withdrawn")), ROWS)

    assert found == newest_first(type="cash_deposited")
    assert len(found) == events


@pytest.mark.parametrize(
    ("wanted", "count"),
    [
        ({"kinds": ("cash_deposited",)}, 2),
        ({"actor": "sue"}, 3),
        ({"kinds": ("cash_deposited",), "actor": "sue"}, 0),
        ({"start": date(2024, 1, 9)}, 3),
        ({"end": date(2024, 1, 8)}, 4),
    ],
)
def test_what_is_not_wanted_is_left_out(wanted, count):
    tenant = make_tenant()
    cells = [make_position(tenant), make_position(tenant)]
    tell(cells[0], 2, EventType.CASH_DEPOSITED)
    tell(cells[1], 3, at=OPENED_AT + timedelta(days=1), actor="sue")

    assert len(walk(Wanted(tenant=tenant, **wanted), 2)[0]) == count


@pytest.mark.parametrize("of_one_cell", [True, False])
def test_what_is_rare_is_found_a_look_at_a_time(monkeypatch, of_one_cell):
    monkeypatch.setattr(room, "LOOKED_AT", 4)
    cell = make_position()
    tell(cell, 1, EventType.CASH_DEPOSITED, at=OPENED_AT + timedelta(minutes=1))
    for minute in range(2, 22):
        tell(cell, at=OPENED_AT + timedelta(minutes=minute))
    wanted = Wanted(
        tenant=cell.tenant, cells=[cell] if of_one_cell else None, kinds=(EventType.CASH_DEPOSITED, "x")
    )

    first = activity(wanted, limit=5)
    found, looks = walk(wanted, 5)

    assert (first.events, first.is_cut) == ([], True)
    assert [event.type for event in found] == ["cash_deposited"]
    assert 4 <= looks <= 6


def test_a_look_takes_three_statements_at_most(django_assert_max_num_queries):
    cell = make_position()
    tell(cell, 30)
    for wanted in ({}, {"cells": [cell]}, {"actor": "tester"}):
        with django_assert_max_num_queries(3):
            events = activity(Wanted(tenant=cell.tenant, **wanted)).events
            assert {str(event.position) for event in events} == {"IBM #1"}


def test_what_is_new_is_counted_as_far_as_it_matters():
    cell = make_position()
    tell(cell, 4, at=OPENED_AT + timedelta(minutes=1))

    assert newer(Wanted(tenant=cell.tenant), OPENED_AT, most=100) == 4
    assert newer(Wanted(tenant=cell.tenant), OPENED_AT, most=3) == 3
    assert newer(Wanted(tenant=make_tenant("other")), OPENED_AT, most=3) == 0


@pytest.mark.parametrize(
    "cursor", ["x", "1~2", "2024-01-08~c~x", "~~", "9" * 300, write_cursor([1, 2, 3, 4])]
)
def test_a_cursor_that_is_none_is_refused(cursor):
    with pytest.raises(OutOfRange):
        activity(Wanted(tenant=make_tenant()), cursor)


def test_every_kind_of_event_has_words_and_stands_in_one_group():
    grouped = [kind for _, kinds in GROUPS.values() for kind in kinds]

    assert set(EVENT_WORDS) == set(EventType.values)
    assert sorted(grouped) == sorted(EventType.values)
