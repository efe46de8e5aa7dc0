"""History is numbered and linked, and written when its unit of work ends."""

import hashlib
import json
from contextlib import suppress
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from accounts.errors import OutsideUnitOfWork
from accounts.idempotency import Answer, IdempotentRequest, Replayed, answer_once
from accounts.transactions import current_unit, unit_of_work
from positions.chains import as_json, row_hash
from positions.event_types import EventType
from positions.events import record_event
from positions.ledger import event_faults, journal_faults
from positions.models import ChainHead, Event, JournalEntry, Position
from positions.services import move_cash
from positions.tests.builders import everything_written, make_position, make_stamp, make_tenant
from volbal.errors import InsufficientCash, VolbalError

pytestmark = pytest.mark.django_db


def deposit(position, *amounts):
    with unit_of_work():
        for amount in amounts:
            move_cash(position_id=position.pk, amount=Decimal(amount), stamp=make_stamp())


def links(model):
    return list(model.objects.order_by("chain", "seq").values_list("seq", "prev_hash", "hash"))


@pytest.mark.parametrize(("model", "prefix"), [(Event, "position"), (JournalEntry, "journal")])
def test_each_row_holds_the_hash_of_the_one_before(model, prefix):
    position = make_position()
    deposit(position, 1, 2)
    deposit(position, 3)

    numbers, before, own = zip(*links(model), strict=True)
    head = ChainHead.objects.get(chain=f"{prefix}/{position.pk}")

    assert numbers == (1, 2, 3, 4)
    assert before == ("", *own[:-1])
    assert (head.seq, head.hash) == (4, own[-1])
    assert len(set(own)) == 4
    assert [*event_faults(), *journal_faults()] == []


def test_a_hash_covers_every_other_column():
    make_position()
    row = JournalEntry.objects.get()
    content = {
        field.attname: as_json(getattr(row, field.attname))
        for field in JournalEntry._meta.concrete_fields
        if field.name != "hash"
    }
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)

    assert row.hash == row_hash(row) == hashlib.sha256(text.encode()).hexdigest()
    assert content["cash_delta"] == "10000"
    assert content["at"] == "2024-01-08T16:00:00.000000+00:00"


def test_history_is_written_when_its_unit_ends():
    position = make_position()

    with unit_of_work():
        move_cash(position_id=position.pk, amount=Decimal(1), stamp=make_stamp())
        move_cash(position_id=position.pk, amount=Decimal(2), stamp=make_stamp())
        assert Event.objects.count() == JournalEntry.objects.count() == 1
        assert Position.objects.get().cash == 10_003

    assert Event.objects.count() == JournalEntry.objects.count() == 3


def test_history_of_a_unit_that_fails_is_never_written():
    position = make_position()
    before = everything_written()

    def block():
        with unit_of_work():
            move_cash(position_id=position.pk, amount=Decimal(1), stamp=make_stamp())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        block()

    assert everything_written() == before
    deposit(position, 5)
    assert [*event_faults(), *journal_faults()] == []


@pytest.mark.parametrize("before", [[], [1], [1, 2]])
@pytest.mark.parametrize("after", [[], [3]])
def test_history_of_a_savepoint_that_fails_is_never_written(before, after):
    position, other = make_position(cash=0), make_position(cash=0)

    with unit_of_work():
        for amount in before:
            move_cash(position_id=position.pk, amount=Decimal(amount), stamp=make_stamp())
        with pytest.raises(ZeroDivisionError), current_unit().savepoint():
            move_cash(position_id=position.pk, amount=Decimal(50), stamp=make_stamp())
            move_cash(position_id=other.pk, amount=Decimal(60), stamp=make_stamp())
            record_event(None, EventType.TRADING_HALTED, "m", stamp=make_stamp())
            raise ZeroDivisionError
        for amount in after:
            move_cash(position_id=position.pk, amount=Decimal(amount), stamp=make_stamp())
            record_event(None, EventType.TRADING_HALTED, "again", stamp=make_stamp())

    deltas = JournalEntry.objects.filter(position=position, seq__gt=0).order_by("seq")
    assert [entry.cash_delta for entry in deltas] == [0, *before, *after]
    assert Event.objects.filter(position=other).count() == 1
    assert Event.objects.filter(scope="GLOBAL").count() == len(after)
    position.refresh_from_db()
    assert position.cash == sum(before + after)
    assert [*event_faults(), *journal_faults()] == []


def test_history_of_a_savepoint_that_holds_is_written():
    position = make_position(cash=0)

    with unit_of_work(), current_unit().savepoint():
        move_cash(position_id=position.pk, amount=Decimal(1), stamp=make_stamp())

    assert JournalEntry.objects.filter(cash_delta=1).count() == 1
    assert [*event_faults(), *journal_faults()] == []


def test_a_refusal_under_a_key_is_kept_and_leaves_no_history():
    position = make_position(cash=100)
    before = everything_written()

    def withdraw(key):
        def act():
            move_cash(position_id=position.pk, amount=Decimal(10), stamp=make_stamp())
            record_event(position, EventType.POSITION_CHANGED, "m", stamp=make_stamp())
            move_cash(position_id=position.pk, amount=Decimal(-200), stamp=make_stamp())
            return Answer(200, "done")

        request = IdempotentRequest(tenant_id=position.tenant_id, key=key, fingerprint="f")
        return answer_once(request, act, lambda error: Answer(422, error.code))

    assert withdraw("k") == Answer(422, InsufficientCash.code)
    assert everything_written() == before

    deposit(position, 500)
    assert withdraw("k") == Replayed(422, InsufficientCash.code)
    assert withdraw("new") == Answer(200, "done")
    assert Position.objects.get().cash == 410
    assert [*event_faults(), *journal_faults()] == []


def test_positions_tenants_and_the_installation_have_chains_of_their_own():
    tenant = make_tenant("ann")
    position = make_position(tenant)
    with unit_of_work():
        record_event(position, EventType.POSITION_CHANGED, "m", stamp=make_stamp())
        record_event(tenant, EventType.TRADING_HALTED, "m", stamp=make_stamp())
        record_event(None, EventType.TRADING_HALTED, "m", stamp=make_stamp())

    rows = Event.objects.exclude(type="position_created").order_by("scope")
    found = [(row.scope, row.chain, row.seq, row.tenant, row.position) for row in rows]

    assert found == [
        ("GLOBAL", "global", 1, None, None),
        ("POSITION", f"position/{position.pk}", 2, tenant, position),
        ("TENANT", f"tenant/{tenant.pk}", 1, tenant, None),
    ]
    assert list(event_faults()) == []


def test_nothing_is_recorded_outside_a_unit():
    position = make_position()
    before = everything_written()

    with pytest.raises(OutsideUnitOfWork):
        record_event(position, EventType.POSITION_CHANGED, "m", stamp=make_stamp())

    assert everything_written() == before


def test_facts_keep_exactly_what_json_can_keep():
    facts = {
        "price": Decimal("150.2500"),
        "at": datetime(2024, 1, 8, 16, tzinfo=UTC),
        "day": date(2024, 1, 8),
        "list": (1, None, True, "1"),
    }

    assert as_json(facts) == {
        "price": "150.25",
        "at": "2024-01-08T16:00:00.000000+00:00",
        "day": "2024-01-08",
        "list": [1, None, True, "1"],
    }


@pytest.mark.parametrize("fact", [0.1, {"a": [1.5]}, {1, 2}, b"bytes"])
def test_facts_that_json_would_blur_are_refused(fact):
    position = make_position()
    before = everything_written()

    with pytest.raises(TypeError, match="has no exact form in JSON"), unit_of_work():
        record_event(position, EventType.POSITION_CHANGED, "m", stamp=make_stamp(), inputs={"fact": fact})

    assert everything_written() == before


@pytest.mark.parametrize(
    "text", ["naïve — ≤ 3 % 🙂", 'quote " and \\ backslash', "two\nlines\ttab", "e\u0301"]
)
def test_any_words_come_back_as_they_were_hashed(text):
    position = make_position()

    with unit_of_work():
        facts = {text: [text]}
        record_event(position, EventType.POSITION_CHANGED, text, stamp=make_stamp(actor=text), inputs=facts)

    assert Event.objects.get(seq=2).inputs == facts
    assert list(event_faults()) == []


def test_times_are_hashed_to_the_microsecond():
    position = make_position()
    at = datetime(2024, 3, 10, 6, 59, 59, 999_999, tzinfo=UTC)

    with unit_of_work():
        record_event(position, EventType.POSITION_CHANGED, "m", stamp=make_stamp(at))

    assert Event.objects.get(seq=2).ts == at
    assert list(event_faults()) == []


@pytest.mark.parametrize("amount", ["0.0000015", "-0.0000001", "1.00000049"])
def test_an_amount_with_too_many_places_never_makes_the_books_look_changed(amount):
    """It may be refused or rounded, but what is hashed must be what is kept."""
    position = make_position()

    with suppress(VolbalError):
        deposit(position, amount)

    assert [*event_faults(), *journal_faults()] == []
