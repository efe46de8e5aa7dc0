"""Opening a cell: its first balances, one event, one journal row."""

import uuid
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from accounts.errors import NotFound, OutsideUnitOfWork
from accounts.transactions import unit_of_work
from positions.ledger import event_faults, journal_faults
from positions.models import CauseKind, Event, JournalEntry, Position
from positions.services import open_position
from positions.tests.builders import OPENED_AT, everything_written, make_position, make_stamp, make_tenant
from volbal.errors import OutOfRange

pytestmark = pytest.mark.django_db


def open_one(**changes):
    values = {
        "tenant_id": make_tenant().pk,
        "ticker": "IBM",
        "qty": Decimal(100),
        "cash": Decimal(10_000),
        "anchor_price": Decimal(100),
        "stamp": make_stamp(),
        "market_provider": "static",
    }
    return open_position(**{**values, **changes})


def test_a_new_cell_has_its_balances_and_nothing_reserved():
    position = Position.objects.get(pk=make_position(qty="100.5", cash="9999.25", anchor="99.5").pk)

    assert (position.qty, position.cash, position.anchor_price) == (
        Decimal("100.5"),
        Decimal("9999.25"),
        Decimal("99.5"),
    )
    assert (position.reserved_qty, position.reserved_cash, position.dividend_receivable) == (0, 0, 0)
    assert (position.status, position.opened_date) == ("active", date(2024, 1, 8))


def test_a_new_cell_has_one_event_and_the_journal_row_that_it_caused():
    position = make_position()
    event, row = Event.objects.get(), JournalEntry.objects.get()

    assert (event.type, event.scope, event.position, event.ts) == (
        "position_created",
        "POSITION",
        position,
        OPENED_AT,
    )
    assert (event.actor, event.request_id) == ("tester", "test")
    assert event.inputs == {
        "ticker": "IBM",
        "qty": "100",
        "cash": "10000",
        "anchor_price": "100",
        "broker": "paper",
    }
    assert (row.cause_kind, row.cause_id) == (CauseKind.OPENING, str(event.pk))
    assert (row.cash_delta, row.qty_delta, row.receivable_delta) == (10_000, 100, 0)
    assert (row.cash_after, row.qty_after, row.receivable_after) == (10_000, 100, 0)


def test_a_missing_anchor_stays_missing():
    assert Position.objects.get(pk=make_position(anchor=None).pk).anchor_price is None


def test_an_empty_cell_has_no_journal_and_no_fault():
    make_position(qty=0, cash=0)

    assert JournalEntry.objects.count() == 0
    assert [*journal_faults(), *event_faults()] == []


def test_cells_are_numbered_by_tenant():
    ann, bob = make_tenant("ann"), make_tenant("bob")

    numbers = [make_position(tenant).number for tenant in (ann, ann, bob, ann)]

    assert numbers == [1, 2, 1, 3]


def test_the_opening_date_is_new_yorks():
    at = datetime(2024, 1, 9, 4, 59, tzinfo=UTC)

    assert make_position(at=at).opened_date == date(2024, 1, 8)


def test_an_unknown_tenant_is_not_found():
    before = everything_written()

    with pytest.raises(NotFound), unit_of_work():
        open_one(tenant_id=uuid.uuid4())

    assert everything_written() == before


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"cash": Decimal(-1)}, OutOfRange),
        ({"cash": Decimal("-0.000001"), "qty": Decimal(0)}, OutOfRange),
        ({"qty": Decimal(-1)}, OutOfRange),
        ({"cash": Decimal("1000000000")}, OutOfRange),
        ({"qty": Decimal("10000000")}, OutOfRange),
        ({"anchor_price": Decimal(0)}, OutOfRange),
        ({"anchor_price": Decimal(-1)}, OutOfRange),
    ],
)
def test_balances_that_the_books_cannot_keep_open_nothing(changes, error):
    tenant = make_tenant()
    before = everything_written()

    with pytest.raises(error), unit_of_work():
        open_one(**changes)

    tenant.refresh_from_db()
    assert everything_written() == before
    assert tenant.positions_opened == 0


def test_the_largest_balances_are_kept_to_the_last_digit():
    position = Position.objects.get(pk=make_position(qty="9999999.99999999", cash="999999999.999999").pk)

    assert (position.qty, position.cash) == (Decimal("9999999.99999999"), Decimal("999999999.999999"))
    assert list(journal_faults()) == []


def test_nothing_is_opened_outside_a_unit_of_work():
    before = everything_written()

    with pytest.raises(OutsideUnitOfWork):
        open_one()

    assert everything_written() == before
