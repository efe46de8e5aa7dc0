"""Bringing what a broker says into the books: executions first, in any order, however often."""

from __future__ import annotations

from itertools import permutations

import pytest

from accounts.transactions import unit_of_work
from orders.answers import apply_answer
from orders.lifecycle import move
from orders.models import BrokerDifference, Order, Trade
from orders.tests.builders import all_faults, events_of, everything_written, fresh, make_order
from orders.tests.scripted_broker import answer, execution, make_waiting, status_of, step
from positions.ledger import ledger_digest
from positions.tests.builders import OPENED_AT, make_position, make_stamp
from volbal.order_states import OrderStatus

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _broker(broker):
    return broker


def make_sent(status="submitted", **values):
    """Return an order of 10 at 97 that the scripted broker has."""
    order = make_order(make_position(broker="scripted"), status=status, **values)
    Order.objects.filter(pk=order.pk).update(sent_at=OPENED_AT, send_token=1)
    return fresh(order)


def apply(order, *answers):
    for one in answers:
        with unit_of_work():
            locked = Order.objects.lock_with_position(order.pk)
            apply_answer(locked, one, stamp=make_stamp(), found_at=OPENED_AT)
    return fresh(order)


def part(order, number, qty, price=97):
    return execution(order, f"{order.pk}-{number}", qty, price, seconds=number)


LEGAL = {
    "submitted": {"accepted": "accepted", "rejected": "rejected", "cancelled": "cancelled",
                  "expired": "expired", "cancel_pending": "submitted", "unknown": "submitted", "new":
                  "submitted"},
    "accepted": {"submitted": "accepted", "accepted": "accepted", "partially_filled": "accepted",
                 "rejected": "rejected", "cancelled": "cancelled", "expired": "expired", "unknown":
                 "accepted"},
    "unknown": {"new": "submitted", "submitted": "submitted", "accepted": "accepted", "rejected": "rejected",
                "cancelled": "cancelled", "expired": "expired", "unknown": "unknown"},
    "cancel_pending": {"accepted": "cancel_pending", "submitted": "cancel_pending", "cancelled": "cancelled",
                       "partially_filled": "cancel_pending", "rejected": "rejected", "expired": "expired"},
    "cancelled": {"accepted": "cancelled", "expired": "cancelled", "filled": "cancelled"},
    "rejected": {"accepted": "rejected", "cancelled": "rejected"},
}  # fmt: skip


@pytest.mark.parametrize(
    ("old", "said", "becomes"), [(old, said, new) for old, row in LEGAL.items() for said, new in row.items()]
)
def test_a_status_without_executions_moves_the_order_where_the_table_allows(old, said, becomes):
    order = make_sent(old)

    assert apply(order, answer(said)).status == becomes
    assert Trade.objects.count() == 0
    assert all_faults() == []


def test_an_end_that_the_table_has_no_move_for_says_that_we_were_wrong_before():
    order = make_sent("accepted")

    apply(order, answer("rejected", reason="no such symbol"))

    told = [(event.type, event.message) for event in events_of(order.position)][-2:]
    assert told == [
        ("order_unknown", "The broker says rejected, which is no way for an order that is accepted."),
        ("order_rejected", "Rejected by the broker: no such symbol."),
    ]


def test_filled_is_not_believed_without_its_executions():
    order = make_sent()

    assert apply(order, answer("filled")).status == "submitted"
    assert apply(order, answer("filled", part(order, 1, 4))).status == "partially_filled"
    order = apply(order, answer("filled", part(order, 2, 6)))
    assert (order.status, order.filled_qty) == ("filled", 10)


@pytest.mark.parametrize("end", ["cancelled", "expired", "rejected"])
def test_no_end_is_believed_before_the_executions_it_speaks_of_are_here(end):
    order = make_sent("accepted")

    assert apply(order, answer(end, filled=4)).status == "accepted"
    assert apply(order, answer(end, part(order, 1, 3), filled=4)).status == "partially_filled"
    order = apply(order, answer(end, part(order, 1, 3), part(order, 2, 1), filled=4))
    assert (order.status, order.filled_qty, order.reserved_cash) == (end, 4, 0)
    assert all_faults() == []


def test_after_a_minute_without_them_a_person_should_know(broker, clock):
    _, order = make_waiting()
    broker.says("submit", answer("cancelled", filled=4))
    broker.says("get", *[answer("cancelled", filled=4)] * 2)
    for _ in range(2):
        step(order, clock)
        clock.pass_by(59)
    assert BrokerDifference.objects.count() == 0
    step(order, clock)

    found = BrokerDifference.objects.get()
    assert (found.kind, found.facts["broker_filled_qty"]) == ("missing_execution", "4")
    assert (fresh(order.position).status, fresh(order).is_open) == ("paused", True)


def test_executions_and_answers_in_any_order_end_in_the_same_books():
    results = set()
    for ways in permutations(range(4)):
        order = make_sent()
        answers = [
            answer("accepted"),
            answer("partially_filled", part(order, 1, 3, "96.5")),
            answer("partially_filled", part(order, 2, 3, "96.7"), part(order, 1, 3, "96.5")),
            answer("filled", part(order, 2, 3, "96.7"), part(order, 3, 4, 97), part(order, 1, 3, "96.5")),
        ]
        for way in ways:
            apply(order, answers[way], answers[way])
        order, position = fresh(order), fresh(order.position)
        results.add((order.status, order.filled_qty, order.avg_fill_price, order.commission, position.qty))
        results.add((position.cash, position.anchor_price, position.reserved_cash, order.trades.count()))
    assert len(results) == 2
    assert BrokerDifference.objects.count() == 0
    assert all_faults() == []


def test_the_same_answer_again_changes_nothing():
    order = make_sent()
    said = answer("partially_filled", part(order, 1, 3), part(order, 1, 3))
    apply(order, said)
    written, digest = everything_written(), ledger_digest()

    apply(order, said, said)

    assert (everything_written(), ledger_digest()) == (written, digest)


def test_an_execution_with_other_values_is_kept_once_and_pauses():
    order = make_sent()
    apply(order, answer("partially_filled", part(order, 1, 3)))

    for _ in range(3):
        apply(order, answer("partially_filled", part(order, 1, 3, 98)))

    assert (fresh(order).filled_qty, fresh(order.position).status) == (3, "paused")
    assert len(events_of(order.position, "fill_quarantined")) == 1
    found = BrokerDifference.objects.get()
    assert (found.kind, found.facts["code"]) == ("other_execution", "execution-conflict")
    assert found.subject == f"{order.pk}-1"
    assert all_faults() == []


def test_what_is_behind_an_execution_in_quarantine_is_booked_all_the_same():
    order = make_sent()
    said = answer("filled", part(order, 1, 3), execution(order, "", 2), part(order, 2, 5))

    order = apply(order, said)

    assert (order.filled_qty, order.trades.count()) == (8, 2)
    # All there is to come has come; that the broker calls it filled can't be booked.
    assert (order.status, order.reserved_cash) == ("cancelled", 0)
    assert len(events_of(order.position, "fill_quarantined")) == 1
    assert all_faults() == []


def test_more_than_was_ordered_is_kept_in_quarantine():
    order = make_sent()

    order = apply(order, answer("filled", part(order, 1, 10), part(order, 2, 1)))

    assert (order.status, order.filled_qty, fresh(order.position).status) == ("filled", 10, "paused")
    assert [event.outputs["code"] for event in events_of(order.position, "fill_quarantined")] == [
        "illegal-transition"
    ]


def test_an_execution_of_an_order_that_is_done_is_kept_in_quarantine():
    order = make_sent("cancelled")

    apply(order, answer("filled", part(order, 1, 10)))

    assert (fresh(order).status, fresh(order.position).status) == ("cancelled", "paused")
    assert Trade.objects.count() == 0


def test_a_doubt_that_is_over_does_not_look_like_another_execution():
    order = make_sent()
    apply(order, answer("partially_filled", part(order, 1, 3)))
    digest = ledger_digest()
    with unit_of_work():
        locked = Order.objects.lock_with_position(order.pk)
        move(locked, OrderStatus.UNKNOWN, "No answer.", stamp=make_stamp())

    apply(order, answer("partially_filled", part(order, 1, 3)))

    assert status_of(order) == "partially_filled"
    assert len(events_of(order.position, "order_partially_filled")) == 1
    assert ledger_digest() == digest
