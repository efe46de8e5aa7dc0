"""Deposits and withdrawals: only free cash can leave."""

import uuid
from decimal import Decimal

import pytest

from accounts.errors import NotFound
from accounts.transactions import unit_of_work
from positions.errors import PositionClosed
from positions.ledger import event_faults, journal_faults
from positions.models import CauseKind, Event, JournalEntry, Position
from positions.services import close_position, move_cash
from positions.tests.builders import everything_written, make_position, make_stamp
from volbal.errors import InsufficientCash, OutOfRange

pytestmark = pytest.mark.django_db


def move(position, amount):
    with unit_of_work():
        return move_cash(position_id=position.pk, amount=Decimal(amount), stamp=make_stamp())


def refused(position, amount, error):
    before = everything_written()
    with pytest.raises(error):
        move(position, amount)
    assert everything_written() == before
    return True


def cash_of(position):
    return Position.objects.get(pk=position.pk).cash


@pytest.mark.parametrize(
    ("amount", "type_", "cash"),
    [
        ("250.5", "cash_deposited", "1250.5"),
        ("0.000001", "cash_deposited", "1000.000001"),
        ("-250.5", "cash_withdrawn", "749.5"),
        ("-1000", "cash_withdrawn", "0"),
    ],
)
def test_cash_moves_with_an_event_and_a_journal_row(amount, type_, cash):
    position = make_position(cash=1000)

    move(position, amount)

    event, row = Event.objects.get(seq=2), JournalEntry.objects.get(seq=2)
    assert cash_of(position) == row.cash_after == Decimal(cash)
    assert (event.type, event.inputs, event.outputs) == (type_, {"amount": amount}, {"cash": cash})
    assert (row.cause_kind, row.cause_id) == (CauseKind.CASH, str(event.pk))
    assert (row.cash_delta, row.qty_delta) == (Decimal(amount), 0)
    assert [*journal_faults(), *event_faults()] == []


@pytest.mark.lesson
def test_withdrawing_800_of_1000_leaves_200_and_not_less():
    """Withdrawing 800 of 1,000 left -600 (debited twice)."""
    position = make_position(cash=1000)

    move(position, "-800")

    assert cash_of(position) == 200
    assert refused(position, "-800", InsufficientCash)
    assert cash_of(position) == 200


def test_more_than_there_is_cannot_leave():
    assert refused(make_position(cash=1000), "-1000.000001", InsufficientCash)


def test_reserved_cash_cannot_leave():
    position = make_position(cash=1000)
    Position.objects.update(reserved_cash=Decimal(300))

    assert refused(position, "-700.000001", InsufficientCash)
    assert move(position, "-700").cash == 300


def test_moving_nothing_is_refused():
    assert refused(make_position(), "0", OutOfRange)


def test_the_books_keep_fifteen_digits():
    position = make_position(cash="999999999")

    assert refused(position, "1", OutOfRange)
    assert move(position, "0.999999").cash == Decimal("999999999.999999")
    assert refused(position, "0.000001", OutOfRange)
    assert list(journal_faults()) == []


def test_an_unknown_position_is_not_found():
    before = everything_written()

    with pytest.raises(NotFound), unit_of_work():
        move_cash(position_id=uuid.uuid4(), amount=Decimal(1), stamp=make_stamp())

    assert everything_written() == before


def test_a_closed_position_takes_and_gives_nothing():
    position = make_position(cash=1000)
    with unit_of_work():
        close_position(position_id=position.pk, stamp=make_stamp())

    assert refused(position, "1", PositionClosed)
    assert refused(position, "-1", PositionClosed)
