"""Executions delivered many times over, shuffled, to many web processes: each counts once."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from random import Random
from uuid import UUID

import pytest
from django.utils import timezone

from orders.fills import book_fill
from orders.models import Order, Trade
from orders.tests.builders import events_of
from positions.tests.builders import make_position, make_stamp
from volbal.values import Fill, Side
from volbal_site.tests.web_processes import all_at_once, books_are_right, called_meanwhile

SHARES = 20


@pytest.fixture
def position(tenant):
    return make_position(tenant=tenant, broker="manual")


@pytest.fixture
def order(call, position):
    """A proposal to buy 20 at about 100, whose executions cost 80 to 99 dollars."""
    body = {"side": "BUY", "qty": str(SHARES), "price": "100"}
    return call("POST", f"/positions/{position.pk}/orders", body, "k-1").json()


def report(call, order, number, key=None, **values):
    body = {"execution_id": f"{order['id']}/{number}", "qty": "1", "price": str(80 + number), **values}
    return lambda: call("POST", f"/orders/{order['id']}/fill", body, key)


@pytest.mark.parametrize(
    "seed", [1, *(pytest.param(seed, marks=pytest.mark.faults) for seed in range(2, 12))]
)
def test_twenty_executions_delivered_ten_times_each_are_twenty_trades(call, position, order, seed):
    shuffled = Random(seed)
    deliveries = [number for number in range(SHARES) for _ in range(10)]
    shuffled.shuffle(deliveries)
    keys = [shuffled.choice([None, f"fill-{number}"]) for number in deliveries]

    answers = all_at_once(
        [report(call, order, number, key) for number, key in zip(deliveries, keys, strict=True)], threads=50
    )

    assert Counter(answer.status for answer in answers) == {200: 200}
    trades = Trade.objects.filter(position=position)
    assert sorted(trades.values_list("price", "qty")) == [(80 + number, 1) for number in range(SHARES)]
    made = Order.objects.get(pk=order["id"])
    assert (made.status, made.filled_qty, made.avg_fill_price) == ("filled", SHARES, Decimal("89.5"))
    position.refresh_from_db()
    # 80 + 81 + ... + 99 = 1790 dollars, and 0.0001 of it.
    assert (position.qty, position.cash) == (120, Decimal(10_000) - 1790 - Decimal("0.179"))
    assert (position.reserved_cash, position.anchor_price) == (0, Decimal("89.5"))
    assert len(events_of(position, "order_partially_filled")) == SHARES - 1
    assert len(events_of(position, "order_filled")) == 1
    assert books_are_right()


def test_the_same_execution_with_other_values_books_nothing_and_pauses(call, position, order):
    assert all_at_once([report(call, order, 1)])[0].status == 200
    before = (*everything_of(position), Trade.objects.filter(position=position).count())

    answers = all_at_once([report(call, order, 1, price="99") for _ in range(12)])

    assert Counter((answer.status, answer.code) for answer in answers) == {(409, "execution-conflict"): 12}
    assert (*everything_of(position), Trade.objects.filter(position=position).count()) == before
    assert len(events_of(position, "fill_quarantined")) == 12
    assert len(events_of(position, "trading_paused")) == 1
    position.refresh_from_db()
    assert position.status == "paused"
    assert books_are_right()


def test_of_contradicting_reports_at_once_one_is_booked_and_the_others_are_kept(call, position, order):
    prices = [str(90 + n % 2) for n in range(24)]

    answers = all_at_once([report(call, order, 1, price=price) for price in prices])

    trade = Trade.objects.get(position=position)
    told = {price: {a.code for a, p in zip(answers, prices, strict=True) if p == price} for price in prices}
    other = "91" if trade.price == 90 else "90"
    assert told == {str(int(trade.price)): {""}, other: {"execution-conflict"}}
    assert len(events_of(position, "fill_quarantined")) == 12
    assert books_are_right()


def test_more_than_was_ordered_is_never_booked(call, position, order):
    answers = all_at_once([report(call, order, number) for number in range(SHARES + 12)])

    assert Counter((answer.status, answer.code) for answer in answers) == {
        (200, ""): SHARES,
        (409, "illegal-transition"): 12,
    }
    position.refresh_from_db()
    assert (position.qty, Trade.objects.filter(position=position).count()) == (120, SHARES)
    assert books_are_right()


def test_one_execution_reported_for_orders_of_two_cells_is_booked_for_one(call, tenant):
    cells = [make_position(tenant=tenant, broker="manual") for _ in range(2)]
    body = {"side": "BUY", "qty": "1", "price": "100"}
    orders = [call("POST", f"/positions/{cell.pk}/orders", body, str(cell.pk)).json() for cell in cells]
    execution = {"execution_id": f"{cells[0].pk}/both"}

    answers = all_at_once([report(call, orders[n % 2], 20, **execution) for n in range(24)])

    assert Counter((answer.status, answer.code) for answer in answers) == {
        (200, ""): 12,
        (409, "execution-conflict"): 12,
    }
    assert Trade.objects.filter(tenant=tenant).count() == 1
    assert books_are_right()


def test_an_execution_that_is_being_booked_for_another_cell_is_waited_for_and_refused(call, tenant):
    cells = [make_position(tenant=tenant, broker="manual") for _ in range(2)]
    body = {"side": "BUY", "qty": "1", "price": "100"}
    first, other = (
        call("POST", f"/positions/{cell.pk}/orders", body, str(cell.pk)).json()["id"] for cell in cells
    )
    both = f"{first}/both"

    answer = called_meanwhile(
        report(call, {"id": other}, 20, execution_id=both),
        lambda: book_fill(
            order_id=UUID(first),
            fill=Fill(side=Side.BUY, qty=Decimal(1), price=Decimal(100), commission=Decimal(0)),
            execution_id=both,
            executed_at=timezone.now(),
            stamp=make_stamp(timezone.now()),
        ),
    )

    assert (answer.status, answer.code) == (409, "execution-conflict")
    assert Trade.objects.get(tenant=tenant).order_id == UUID(first)
    assert books_are_right()


def everything_of(position):
    position.refresh_from_db()
    orders = position.orders.order_by("pk").values_list("status", "filled_qty", "commission", "reserved_cash")
    return (position.qty, position.cash, position.reserved_cash, position.anchor_price, list(orders))
