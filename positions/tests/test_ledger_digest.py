"""One hash over the books: equal for equal histories, whatever their ids and hours."""

from datetime import timedelta
from decimal import Decimal

import pytest

from accounts.models import Tenant
from accounts.transactions import unit_of_work
from alerts.models import Alert
from positions.events import record_event
from positions.guards import install_guards, remove_guards
from positions.ledger import ledger_digest
from positions.models import ChainHead, Event, JournalEntry, Position
from positions.services import adjust_books, move_cash, pause, set_anchor
from positions.tests.builders import OPENED_AT, make_position, make_stamp, make_tenant
from positions.tests.raw_rows import unguarded

pytestmark = pytest.mark.django_db

STEPS = {"deposit": "5", "anchor": "101", "qty": "-1", "at": OPENED_AT, "pause": True, "ticker": "IBM"}


def digest_of(**changes):
    """Return the digest of a fresh history; then forget the history."""
    steps = {**STEPS, **changes}
    stamp = make_stamp(steps["at"], actor=steps.get("actor", "tester"))
    position = make_position(ticker=steps["ticker"])
    with unit_of_work():
        move_cash(position_id=position.pk, amount=Decimal(steps["deposit"]), stamp=stamp)
        set_anchor(position_id=position.pk, price=Decimal(steps["anchor"]), stamp=stamp)
        adjust_books(position_id=position.pk, qty=Decimal(steps["qty"]), reason="r", stamp=stamp)
        if steps["pause"]:
            pause(Position.objects.lock(position.pk), "p", stamp=stamp)
    digest = ledger_digest()
    forget_everything()
    return digest


def forget_everything():
    remove_guards()
    for model in (JournalEntry, Event, ChainHead, Alert, Position, Tenant):
        model.objects.all().delete()
    install_guards()


def test_equal_histories_have_equal_digests():
    assert digest_of() == digest_of()


def test_ids_actors_and_hours_do_not_count():
    later = OPENED_AT + timedelta(hours=3)

    assert digest_of() == digest_of(at=later, actor="somebody else")


@pytest.mark.parametrize(
    "changes",
    [
        {"deposit": "5.000001"},
        {"anchor": "101.000001"},
        {"qty": "-1.00000001"},
        {"at": OPENED_AT + timedelta(days=1)},
        {"pause": False},
        {"ticker": "MSFT"},
    ],
)
def test_other_histories_have_other_digests(changes):
    assert digest_of() != digest_of(**changes)


def test_an_empty_ledger_has_a_digest_too():
    assert len(ledger_digest()) == 64


def test_the_order_of_tenants_is_that_of_their_names():
    for name in ("bob", "ann"):
        make_position(make_tenant(name), cash=1 if name == "ann" else 2)
    before = ledger_digest()
    forget_everything()
    for name in ("ann", "bob"):
        make_position(make_tenant(name), cash=1 if name == "ann" else 2)

    assert ledger_digest() == before


@pytest.mark.parametrize("column", ["cash_delta", "qty_delta", "receivable_delta"])
def test_a_tampered_amount_changes_the_digest(column):
    make_position()
    before = ledger_digest()

    with unguarded(JournalEntry):
        JournalEntry.objects.update(**{column: Decimal("7")})
        changed = ledger_digest()

    assert changed != before
    assert ledger_digest() == before


def test_how_often_an_order_was_sent_or_doubted_does_not_count():
    def digest_with(*types):
        position = make_position()
        with unit_of_work():
            for type_ in types:
                record_event(Position.objects.lock(position.pk), type_, "x", stamp=make_stamp())
        digest = ledger_digest()
        forget_everything()
        return digest

    quiet = digest_with("order_submitted", "order_filled", "anchor_updated")
    bad_line = ("order_submitted", "order_unknown", "order_accepted", "order_unknown", "order_submitted")

    assert digest_with(*bad_line, "order_filled", "anchor_updated") == quiet
    assert digest_with("order_submitted", "order_cancelled", "anchor_updated") != quiet
    assert digest_with("order_submitted", "anchor_updated", "order_filled") != quiet
    assert digest_with("order_filled", "order_filled", "anchor_updated") != quiet
