"""A proposal's way through the API: evaluated, executed by a person, reported; or cancelled."""

from __future__ import annotations

from random import Random

import pytest
from django.db import connection

from accounts.tests.threads import at_once
from orders.ledger import order_faults, reservation_faults
from positions.ledger import journal_faults
from positions.models import Position
from positions.tests.builders import everything_written, make_position, make_tenant
from volbal_site.tests.api_client import Api, make_key

pytestmark = pytest.mark.django_db


@pytest.fixture
def api():
    tenant = make_tenant("ann")
    make_position(tenant=tenant, broker="manual")
    return Api(make_key(tenant))


def proposal(api):
    """Return the order that a price of 104 asks for: SELL 12.57421597, waiting for a person."""
    position = Position.objects.get()
    answer = api.post(f"/positions/{position.pk}/evaluate?price=104").json()
    assert (answer["order"]["status"], answer["order"]["filled_qty"]) == ("new", "0")
    return answer["order"]


def report(api, order, execution_id="x-1", **values):
    body = {"execution_id": execution_id, "qty": order["qty"], "price": "104.5", **values}
    return api.post(f"/orders/{order['id']}/fill", body)


def code_of(answer):
    return answer.json()["type"].rsplit("/", 1)[1]


def books_are_right():
    return [*journal_faults(), *order_faults(), *reservation_faults()] == []


def test_a_proposal_is_filled_by_a_report(api):
    order = proposal(api)

    filled = report(api, order).json()

    assert (filled["status"], filled["filled_qty"]) == ("filled", order["qty"])
    assert (filled["avg_fill_price"], filled["commission"]) == ("104.5", "0.131401")
    position = Position.objects.get()
    assert (str(position.anchor_price), position.reserved_qty) == ("104.500000", 0)
    assert books_are_right()


def test_a_commission_that_was_paid_counts_instead_of_the_rate(api):
    assert report(api, proposal(api), commission="1.5").json()["commission"] == "1.5"


def test_the_same_execution_again_is_answered_and_changes_nothing(api):
    order = proposal(api)
    first = report(api, order)
    written = everything_written()

    again = report(api, order)

    assert (again.status_code, again.json()) == (200, first.json())
    assert everything_written() == written


@pytest.mark.parametrize("headers", [{}, {"Idempotency_Key": "k-1"}])
def test_the_same_execution_with_other_values_is_kept_and_pauses(api, headers):
    order = proposal(api)
    report(api, order)

    body = {"execution_id": "x-1", "qty": order["qty"], "price": "99"}
    answers = [api.call("POST", f"/orders/{order['id']}/fill", body, **headers) for _ in range(2)]

    assert [(answer.status_code, code_of(answer)) for answer in answers] == [(409, "execution-conflict")] * 2
    position = Position.objects.get()
    assert position.status == "paused"
    assert position.events.filter(type="fill_quarantined").count() == (1 if headers else 2)
    assert position.trades.count() == 1
    assert books_are_right()


@pytest.mark.parametrize(
    ("values", "status", "code"),
    [
        ({"qty": "12.57421598"}, 422, "overfill"),
        ({"qty": "0"}, 422, "out-of-range"),
        ({"price": "0"}, 422, "out-of-range"),
        ({"commission": "-5000"}, 422, "out-of-range"),
        ({"commission": "999999"}, 422, "insufficient-cash"),
        ({"execution_id": ""}, 422, "out-of-range"),
        ({"execution_id": "x" * 121}, 422, "out-of-range"),
        ({"executed_at": "2026-01-01T00:00:00"}, 422, "out-of-range"),
        ({"side": "BUY"}, 422, "unknown-field"),
    ],
)
def test_a_wrong_report_is_refused_and_changes_nothing(api, values, status, code):
    order = proposal(api)
    written = everything_written()

    answer = report(api, order, **values)

    assert (answer.status_code, code_of(answer)) == (status, code), answer.content
    assert everything_written() == written


def test_a_cancelled_proposal_can_not_be_filled(api):
    order = proposal(api)

    cancelled = api.post(f"/orders/{order['id']}/cancel")
    late = report(api, order)
    again = api.post(f"/orders/{order['id']}/cancel")

    assert (cancelled.status_code, cancelled.json()["status"]) == (200, "cancelled")
    assert [(answer.status_code, code_of(answer)) for answer in (late, again)] == [
        (409, "illegal-transition")
    ] * 2
    assert Position.objects.get().reserved_qty == 0
    assert books_are_right()


def test_another_tenants_order_looks_like_none(api):
    order = proposal(api)
    other = Api(make_key(make_tenant("bob")))
    written = everything_written()

    assert report(other, order).status_code == 404
    assert other.post(f"/orders/{order['id']}/cancel").status_code == 404
    assert other.get(f"/orders/{order['id']}").status_code == 404
    assert everything_written() == written


@pytest.mark.django_db(transaction=True)
def test_executions_delivered_again_and_again_shuffled_and_at_once_count_once(api):
    order = proposal(api)
    pieces = [(f"x-{number}", "0.5") for number in range(20)]
    deliveries = pieces * 5
    Random(7).shuffle(deliveries)

    def deliver(batch):
        try:
            return [report(api, order, name, qty=qty).status_code for name, qty in batch]
        finally:
            connection.close()

    batches = [deliveries[start::10] for start in range(10)]
    statuses = at_once([lambda batch=batch: deliver(batch) for batch in batches])

    assert {status for batch in statuses for status in batch} == {200}
    position = Position.objects.get()
    assert position.trades.count() == 20
    assert api.get(f"/orders/{order['id']}").json()["filled_qty"] == "10"
    assert books_are_right()
