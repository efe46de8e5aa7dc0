"""Real threads: many workers send an order once, and stop means stop."""

from __future__ import annotations

import time
from functools import partial
from threading import Event as Signal
from threading import Lock, Thread

import pytest
from django.db import connection

from accounts.tests.threads import at_once
from accounts.transactions import unit_of_work
from orders.brokers.base import NoAnswer
from orders.models import Order, Trade, TradingState
from orders.sends import wait_for_sends
from orders.switches import turn
from orders.tests.builders import all_faults, events_of, report
from orders.tests.scripted_broker import answer, execution, make_waiting, status_of
from orders.work import work_off
from positions.tests.builders import make_stamp
from volbal.errors import VolbalError

pytestmark = pytest.mark.django_db(transaction=True)


def halt(**owner):
    with unit_of_work():
        turn(TradingState.HALTED, reason="test", stamp=make_stamp(), **owner)


def test_eight_workers_send_every_order_once(broker):
    orders = {order.client_order_id: order for _, order in (make_waiting() for _ in range(6))}
    lock = Lock()

    def fill():
        time.sleep(0.01)
        with lock:
            return answer("accepted")

    broker.says("submit", *[fill] * 100)

    at_once([work_off] * 8)

    assert sorted(order.client_order_id for order in broker.sent) == sorted(orders)
    assert {status_of(order) for order in orders.values()} == {"accepted"}
    assert all(len(events_of(order.position, "order_submitted")) == 1 for order in orders.values())


def test_eight_workers_that_ask_book_an_execution_once(broker, settings):
    settings.BROKER_ASK_S = 0
    _, order = make_waiting()
    broker.says("submit", NoAnswer("timeout"))
    broker.says("get", *[answer("filled", execution(order), execution(order))] * 100)
    work_off()

    at_once([work_off] * 8)

    assert (Trade.objects.count(), status_of(order)) == (1, "filled")
    assert all_faults() == []


def test_an_execution_that_is_reported_and_asked_for_at_once_is_booked_once(broker, settings):
    settings.BROKER_ASK_S = 0
    _, order = make_waiting()
    seen = execution(order)
    broker.says("submit", answer("accepted"))
    broker.says("get", *[answer("filled", seen)] * 100)
    work_off()
    reported = partial(report, order, "e1", qty=order.qty, commission="0.130772")

    at_once([reported, work_off, reported, work_off])

    assert (Trade.objects.count(), status_of(order)) == (1, "filled")
    assert all_faults() == []


def in_thread(call):
    def run():
        try:
            call()
        finally:
            connection.close()

    thread = Thread(target=run)
    thread.start()
    return thread


def test_the_answer_of_a_halt_waits_for_what_is_being_sent(broker):
    _, order = make_waiting()
    is_sending, may_answer = Signal(), Signal()

    def take_long():
        is_sending.set()
        assert may_answer.wait(30)
        return answer("accepted")

    broker.says("submit", take_long)
    sender = in_thread(work_off)
    assert is_sending.wait(30)
    halt()
    seen = []
    waiter = in_thread(lambda: seen.append((wait_for_sends(), status_of(order))))
    waiter.join(0.3)
    assert (waiter.is_alive(), seen) == (True, [])

    may_answer.set()
    for thread in (waiter, sender):
        thread.join(30)

    assert seen == [(True, "accepted")]


def test_a_halt_waits_no_longer_than_anybody_may_be_sending(broker, settings):
    settings.BROKER_TIMEOUT_S = 0.2
    _, order = make_waiting()
    broker.queues["submit"] = [_die]
    with pytest.raises(KeyboardInterrupt):
        work_off()

    began = time.monotonic()
    halt()

    assert wait_for_sends() is True
    assert time.monotonic() - began < 5
    assert status_of(order) == "submitted"


def _die():
    raise KeyboardInterrupt


def test_a_halt_of_one_position_waits_for_that_alone(broker):
    (halted, _), (_, other) = make_waiting(), make_waiting()
    is_sending, may_answer = Signal(), Signal()

    def take_long():
        is_sending.set()
        assert may_answer.wait(30)
        return answer("accepted")

    Order.objects.filter(position=halted).update(ask_at=make_stamp().at.replace(year=2100))
    broker.says("submit", take_long)
    sender = in_thread(work_off)
    assert is_sending.wait(30)

    assert wait_for_sends(position_id=halted.pk) is True
    may_answer.set()
    sender.join(30)
    assert status_of(other) == "accepted"


@pytest.mark.parametrize("_round", range(3))
def test_no_order_is_sent_after_the_answer_of_a_halt(broker, _round):
    """Promise 10: stop means stop."""
    for _ in range(10):
        make_waiting()
    answered = Signal()
    late = []

    def note():
        if answered.is_set():
            late.append(1)
        time.sleep(0.005)
        return answer("accepted")

    broker.says("submit", *[note] * 100)

    def stop():
        time.sleep(0.01)
        halt()
        wait_for_sends()
        answered.set()

    results = at_once([work_off, work_off, work_off, stop])
    work_off()

    assert not any(isinstance(result, VolbalError) for result in results)
    assert late == []
    assert Order.objects.open().filter(sent_at=None).count() == 0
    assert set(Order.objects.values_list("status", flat=True)) <= {"accepted", "cancelled"}
    assert all_faults() == []
