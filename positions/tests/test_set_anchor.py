"""Setting the anchor by hand."""

import uuid
from decimal import Decimal

import pytest

from accounts.errors import NotFound
from accounts.transactions import unit_of_work
from positions.errors import PositionClosed
from positions.models import Event, JournalEntry, Position
from positions.services import close_position, set_anchor
from positions.tests.builders import everything_written, make_position, make_stamp
from volbal.errors import OutOfRange

pytestmark = pytest.mark.django_db


def anchor(position, price):
    with unit_of_work():
        return set_anchor(position_id=position.pk, price=Decimal(price), stamp=make_stamp())


@pytest.mark.parametrize(("old", "price"), [(100, "0.000001"), (None, "99.5"), (100, "999999999.999999")])
def test_the_anchor_is_set_and_told(old, price):
    position = make_position(anchor=old)

    anchor(position, price)

    event = Event.objects.get(seq=2)
    assert Position.objects.get().anchor_price == Decimal(price)
    assert event.type == "anchor_set"
    assert event.inputs == {"anchor_price": None if old is None else str(old)}
    assert event.outputs == {"anchor_price": price}
    assert JournalEntry.objects.count() == 1


@pytest.mark.lesson
@pytest.mark.parametrize("price", ["0", "-1", "-0.000001"])
def test_the_anchor_is_never_zero_or_less(price):
    """`evaluate?price=0` set the anchor to 0"""
    position = make_position(anchor=100)
    before = everything_written()

    with pytest.raises(OutOfRange):
        anchor(position, price)

    assert everything_written() == before
    assert Position.objects.get().anchor_price == 100


def test_a_closed_or_unknown_position_has_no_anchor_to_set():
    position = make_position()
    with unit_of_work():
        close_position(position_id=position.pk, stamp=make_stamp())
    before = everything_written()

    with pytest.raises(PositionClosed):
        anchor(position, "99")
    with pytest.raises(NotFound), unit_of_work():
        set_anchor(position_id=uuid.uuid4(), price=Decimal(1), stamp=make_stamp())

    assert everything_written() == before


def test_an_anchor_that_the_books_cannot_keep_is_refused():
    position = make_position(anchor=100)
    before = everything_written()

    with pytest.raises(OutOfRange):
        anchor(position, "1000000000")

    assert everything_written() == before
