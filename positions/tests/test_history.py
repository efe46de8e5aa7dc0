"""A cell's events are found where they stand: evaluations in its chain, the others by their kind."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.db.models import OuterRef

from accounts.transactions import unit_of_work
from positions.event_types import EventType
from positions.events import position_chain, record_event
from positions.history import ChainOf, evaluations_of, history_of, told
from positions.models import Position
from positions.tests.builders import make_position, make_stamp

pytestmark = pytest.mark.django_db

EVALUATED, PAUSED = EventType.POSITION_EVALUATED, EventType.TRADING_PAUSED


def tell(position, *types):
    with unit_of_work():
        return [record_event(position, type_, "told", stamp=make_stamp()) for type_ in types]


@pytest.fixture
def cells():
    return [make_position() for _ in range(2)]


def test_a_cell_s_chain_is_named_in_sql_as_in_python(cells):
    named = Position.objects.annotate(own_chain=ChainOf("pk")).values_list("pk", "own_chain")

    assert dict(named) == {cell.pk: position_chain(cell) for cell in cells}


def test_events_are_found_by_their_cell_and_type(cells):
    evaluated, paused, again = tell(cells[0], EVALUATED, PAUSED, EVALUATED)
    (other,) = tell(cells[1], EVALUATED)

    assert list(history_of(cells[0]).order_by("-seq")[:3]) == [again, paused, evaluated]
    assert list(history_of(cells[0], EVALUATED).order_by("seq")) == [evaluated, again]
    assert list(history_of(cells[0], PAUSED)) == [paused]
    assert list(history_of(cells[1], PAUSED)) == []
    assert set(evaluations_of(Position.objects.all())) == {evaluated, again, other}
    newest = evaluations_of(OuterRef("pk")).order_by("-seq").values("pk")[:1]
    found = Position.objects.annotate(newest=newest).values_list("pk", "newest")
    assert dict(found) == {cells[0].pk: again.pk, cells[1].pk: other.pk}


@pytest.mark.skipif(not settings.IS_SQLITE, reason="PostgreSQL plans by how many rows there are")
@pytest.mark.parametrize(
    ("rows", "index"),
    [
        (lambda cell: history_of(cell).order_by("-seq"), "event_2 (chain=?"),
        (lambda cell: history_of(cell, EVALUATED).order_by("-seq"), "event_2 (chain=?"),
        (lambda cell: history_of(cell, PAUSED).order_by("-seq"), "event_by_kind (position_id=? AND type=?"),
        (
            lambda cell: told(PAUSED, EventType.TRADING_RESUMED).filter(position__in=Position.objects.all()),
            "event_by_kind (position_id=? AND type=?",
        ),
        (lambda cell: evaluations_of(Position.objects.all()), "event_2 (chain=?"),
    ],
)
def test_no_look_goes_through_other_events(cells, rows, index):
    plan = rows(cells[0]).explain()

    assert index in plan
    assert "TEMP B-TREE" not in plan
