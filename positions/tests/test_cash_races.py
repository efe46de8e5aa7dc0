"""Deposits and withdrawals by real threads: no lost update, never below zero."""

from decimal import Decimal
from functools import partial

import pytest

from accounts.tests.threads import at_once, refusals
from accounts.transactions import unit_of_work
from positions.ledger import event_faults, journal_faults
from positions.models import JournalEntry, Position
from positions.services import move_cash, pause, set_anchor
from positions.tests.builders import make_position, make_stamp, make_tenant

pytestmark = pytest.mark.django_db(transaction=True)


def move(position, amount):
    with unit_of_work():
        return move_cash(position_id=position.pk, amount=Decimal(amount), stamp=make_stamp())


def faults():
    return [*journal_faults(), *event_faults()]


def test_parallel_deposits_all_count():
    position = make_position(cash=0)

    at_once([partial(move, position, 1 + number) for number in range(16)])

    assert Position.objects.get().cash == sum(range(1, 17))
    assert JournalEntry.objects.count() == 17
    assert faults() == []


@pytest.mark.lesson
def test_parallel_withdrawals_never_go_below_zero():
    """Withdrawing 800 of 1,000 left -600 (debited twice)."""
    position = make_position(cash=1000)

    results = at_once([partial(move, position, -800)] * 8)

    assert refusals(results) == ["insufficient-cash"] * 7
    assert Position.objects.get().cash == 200
    assert faults() == []


def test_deposits_and_withdrawals_together_add_up():
    position = make_position(cash=100)

    results = at_once([partial(move, position, amount) for amount in (60, -70) * 8])

    refused = len(refusals(results))
    assert Position.objects.get().cash == 100 + 60 * 8 - 70 * (8 - refused) >= 0
    assert faults() == []


def test_a_deposit_is_not_lost_to_another_change_of_the_row():
    position = make_position(cash=0)

    def anchor(price):
        with unit_of_work():
            set_anchor(position_id=position.pk, price=Decimal(price), stamp=make_stamp())

    def stop():
        with unit_of_work():
            pause(Position.objects.lock(position.pk), "p", stamp=make_stamp())

    deposits = [partial(move, position, 1)] * 5
    at_once([*deposits, *(partial(anchor, 100 + number) for number in range(1, 5)), stop, stop])

    position.refresh_from_db()
    assert (position.cash, position.status) == (5, "paused")
    assert position.anchor_price > 100
    assert faults() == []


def test_cells_opened_in_parallel_have_numbers_of_their_own():
    tenant = make_tenant()

    at_once([partial(make_position, tenant)] * 10)

    numbers = Position.objects.order_by("number").values_list("number", flat=True)
    assert list(numbers) == list(range(1, 11))
    assert faults() == []
