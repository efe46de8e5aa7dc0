"""The database itself refuses balances and words that make no sense, for whoever comes past the services."""

import uuid

import pytest
from django.db import DatabaseError, connection, transaction

from positions.models import Event, JournalEntry, Position
from positions.tests.builders import everything_written, make_position

pytestmark = pytest.mark.django_db

BAD_POSITIONS = [
    "cash = -0.000001",
    "cash = 1000000000",
    "qty = -0.00000001",
    "qty = 10000000",
    "dividend_receivable = -0.000001",
    "dividend_receivable = 1000000000",
    "reserved_cash = -0.000001",
    "reserved_cash = 10000.000001",
    "reserved_qty = -0.00000001",
    "reserved_qty = 100.00000001",
    "reserved_cash = 1, cash = 0.999999",
    "reserved_qty = 1, qty = 0.99999999",
    "anchor_price = 0",
    "anchor_price = -1",
    "anchor_price = 1000000000",
    "withholding_tax_rate = -0.00000001",
    "withholding_tax_rate = 1.00000001",
    "status = 'gone'",
    "number = -1",
    "cash = NULL",
    "qty = NULL",
    "status = NULL",
]
GOOD_POSITIONS = [
    "cash = 0",
    "cash = 999999999.999999",
    "qty = 9999999.99999999",
    "reserved_cash = 10000, reserved_qty = 100",
    "anchor_price = NULL",
    "anchor_price = 0.000001",
    "anchor_price = 999999999.999999",
    "withholding_tax_rate = 0",
    "withholding_tax_rate = 1",
    "status = 'paused'",
]


def run(sql):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


@pytest.mark.parametrize("change", BAD_POSITIONS)
def test_a_position_that_makes_no_sense_is_refused(change):
    make_position()
    before = everything_written()

    with pytest.raises(DatabaseError):
        run(f"UPDATE positions_position SET {change}")

    assert everything_written() == before


@pytest.mark.parametrize("change", GOOD_POSITIONS)
def test_a_position_at_the_very_edge_is_kept(change):
    make_position()

    run(f"UPDATE positions_position SET {change}")

    assert Position.objects.count() == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"cash": -1},
        {"reserved_cash": 10_001},
        {"reserved_qty": 101},
        {"anchor_price": 0},
        {"status": "gone"},
    ],
)
def test_a_queryset_does_not_get_past_the_constraints(changes):
    make_position()
    before = everything_written()

    with pytest.raises(DatabaseError), transaction.atomic():
        Position.objects.update(**changes)

    assert everything_written() == before


def test_a_tenants_numbers_are_given_once():
    first, second = make_position(), make_position()

    with pytest.raises(DatabaseError), transaction.atomic():
        Position.objects.filter(pk=second.pk).update(number=first.number)


def copied(row, **changes):
    """Insert the row again under another id and number, with changes."""
    row.pk, row.seq = uuid.uuid4(), row.seq + 1
    for name, value in changes.items():
        setattr(row, name, value)
    with transaction.atomic():
        row.save(force_insert=True)


@pytest.mark.parametrize(
    ("model", "changes"),
    [
        (JournalEntry, {"cash_after": -1}),
        (JournalEntry, {"qty_after": -1}),
        (JournalEntry, {"receivable_after": -1}),
        (JournalEntry, {"cause_kind": "wish"}),
        (JournalEntry, {"seq": 1}),
        (JournalEntry, {"position_id": None}),
        (Event, {"type": "something_happened"}),
        (Event, {"scope": "COUNTRY"}),
        (Event, {"scope": "TENANT"}),
        (Event, {"scope": "GLOBAL"}),
        (Event, {"position_id": None}),
        (Event, {"tenant_id": None}),
        (Event, {"seq": 1}),
    ],
)
def test_a_row_of_history_that_makes_no_sense_is_refused(model, changes):
    make_position()
    before = everything_written()

    with pytest.raises(DatabaseError):
        copied(model.objects.get(), **changes)

    assert everything_written() == before


@pytest.mark.parametrize("model", [JournalEntry, Event])
def test_a_row_of_history_that_makes_sense_is_taken(model):
    make_position()

    copied(model.objects.get())

    assert model.objects.count() == 2
