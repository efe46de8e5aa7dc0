"""The scan: its list is the orders themselves."""

from __future__ import annotations

from itertools import pairwise

import pytest
from django.core.management import call_command

from accounts.transactions import unit_of_work
from orders.broker_accounts import BrokerAccount
from orders.brokers.base import NoAnswer
from orders.lifecycle import cancel_order
from orders.models import Order
from orders.tests.builders import fresh, run_at
from orders.tests.scripted_broker import NAME, answer, execution, make_waiting, status_of
from orders.work import brokers_at_work, brokers_in_use, waiting_orders, work_off
from positions.tests.builders import make_position, make_stamp

pytestmark = pytest.mark.django_db(transaction=True)


def waiting(broker, clock):
    return waiting_orders(BrokerAccount(broker=broker.name), clock())


def test_an_order_that_was_made_waits_until_it_is_done(broker, clock):
    _, order = make_waiting()
    assert waiting(broker, clock) == [order.pk]

    broker.says("submit", answer("accepted"))
    assert work_off(clock=clock) == 1
    assert waiting(broker, clock) == []  # not due
    clock.pass_by(1)
    assert waiting(broker, clock) == [order.pk]
    broker.says("get", answer("filled", execution(order)))
    assert work_off(clock=clock) == 1
    clock.pass_by(3600)
    assert (waiting(broker, clock), work_off(clock=clock), status_of(order)) == ([], 0, "filled")


def test_an_order_is_asked_about_ever_more_rarely_but_once_a_minute(broker, clock):
    make_waiting()
    broker.says("submit", answer("accepted"))
    broker.says("get", *[answer("accepted")] * 100)
    asked = []
    for second in range(1200):
        if work_off(clock=clock):
            asked.append(second)
        clock.pass_by(1)

    gaps = [later - earlier for earlier, later in pairwise(asked)]
    assert gaps[:3] == [1, 1, 1]
    assert gaps == sorted(gaps)
    assert gaps[-1] == 60


def test_whoever_works_on_an_order_keeps_others_away_until_the_lease_runs_out(broker, clock):
    make_waiting()

    def look_around():
        assert work_off(clock=clock) == 0
        return answer("accepted")

    broker.says("submit", look_around)
    work_off(clock=clock)

    assert broker.calls == ["submit"]


def test_orders_of_people_and_of_brokers_in_the_process_are_none_of_its_business(broker, clock):
    proposal = run_at(make_position(broker="manual"), 104).order
    run_at(make_position(broker="paper"), 104)

    assert (brokers_at_work(), brokers_in_use(), work_off(clock=clock)) == ([], [], 0)
    assert status_of(proposal) == "new"
    make_position(broker=NAME)
    assert (brokers_at_work(), brokers_in_use()) == ([], [NAME])


def test_what_is_to_be_cancelled_is_taken_up_at_once(broker, clock):
    _, order = make_waiting()
    broker.says("submit", answer("accepted"))
    broker.says("cancel", answer("cancelled"))
    work_off(clock=clock)
    with unit_of_work():
        cancel_order(order_id=order.pk, stamp=make_stamp())

    assert work_off(clock=clock) == 1
    assert status_of(order) == "cancelled"


def test_a_broker_that_fails_five_times_in_a_row_is_left_alone(broker, clock, settings):
    settings.BROKER_PAUSE_S = 3600
    orders = [make_waiting()[1] for _ in range(8)]
    broker.says("submit", *[NoAnswer("down")] * 8)

    assert work_off(clock=clock) == 5
    assert work_off(clock=clock) == 0
    assert sorted(status_of(order) for order in orders) == ["new"] * 3 + ["unknown"] * 5


def test_an_answer_in_between_and_the_count_begins_anew(broker, clock, settings):
    settings.BREAKER_BROKER_ERRORS = 0
    for _ in range(9):
        make_waiting()
    broker.says("submit", *[NoAnswer("down")] * 4, answer("accepted"), *[NoAnswer("down")] * 4)

    assert work_off(clock=clock) == 9


def test_a_bug_with_one_order_does_not_stop_the_others(broker, clock, caplog):
    orders = [make_waiting()[1] for _ in range(3)]
    broker.says("submit", ZeroDivisionError("a bug"), answer("accepted"), answer("accepted"))

    assert work_off(clock=clock) == 2
    assert [status_of(order) for order in orders] == ["submitted", "accepted", "accepted"]
    assert [record.message for record in caplog.records] == ["order_not_taken_further"]


def test_a_scan_takes_only_so_many(broker, clock):
    for _ in range(5):
        make_waiting()
    broker.says("submit", *[answer("accepted")] * 5)

    assert [work_off(clock=clock, limit=2) for _ in range(4)] == [2, 2, 1, 0]


def test_a_scan_can_be_told_to_stop(broker, clock):
    for _ in range(3):
        make_waiting()
    broker.says("submit", answer("accepted"))

    assert work_off(clock=clock, is_over=lambda: bool(broker.sent)) == 1


def test_an_order_of_a_broker_that_is_gone_waits(broker, clock, settings, caplog):
    _, order = make_waiting()
    Order.objects.update(broker="nobody")

    assert work_off(clock=clock) == 0
    assert fresh(order).status == "new"
    assert caplog.records[0].message == "order_of_unregistered_broker"


def test_the_command_does_one_scan(broker, capsys):
    make_waiting()
    broker.says("submit", answer("accepted"))

    call_command("work_orders", "--once")

    assert capsys.readouterr().out == "1 steps.\n"
