"""The price ran away before the order was sent: decide again, at most three times."""

from __future__ import annotations

from decimal import Decimal

import pytest

from accounts.transactions import unit_of_work
from orders.brokers.base import NoAnswer
from orders.dispatch import Did
from orders.hand_orders import submit_order
from orders.models import Order, TradingState
from orders.redecide import has_moved
from orders.switches import turn
from orders.tests.builders import all_faults, events_of, fresh
from orders.tests.scripted_broker import NAME, answer, execution, make_waiting, status_of, step
from orders.work import work_off
from positions.tests.builders import OPENED_AT, make_position, make_stamp
from volbal.values import MarketQuote, Side

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    ("price", "moved"),
    [("100", False), ("100.2", False), ("99.8", False), ("100.200001", True), ("99.799999", True)],
)
def test_more_than_20_bps_is_a_move(price, moved):
    assert has_moved(Decimal(100), Decimal(price)) is moved


def test_a_price_that_stayed_is_no_reason_to_decide_again(broker, clock):
    _, order = make_waiting(104)
    broker.price = Decimal("104.2")
    broker.says("submit", answer("filled", execution(order)))

    step(order, clock)

    assert (status_of(order), broker.sent[0].price) == ("filled", 104)


def test_a_price_that_moved_makes_another_order(broker, clock):
    position, order = make_waiting(104)
    broker.price = Decimal("105")

    assert step(order, clock) is Did.NOTHING

    following = Order.objects.exclude(pk=order.pk).get()
    assert (status_of(order), following.status, following.redecisions) == ("cancelled", "new", 1)
    assert (following.price, following.side) == (105, "SELL")
    assert fresh(position).reserved_qty == following.qty != order.qty
    told = [event.type for event in events_of(position)][-3:]
    assert told == ["order_cancelled", "position_evaluated", "order_reevaluated"]
    event = events_of(position)[-1]
    assert event.message == "Decided again: the price moved from 104 to 105."
    assert (event.inputs["order_id"], event.inputs["new_price"]) == (str(order.pk), "105")
    assert (event.outputs["order_id"], event.outputs["decision"]["action"]) == (str(following.pk), "SELL")
    evaluated = events_of(position, "position_evaluated")[-1]
    assert evaluated.inputs["quote"]["source"] == NAME
    assert broker.sent == []
    assert all_faults() == []


def test_a_price_back_inside_the_thresholds_makes_none(broker, clock):
    position, order = make_waiting(104)
    broker.price = Decimal("101")

    step(order, clock)

    assert (status_of(order), Order.objects.count(), fresh(position).reserved_qty) == ("cancelled", 1, 0)
    assert events_of(position, "order_reevaluated")[0].outputs["decision"]["action"] == "HOLD"


def test_a_price_that_keeps_running_is_decided_on_three_times_and_then_left(broker, clock):
    position, _ = make_waiting(104)
    for dollars in (105, 106, 107, 108, 109):
        broker.price = Decimal(dollars)
        work_off(clock=clock)

    orders = Order.objects.order_by("redecisions")
    assert [(order.price, order.status) for order in orders] == [
        (104, "cancelled"), (105, "cancelled"), (106, "cancelled"), (107, "cancelled")
    ]  # fmt: skip
    decisions = [event.outputs["decision"] for event in events_of(position, "order_reevaluated")]
    assert [decision["action"] for decision in decisions] == ["SELL", "SELL", "SELL", "SKIP"]
    assert decisions[-1]["reason"] == "price_moved"
    assert (broker.sent, fresh(position).reserved_qty) == ([], 0)
    assert all_faults() == []


def test_without_the_brokers_price_nothing_is_sent_until_it_is_there(broker, clock):
    _, order = make_waiting(104)
    broker.price = Decimal(104)
    broker.says("quote", NoAnswer("timeout"), None)
    assert step(order, clock) is Did.FAILED
    assert (status_of(order), broker.sent) == ("new", [])
    assert step(order, clock) is Did.NOTHING

    clock.pass_by(1)
    broker.says("submit", answer("accepted"))
    step(order, clock)

    assert status_of(order) == "accepted"


def test_a_halt_is_obeyed_without_the_brokers_price_too(broker, clock):
    _, order = make_waiting(104)
    broker.says("quote", NoAnswer("timeout"))
    with unit_of_work():
        turn(TradingState.HALTED, reason="test", stamp=make_stamp())

    step(order, clock)

    assert status_of(order) == "cancelled"


def test_a_second_try_looks_at_the_price_again(broker, clock):
    _, order = make_waiting(104)
    broker.price = Decimal(104)
    broker.says("submit", NoAnswer("timeout"))
    broker.says("get", None)
    step(order, clock)
    clock.pass_by(20)
    step(order, clock)
    broker.price = Decimal(105)
    step(order, clock)

    assert (status_of(order), len(broker.sent)) == ("cancelled", 1)
    assert Order.objects.get(status="new").price == 105


def test_an_order_by_hand_is_not_decided_again_but_left_to_whom_it_belongs(broker, clock):
    position = make_position(broker=NAME)
    with unit_of_work():
        order = submit_order(
            position_id=position.pk,
            side=Side.BUY,
            qty=Decimal(5),
            quote=MarketQuote(price=Decimal(100), as_of=OPENED_AT, source="manual"),
            stamp=make_stamp(),
        )
    broker.price = Decimal("100.3")

    step(order, clock)

    assert (status_of(order), Order.objects.count(), broker.sent) == ("cancelled", 1, [])
    assert events_of(position, "order_reevaluated")[0].outputs["decision"]["reason"] == "price_moved"
