"""Many web processes and threads, one `Idempotency-Key`: one order, one answer."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

import pytest

from accounts.models import IdempotencyRecord
from orders.models import Order, Trade
from positions.tests.builders import make_position, make_tenant
from volbal_site.tests.web_processes import all_at_once, books_are_right, caller

BUY = {"side": "BUY", "qty": "10", "price": "100"}
# The same order, written otherwise.
BUY_TOO = {"side": "BUY", "qty": "10.00", "price": 100.0}


def order(call, position, body=BUY, key="k-1"):
    return lambda: call("POST", f"/positions/{position.pk}/orders", body, key)


@pytest.mark.parametrize("pairs", [100, pytest.param(2000, marks=pytest.mark.faults)])
def test_two_hundred_of_one_order_are_one_order_and_one_answer(call, tenant, pairs):
    position = make_position(tenant=tenant)

    answers = all_at_once([order(call, position), order(call, position, BUY_TOO)] * pairs, threads=200)

    assert Counter(answer.status for answer in answers) == {201: 2 * pairs}
    assert len({answer.body for answer in answers}) == 1
    assert len({answer.headers["x-request-id"] for answer in answers}) == 1
    assert Counter(answer.replayed for answer in answers) == {False: 1, True: 2 * pairs - 1}
    assert Order.objects.get(position=position).status == "filled"
    assert Trade.objects.filter(position=position).count() == 1
    assert IdempotencyRecord.objects.filter(tenant=tenant).count() == 1
    position.refresh_from_db()
    assert (position.qty, position.cash) == (110, Decimal("8999.9"))
    assert books_are_right()


def test_of_two_orders_under_one_key_one_is_made_and_the_other_refused(call, tenant):
    position = make_position(tenant=tenant)
    bodies = [{**BUY, "qty": qty} for qty in ("10", "20")]

    answers = all_at_once([order(call, position, body) for body in bodies * 20])

    made = Order.objects.get(position=position)
    right, wrong = (0, 1) if made.qty == 10 else (1, 0)
    assert {answer.status for answer in answers[right::2]} == {201}
    assert len({answer.body for answer in answers[right::2]}) == 1
    assert {(answer.status, answer.code) for answer in answers[wrong::2]} == {(422, "idempotency-key-reused")}
    assert books_are_right()


def test_two_tenants_with_one_key_make_an_order_each(web, call, tenant):
    other = make_tenant(f"{tenant.name[-140:]} (other)")
    cells = [make_position(tenant=one) for one in (tenant, other)]
    calls = [call, caller(web, other)]

    answers = all_at_once([order(calls[n % 2], cells[n % 2]) for n in range(40)])

    assert {answer.status for answer in answers} == {201}
    assert [len({answer.body for answer in answers[n::2]}) for n in (0, 1)] == [1, 1]
    assert [Order.objects.filter(position=cell).count() for cell in cells] == [1, 1]
    assert books_are_right()


def test_of_a_hundred_orders_for_one_cell_one_is_open(call, tenant):
    position = make_position(tenant=tenant, broker="manual")

    answers = all_at_once([order(call, position, key=f"k-{n}") for n in range(100)])

    assert Counter((answer.status, answer.code) for answer in answers) == {
        (201, ""): 1,
        (409, "order-open"): 99,
    }
    assert Order.objects.get(position=position).status == "new"
    position.refresh_from_db()
    assert position.reserved_cash == Decimal("1000.1")
    assert books_are_right()
