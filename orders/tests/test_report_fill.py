"""Reported executions: what contradicts the books is kept in quarantine, and the position waits."""

import uuid

import pytest
from django.db import connection

from accounts.errors import NotFound
from accounts.transactions import unit_of_work
from orders.errors import ExecutionConflict
from orders.fills import report_fill
from orders.models import Trade
from orders.tests.builders import (
    all_faults,
    events_of,
    everything_written,
    fill,
    fresh,
    make_fill,
    make_order,
    report,
)
from positions.services import close_position
from positions.tests.builders import OPENED_AT, make_position, make_stamp
from volbal.errors import IllegalTransition, InsufficientCash, OutOfRange, Overfill

pytestmark = pytest.mark.django_db


def books(position):
    position = fresh(position)
    return position.qty, position.cash, position.anchor_price, position.reserved_cash


@pytest.mark.parametrize("broker", ["paper", "manual", "paper_http"])
def test_a_contradiction_is_kept_and_pauses_the_position(broker):
    position = make_position(broker=broker)
    order = make_order(position)
    report(order, qty=4)
    before = books(position)

    with pytest.raises(ExecutionConflict):
        report(order, qty=5, price="96.5", commission="0.1")

    kept = events_of(position, "fill_quarantined")[0]
    assert kept.outputs == {"code": "execution-conflict"}
    assert kept.inputs["execution_id"] == "e1"
    assert [kept.inputs[f"fill_{name}"] for name in ("qty", "price", "commission")] == ["5", "96.5", "0.1"]
    assert [event.type for event in events_of(position)[-2:]] == ["fill_quarantined", "trading_paused"]
    assert fresh(position).status == "paused"
    assert (books(position), Trade.objects.count(), fresh(order).filled_qty) == (before, 1, 4)
    assert all_faults() == []


def test_a_contradiction_that_comes_again_is_kept_again_and_pauses_once():
    position = make_position()
    order = make_order(position)
    report(order)
    for _ in range(3):
        with pytest.raises(ExecutionConflict):
            report(order, price=1)

    assert len(events_of(position, "fill_quarantined")) == 3
    assert len(events_of(position, "trading_paused")) == 1


def test_a_position_on_hold_still_takes_fills():
    position = make_position()
    order = make_order(position)
    report(order, "e1", qty=4)
    with pytest.raises(ExecutionConflict):
        report(order, "e1", qty=5)

    report(order, "e2", qty=6)

    assert fresh(order).status == "filled"
    assert fresh(position).status == "paused"
    assert all_faults() == []


REFUSALS = [
    ({"qty": 11}, Overfill),
    ({"price": 1001}, InsufficientCash),
    ({"commission": -1}, OutOfRange),
    ({"side": "SELL"}, OutOfRange),
]


@pytest.mark.parametrize(("values", "error"), REFUSALS)
def test_what_a_real_broker_reports_and_the_books_refuse_is_kept(values, error):
    position = make_position(broker="paper_http")
    order = make_order(position)
    before = books(position)

    with pytest.raises(error) as caught:
        report(order, **values)

    kept = events_of(position, "fill_quarantined")[0]
    assert kept.outputs == {"code": caught.value.code}
    assert (fresh(position).status, books(position)) == ("paused", before)
    assert (Trade.objects.count(), fresh(order).status) == (0, "submitted")
    assert all_faults() == []


def test_a_real_brokers_fill_of_a_cancelled_order_is_kept():
    position = make_position(broker="paper_http")
    order = make_order(position, status="cancelled")

    with pytest.raises(IllegalTransition):
        report(order)

    assert events_of(position, "fill_quarantined")
    assert fresh(position).status == "paused"
    assert all_faults() == []


@pytest.mark.parametrize("broker", ["paper", "manual"])
@pytest.mark.parametrize(("values", "error"), REFUSALS)
def test_what_we_or_a_person_reported_wrongly_is_only_refused(broker, values, error):
    order = make_order(make_position(broker=broker))
    before = everything_written()

    with pytest.raises(error):
        report(order, **values)

    assert everything_written() == before


def test_the_same_report_twice_is_answered_with_the_same_trade():
    position = make_position(broker="paper_http")
    order = make_order(position)
    first = report(order)
    before = everything_written()

    assert report(order) == first

    assert everything_written() == before


def test_a_report_for_an_unknown_order_is_not_found():
    before = everything_written()

    with pytest.raises(NotFound):
        report_fill(
            order_id=uuid.uuid4(),
            fill=make_fill(),
            execution_id="e1",
            executed_at=OPENED_AT,
            stamp=make_stamp(),
        )

    assert everything_written() == before


def test_a_contradiction_does_not_open_a_closed_position_again():
    position = make_position()
    order = make_order(position)
    fill(order)
    with unit_of_work():
        close_position(position_id=position.pk, stamp=make_stamp())

    with pytest.raises(ExecutionConflict):
        report(order, price=1)

    assert events_of(position, "fill_quarantined")
    assert fresh(position).status == "closed"


@pytest.mark.lesson
@pytest.mark.django_db(transaction=True)
def test_a_fill_is_one_commit():
    """A fill took five separate commits."""
    order = make_order(make_position())
    connection.force_debug_cursor = True
    already = len(connection.queries_log)

    report(order)

    statements = [query["sql"] for query in list(connection.queries_log)[already:]]
    connection.force_debug_cursor = False
    assert [statements.count(word) for word in ("COMMIT", "ROLLBACK")] == [1, 0]
