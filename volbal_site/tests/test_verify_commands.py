"""verify_ledger, verify_audit, replay_decisions: all is well with counts, or the row by name and status 1."""

from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from dividends.models import Receivable
from dividends.tests.scratch import scratch_database
from orders.models import Order, Trade
from positions.guards import install_guards, remove_guards
from positions.models import ChainHead, Event, JournalEntry, Position

COMMANDS = ("verify_ledger", "verify_audit", "replay_decisions")
REPLAY = ("replay", "MSFT", "--from=2003-02-12", "--to=2003-03-12")


@pytest.fixture(scope="module")
def replayed(shared):
    return shared(lambda: call_command(*REPLAY, stdout=StringIO()))


@pytest.fixture
def position(replayed, db):
    return Position.objects.get()


def said(name):
    out = StringIO()
    call_command(name, stdout=out)
    return out.getvalue()


def faults(name):
    """Run a check that must find something; return its lines."""
    out = StringIO()
    with pytest.raises(CommandError) as caught:
        call_command(name, stdout=out)
    assert caught.value.returncode == 1
    lines = out.getvalue().splitlines()
    assert str(caught.value) == f"{len(lines)} faults found."
    return lines


def past_the_guards(change):
    """Change history as somebody who may drop its guards, and put them back."""
    connection.check_constraints()  # on PostgreSQL a table with checks to come can't lose a trigger
    remove_guards()
    try:
        change()
        connection.check_constraints()
    finally:
        install_guards()


def test_after_a_replay_all_is_well_and_counted(position):
    assert said("verify_ledger") == (
        f"The ledger is in order: 1 positions, {JournalEntry.objects.count()} journal rows, "
        f"{Order.objects.count()} orders, {Trade.objects.count()} trades, 1 receivables.\n"
    )
    assert said("verify_audit") == (
        f"History is intact: {Event.objects.count()} events and {JournalEntry.objects.count()} "
        f"journal rows in {ChainHead.objects.count()} chains.\n"
    )
    evaluated = Event.objects.filter(type="position_evaluated").count()
    assert said("replay_decisions") == f"All {evaluated} recorded decisions come out identical.\n"
    assert min(Trade.objects.count(), evaluated) > 1


def test_a_changed_amount_of_the_journal_is_named_by_both_checks(position):
    entry = position.journal.filter(cause_kind="trade").first()
    rows = JournalEntry.objects.filter(pk=entry.pk)
    past_the_guards(lambda: rows.update(cash_delta=entry.cash_delta + Decimal("0.000001")))

    ledger, audit = faults("verify_ledger"), faults("verify_audit")

    assert len(audit) == 1
    assert str(entry.pk) in audit[0]
    assert str(entry.pk) in ledger[0]
    assert str(position.pk) in ledger[1]
    assert "cash" in ledger[1]


def test_one_changed_byte_of_one_event_is_named(position):
    event = position.events.order_by("seq")[3]
    rows = Event.objects.filter(pk=event.pk)
    past_the_guards(lambda: rows.update(message=event.message[:-1] + "!"))

    assert faults("verify_audit") == [
        f"Event {event.pk} (position/{position.pk}, number 4): its content was changed."
    ]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("type", "anchor_set"),
        ("actor", "someone"),
        ("hash", "0" * 64),
        ("prev_hash", "0" * 64),
        ("inputs", {}),
    ],
)
def test_no_column_of_an_event_can_be_changed_unseen(position, field, value):
    event = position.events.order_by("seq")[2]
    past_the_guards(lambda: Event.objects.filter(pk=event.pk).update(**{field: value}))

    assert any(str(event.pk) in fault for fault in faults("verify_audit"))


def test_a_changed_decision_is_named_with_the_field(position):
    event = position.events.filter(type="position_evaluated").order_by("seq")[1]
    outputs = {"decision": {**event.outputs["decision"], "qty": "999"}}
    past_the_guards(lambda: Event.objects.filter(pk=event.pk).update(outputs=outputs))

    (fault,) = faults("replay_decisions")

    assert str(event.pk) in fault
    assert "qty would be different" in fault
    assert any(str(event.pk) in line for line in faults("verify_audit"))


def test_a_changed_input_changes_the_decision_that_comes_out(position):
    event = position.events.filter(type="position_evaluated").order_by("seq").first()
    quote = {**event.inputs["quote"], "price": "1"}
    rows = Event.objects.filter(pk=event.pk)
    past_the_guards(lambda: rows.update(inputs={**event.inputs, "quote": quote}))

    (fault,) = faults("replay_decisions")

    assert str(event.pk) in fault


@pytest.mark.parametrize("inputs", [{}, {"position": None}, [], "x"])
def test_inputs_that_cannot_be_read_are_named(position, inputs):
    event = position.events.filter(type="position_evaluated").first()
    past_the_guards(lambda: Event.objects.filter(pk=event.pk).update(inputs=inputs))

    (fault,) = faults("replay_decisions")

    assert str(event.pk) in fault
    assert "can't be read" in fault


@pytest.mark.parametrize("model", [Event, JournalEntry])
@pytest.mark.parametrize("place", ["first", "middle", "last"])
def test_a_row_that_is_gone_is_missed_wherever_it_stood(position, model, place):
    rows = list(model.objects.filter(position=position).order_by("seq"))
    gone = {"first": rows[0], "middle": rows[len(rows) // 2], "last": rows[-1]}[place]
    past_the_guards(lambda: model.objects.filter(pk=gone.pk).delete())

    assert any(gone.chain in fault for fault in faults("verify_audit"))


def test_a_chain_that_is_gone_altogether_is_missed(position):
    past_the_guards(lambda: JournalEntry.objects.all().delete())

    assert any("rows are gone" in fault for fault in faults("verify_audit"))
    assert any("its journal sums to 0" in fault for fault in faults("verify_ledger"))


@pytest.mark.parametrize("field", ["cash", "qty", "dividend_receivable"])
def test_a_balance_that_the_journal_does_not_explain_is_named(position, field):
    Position.objects.filter(pk=position.pk).update(**{field: getattr(position, field) + 1})

    assert all(str(position.pk) in fault for fault in faults("verify_ledger"))


def test_an_order_that_its_trades_do_not_explain_is_named(position):
    order = Order.objects.order_by("created_at").first()
    Order.objects.filter(pk=order.pk).update(commission=order.commission + 1)

    assert [str(order.pk) in fault for fault in faults("verify_ledger")] == [True]


def test_a_reservation_without_an_order_is_named(position):
    Position.objects.filter(pk=position.pk).update(reserved_cash=1)

    assert [str(position.pk) in fault for fault in faults("verify_ledger")] == [True]


def test_a_receivable_that_was_changed_is_named(position):
    Receivable.objects.update(status="pending", paid_at=None)

    assert [str(position.pk) in fault for fault in faults("verify_ledger")] == [True]


def test_a_guard_that_is_missing_is_named(position):
    connection.check_constraints()
    remove_guards()

    lines = faults("verify_audit")
    install_guards()

    tables = ("positions_event", "positions_journalentry")
    assert all(any(table in line for line in lines) for table in tables)
    assert "History is intact" in said("verify_audit")


@pytest.mark.faults
@pytest.mark.quick
def test_as_processes_they_exit_with_0_and_after_tampering_with_1(migrated, tmp_path):
    guard = "positions_journalentry_no_"
    drop = (
        [f"DROP TRIGGER {guard}update"]
        if connection.vendor == "sqlite"
        else [f"DROP TRIGGER {guard}change ON positions_journalentry"]
    )
    with scratch_database(tmp_path, migrated) as scratch:
        assert '"ticker": "MSFT"' in scratch.told(*REPLAY, "--json")
        well = [scratch.told(name) for name in COMMANDS]
        scratch.change(*drop, "UPDATE positions_journalentry SET cash_delta = cash_delta + 1 WHERE seq = 2")
        ledger = scratch.run("verify_ledger")
        (row,) = scratch.rows("SELECT id FROM positions_journalentry WHERE seq = 2")

    assert [told.split(" ")[0] for told in well] == ["The", "History", "All"]
    assert ledger.returncode == 1
    assert str(row[0]).replace("-", "") in ledger.stdout.replace("-", "")
    assert ledger.stderr.startswith("CommandError:")


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["verify_ledger", "verify_audit", "replay_decisions", "ledger_digest"])
def test_a_database_that_was_never_set_up_is_said_so(name, monkeypatch):
    monkeypatch.setattr("accounts.database.is_migrated", lambda: False)

    with pytest.raises(CommandError, match=r"run manage\.py migrate first"):
        call_command(name)
