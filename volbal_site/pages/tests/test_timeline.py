"""The timeline tells waiting once, and a fill together with its decision."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest

from orders.tests.builders import run_at
from positions.tests.builders import OPENED_AT, make_position
from volbal_site.pages.timeline import EventRow, entries_of, timeline_of

MINUTE = timedelta(minutes=1)


def row(type_: str, action: str | None = None, minute: int = 0) -> EventRow:
    return EventRow(uuid4(), type_, OPENED_AT + minute * MINUTE, f"{type_} {minute}", "tester", action)


def evaluated(action: str, minute: int = 0) -> EventRow:
    return row("position_evaluated", action, minute)


def told(*rows: EventRow) -> list[tuple[str, int]]:
    return [(entry.kind, entry.times) for entry in entries_of(rows)]


def test_waiting_in_a_row_is_one_entry_with_its_beginning():
    (entry,) = entries_of([evaluated("HOLD", 3), evaluated("HOLD", 2), evaluated("HOLD", 1)])

    assert (entry.times, entry.since) == (3, OPENED_AT + MINUTE)
    assert entry.row.message == "position_evaluated 3"


def test_what_comes_between_divides_it():
    rows = [evaluated("HOLD", 4), evaluated("HOLD", 3), row("cash_deposited", None, 2), evaluated("HOLD", 1)]

    assert told(*rows) == [("Waits", 2), ("Deposit", 1), ("Waits", 1)]


def test_the_same_refusal_twice_is_told_twice():
    assert told(evaluated("SKIP", 2), evaluated("SKIP", 1)) == [("Not done", 1), ("Not done", 1)]


def test_a_fill_is_told_with_the_decision_of_the_same_moment():
    (entry,) = entries_of([row("order_filled"), evaluated("BUY")])

    assert (entry.kind, entry.followed, entry.is_decision) == ("Buy", "order_filled 0", True)


def test_a_fill_that_came_later_stands_alone():
    assert told(row("order_filled", None, 5), evaluated("BUY", 1)) == [("Filled", 1), ("Buy", 1)]


@pytest.mark.django_db
def test_a_cells_timeline_is_its_newest_entries():
    cell = make_position()
    for price in ("97", "98", "98.5", "94"):
        run_at(cell, price)

    assert [(entry.kind, entry.times) for entry in timeline_of(cell)] == [
        ("Buy", 1),
        ("Waits", 2),
        ("Buy", 1),
        ("Cell opened", 1),
    ]


@pytest.mark.django_db
def test_another_cells_events_are_not_in_it():
    cell, other = make_position(), make_position()
    run_at(other, 97)

    assert [entry.kind for entry in timeline_of(cell)] == ["Cell opened"]
