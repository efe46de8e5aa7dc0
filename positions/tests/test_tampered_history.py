"""One character of any column of a row of history is changed behind our back: the checks name that row."""

import uuid
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import chain

import pytest

from accounts.transactions import unit_of_work
from positions.event_types import EventType
from positions.events import record_event
from positions.ledger import event_faults, journal_chain_faults, journal_faults
from positions.models import ChainHead, Event, JournalEntry, Position
from positions.services import move_cash
from positions.tests.builders import make_position, make_stamp
from positions.tests.raw_rows import ON_SQLITE, execute, unguarded

CHECKS = {Event: event_faults, JournalEntry: journal_chain_faults}
MODELS = pytest.mark.parametrize("model", [Event, JournalEntry])

sqlite_only = pytest.mark.skipif(not ON_SQLITE, reason="SQLite keeps text in any column")


def columns_of(*models):
    return [(model, field.attname) for model in models for field in model._meta.concrete_fields]


LINKS = {"id", "chain", "seq", "prev_hash", "hash"}
CONTENT = [(model, name) for model, name in columns_of(Event, JournalEntry) if name not in LINKS]


@pytest.fixture
def history(db):
    """Two cells with five events and five journal rows each."""
    for _ in range(2):
        position = make_position()
        for amount in ("1.5", "-0.25", "3", "1000"):
            with unit_of_work():
                move_cash(position_id=position.pk, amount=Decimal(amount), stamp=make_stamp())


def middle_row(model):
    return model.objects.filter(seq=3).order_by("chain")[0]


def nudged(value):
    """Return `value` with one character or its last place changed."""
    if isinstance(value, dict):
        name, first = next(iter(value.items()))
        return {**value, name: nudged(first)}
    if isinstance(value, uuid.UUID):
        return uuid.UUID(nudged(str(value)))
    if isinstance(value, datetime):
        return value + timedelta(microseconds=1)
    if isinstance(value, Decimal):
        return value + Decimal("0.000001")
    if isinstance(value, int):
        return value + 1
    return value[:-1] + ("0" if value[-1:] != "0" else "1")


def faults(model):
    return list(CHECKS[model]())


def test_untouched_history_has_no_faults(history):
    assert [*event_faults(), *journal_faults()] == []


@pytest.mark.parametrize(("model", "column"), CONTENT)
def test_a_change_of_content_names_exactly_that_row(history, model, column):
    row = middle_row(model)

    with unguarded(model):
        model.objects.filter(pk=row.pk).update(**{column: nudged(getattr(row, column))})
        found = faults(model)

    assert found == [f"{model.__name__} {row.pk} ({row.chain}, number 3): its content was changed."]


@MODELS
@pytest.mark.parametrize("column", sorted(LINKS - {"id"}))
def test_a_change_of_a_link_names_that_row_and_the_break(history, model, column):
    row = middle_row(model)

    with unguarded(model):
        changed = {"seq": 9} if column == "seq" else {column: nudged(getattr(row, column))}
        model.objects.filter(pk=row.pk).update(**changed)
        found = faults(model)

    assert any(f"{row.pk}" in fault and "its content was changed" in fault for fault in found)
    assert len(found) >= 2
    others = model.objects.filter(chain=row.chain).exclude(seq__in=(3, 4)).values_list("pk", flat=True)
    assert not any(str(other) in fault for other in others for fault in found)


@MODELS
def test_a_change_of_the_id_names_the_row_by_its_new_one(history, model):
    row = middle_row(model)

    with unguarded(model):
        model.objects.filter(pk=row.pk).update(id=nudged(row.pk))
        found = faults(model)

    assert found == [f"{model.__name__} {nudged(row.pk)} ({row.chain}, number 3): its content was changed."]


@pytest.mark.parametrize(
    "change", [("cash_delta", "0.000001"), ("qty_delta", "1e-8"), ("receivable_delta", "1")]
)
def test_amounts_that_no_longer_add_up_name_the_position_too(history, change):
    column, more = change
    row = middle_row(JournalEntry)

    with unguarded(JournalEntry):
        JournalEntry.objects.filter(pk=row.pk).update(**{column: getattr(row, column) + Decimal(more)})
        found = list(journal_faults())

    assert len(found) == 2
    assert str(row.pk) in found[0]
    assert f"Position {row.position_id}" in found[1]
    assert column.removesuffix("_delta") in found[1]


@pytest.mark.parametrize("column", ["cash", "qty", "dividend_receivable"])
def test_a_balance_that_its_journal_does_not_explain_is_named(history, column):
    position = Position.objects.first()

    Position.objects.filter(pk=position.pk).update(**{column: Decimal(1)})
    found = list(journal_faults())

    assert len(found) == 1
    assert f"Position {position.pk}" in found[0]


@MODELS
def test_a_deleted_row_is_missed_by_the_next(history, model):
    row = middle_row(model)
    next_row = model.objects.get(chain=row.chain, seq=4)

    with unguarded(model):
        model.objects.filter(pk=row.pk).delete()
        found = faults(model)

    assert found == [
        f"{model.__name__} {next_row.pk} ({row.chain}, number 4): number 3 is missing before it."
    ]


@MODELS
def test_a_deleted_first_row_is_missed_by_the_second(history, model):
    row = middle_row(model)

    with unguarded(model):
        model.objects.filter(chain=row.chain, seq=1).delete()
        found = faults(model)

    assert len(found) == 1
    assert f"({row.chain}, number 2): number 1 is missing before it." in found[0]


@MODELS
def test_a_deleted_last_row_is_missed_by_the_head(history, model):
    row = middle_row(model)

    with unguarded(model):
        model.objects.filter(chain=row.chain, seq=5).delete()
        found = faults(model)

    assert found == [f"Chain {row.chain}: it should end with number 5 and ends with 4."]


@MODELS
def test_a_chain_whose_rows_are_all_gone_is_named(history, model):
    row = middle_row(model)

    with unguarded(model):
        model.objects.filter(chain=row.chain).delete()
        found = faults(model)

    assert found == [f"Chain {row.chain}: all its 5 rows are gone."]


@MODELS
def test_a_table_that_was_emptied_is_named_chain_by_chain(history, model):
    with unguarded(model):
        model.objects.all().delete()
        found = faults(model)

    assert len(found) == 2
    assert all("all its 5 rows are gone" in fault for fault in found)


@MODELS
def test_a_head_that_is_gone_is_named(history, model):
    row = middle_row(model)

    ChainHead.objects.filter(chain=row.chain).delete()

    assert faults(model)[0] == f"Chain {row.chain}: its head is gone."


def test_a_cell_whose_events_and_head_are_gone_is_named(history):
    row = middle_row(Event)

    with unguarded(Event):
        Event.objects.filter(chain=row.chain).delete()
        ChainHead.objects.filter(chain=row.chain).delete()
        found = faults(Event)

    assert len(found) == 1
    assert f"Position {row.position_id}" in found[0]
    assert "it has no events" in found[0]


def test_a_cell_whose_journal_and_head_are_gone_is_named(history):
    row = middle_row(JournalEntry)

    with unguarded(JournalEntry):
        JournalEntry.objects.filter(chain=row.chain).delete()
        ChainHead.objects.filter(chain=row.chain).delete()
        found = list(journal_faults())

    assert len(found) == 2
    assert all(f"Position {row.position_id}" in fault for fault in found)


@MODELS
def test_rows_that_changed_places_are_named(history, model):
    row = middle_row(model)
    other = model.objects.get(chain=row.chain, seq=4)

    with unguarded(model):
        model.objects.filter(pk=row.pk).update(seq=99)
        model.objects.filter(pk=other.pk).update(seq=3)
        model.objects.filter(pk=row.pk).update(seq=4)
        found = faults(model)

    for moved in (row, other):
        assert any(str(moved.pk) in fault and "content was changed" in fault for fault in found)


@MODELS
def test_a_row_put_in_from_outside_is_named(history, model):
    row = model.objects.filter(seq=5).order_by("chain")[0]
    row.pk, row.seq, row.prev_hash = uuid.uuid4(), 6, row.hash
    row.save(force_insert=True)

    found = faults(model)

    assert [fault for fault in found if str(row.pk) in fault]
    assert f"Chain {row.chain}: it should end with number 5 and ends with 6." in found


@pytest.mark.parametrize("instead", [1.5, [0.1], {"a": 2.5}])
def test_a_whole_number_of_json_that_became_a_fraction_is_named(history, instead):
    """A fraction is a float in JSON, which we never write: the check must say so, not stumble."""
    position = Position.objects.first()
    with unit_of_work():
        facts = {"orders": 1}
        row = record_event(position, EventType.POSITION_CHANGED, "m", stamp=make_stamp(), inputs=facts)

    with unguarded(Event):
        Event.objects.filter(pk=row.pk).update(inputs={"orders": instead})
        found = faults(Event)

    assert found == [f"Event {row.pk} ({row.chain}, number 6): its content was changed."]


@sqlite_only
@pytest.mark.parametrize(
    ("model", "column"),
    [(model, name) for model, name in columns_of(Event, JournalEntry) if name not in {"id", "chain", "seq"}],
)
def test_a_byte_that_rotted_on_the_disk_names_its_row(history, model, column):
    """What the column can't even mean (a letter in an amount) is a change too, and no reason to stumble."""
    row = middle_row(model)

    with unguarded(model):
        execute(
            f"UPDATE {model._meta.db_table} SET {column} = '~' || substr({column}, 2) WHERE id = %s",
            [row.pk.hex],
        )
        found = faults(model)

    assert any(str(row.pk) in fault for fault in found)


def test_the_journal_may_be_checked_while_events_are_wrong(history):
    row = middle_row(Event)

    with unguarded(Event):
        Event.objects.filter(pk=row.pk).update(message="it was not me")
        found = list(chain(journal_chain_faults(), journal_faults()))

    assert found == []
