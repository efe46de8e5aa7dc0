"""A cell's status: active, paused until a person resumes it, closed for good."""

from contextlib import suppress
from decimal import Decimal

import pytest

from accounts.transactions import unit_of_work
from positions.errors import PositionClosed, PositionNotEmpty
from positions.models import Event, Position
from positions.services import close_position, pause, resume
from positions.tests.builders import everything_written, make_position, make_stamp

pytestmark = pytest.mark.django_db


def paused(position):
    with unit_of_work():
        pause(Position.objects.lock(position.pk), "a look at it", stamp=make_stamp())


def resumed(position):
    with unit_of_work():
        resume(Position.objects.lock(position.pk), stamp=make_stamp())


def close(position):
    with unit_of_work():
        return close_position(position_id=position.pk, stamp=make_stamp())


def told():
    return list(Event.objects.order_by("seq").values_list("type", flat=True))[1:]


def status():
    return Position.objects.get().status


def test_pausing_and_resuming_are_told():
    position = make_position()

    paused(position)
    assert status() == "paused"
    resumed(position)
    assert status() == "active"

    assert told() == ["trading_paused", "trading_resumed"]
    event = Event.objects.get(seq=2)
    assert (event.inputs, event.outputs) == ({"status": "active"}, {"status": "paused"})
    assert event.message == "Paused: a look at it"


def test_pausing_or_resuming_twice_is_once():
    position = make_position()

    resumed(position)
    paused(position)
    paused(position)

    assert told() == ["trading_paused"]


@pytest.mark.parametrize("prepare", [lambda position: None, paused])
def test_a_cell_that_nothing_depends_on_is_closed(prepare):
    position = make_position()
    prepare(position)

    close(position)

    assert status() == "closed"
    assert told()[-1] == "position_closed"


@pytest.mark.parametrize("held", [{"reserved_cash": Decimal("0.000001")}, {"reserved_qty": Decimal("1e-8")}])
def test_a_cell_that_an_order_holds_something_of_stays(held):
    position = make_position()
    Position.objects.update(**held)
    before = everything_written()

    with pytest.raises(PositionNotEmpty):
        close(position)

    assert everything_written() == before


def test_a_closed_cell_is_closed_once():
    position = make_position()
    close(position)
    before = everything_written()

    with pytest.raises(PositionClosed):
        close(position)

    assert everything_written() == before


@pytest.mark.parametrize("change", [paused, resumed])
def test_a_closed_cell_stays_closed(change):
    position = make_position()
    close(position)

    with suppress(PositionClosed):
        change(position)

    assert status() == "closed"
