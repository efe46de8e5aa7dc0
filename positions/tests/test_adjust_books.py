"""Correcting the books by hand, with a reason that is kept."""

from decimal import Decimal

import pytest

from accounts.transactions import unit_of_work
from positions.errors import PositionClosed
from positions.ledger import event_faults, journal_faults
from positions.models import CauseKind, Event, JournalEntry, Position
from positions.services import adjust_books, close_position
from positions.tests.builders import everything_written, make_position, make_stamp
from volbal.errors import InsufficientCash, InsufficientShares, OutOfRange

pytestmark = pytest.mark.django_db


def adjust(position, reason="typed wrongly", **amounts):
    with unit_of_work():
        values = {name: Decimal(amount) for name, amount in amounts.items()}
        return adjust_books(position_id=position.pk, reason=reason, stamp=make_stamp(), **values)


@pytest.mark.parametrize(
    ("amounts", "cash", "qty"),
    [
        ({"cash": "970.097", "qty": "-10"}, "10970.097", "90"),
        ({"cash": "-10000"}, "0", "100"),
        ({"qty": "-100"}, "10000", "0"),
        ({"qty": "0.00000001"}, "10000", "100.00000001"),
    ],
)
def test_an_adjustment_moves_the_books_and_says_why(amounts, cash, qty):
    make_position()

    adjust(Position.objects.get(), **amounts)

    event, row, position = Event.objects.get(seq=2), JournalEntry.objects.get(seq=2), Position.objects.get()
    assert (position.cash, position.qty) == (Decimal(cash), Decimal(qty))
    assert event.type == "adjustment_booked"
    assert event.inputs == {"cash": "0", "qty": "0", "reason": "typed wrongly", **amounts}
    assert (row.cause_kind, row.cause_id) == (CauseKind.ADJUSTMENT, str(event.pk))
    assert [*journal_faults(), *event_faults()] == []


def test_an_adjustment_is_undone_by_its_reverse():
    make_position()

    adjust(Position.objects.get(), cash="-5", qty="1")
    adjust(Position.objects.get(), cash="5", qty="-1")

    position = Position.objects.get()
    assert (position.cash, position.qty, JournalEntry.objects.count()) == (10_000, 100, 3)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"cash": "-10000.000001"}, InsufficientCash),
        ({"qty": "-100.00000001"}, InsufficientShares),
        ({"cash": "999990000"}, OutOfRange),
        ({"qty": "9999900"}, OutOfRange),
        ({}, OutOfRange),
        ({"cash": "0", "qty": "0"}, OutOfRange),
        ({"cash": "1", "reason": ""}, OutOfRange),
        ({"cash": "1", "reason": " \t"}, OutOfRange),
        ({"cash": "1", "reason": "a\x00b"}, OutOfRange),
        ({"cash": "1", "reason": "\ud800"}, OutOfRange),
        ({"cash": "1", "reason": "x" * 501}, OutOfRange),
    ],
)
def test_an_adjustment_that_cannot_be_is_refused(changes, error):
    position = make_position()
    before = everything_written()

    with pytest.raises(error):
        adjust(position, **changes)

    assert everything_written() == before


def test_what_an_order_holds_cannot_be_adjusted_away():
    position = make_position()
    Position.objects.update(reserved_cash=Decimal(1), reserved_qty=Decimal(1))
    before = everything_written()

    with pytest.raises(InsufficientCash):
        adjust(position, cash="-10000")
    with pytest.raises(InsufficientShares):
        adjust(position, qty="-100")

    assert everything_written() == before


def test_a_closed_positions_books_stay():
    position = make_position()
    with unit_of_work():
        close_position(position_id=position.pk, stamp=make_stamp())
    before = everything_written()

    with pytest.raises(PositionClosed):
        adjust(position, cash="1")

    assert everything_written() == before
