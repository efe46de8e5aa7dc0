"""A broker that doesn't answer is counted, order by order; too often, and the tenant is halted."""

from __future__ import annotations

import pytest

from alerts.models import Alert, Fault
from market.providers.registry import provider
from orders.brokers.base import NoAnswer
from orders.models import TradingSwitch
from orders.tests.scripted_broker import NAME, answer, make_waiting, status_of, step
from orders.work import work_off

pytestmark = pytest.mark.django_db(transaction=True)


def halts():
    return list(TradingSwitch.objects.values_list("tenant__name", "state"))


def test_the_fifth_call_without_an_answer_halts_the_tenant(broker, clock):
    _, order = make_waiting()
    broker.says("submit", NoAnswer("down"))
    broker.says("get", *[NoAnswer("down")] * 4)
    for _ in range(4):
        step(order, clock)
        clock.pass_by(10)
    assert (Fault.objects.count(), halts()) == (4, [])

    step(order, clock)

    assert halts() == [("t", "HALTED")]
    assert Alert.objects.get(kind="halt").message.endswith(f"errors of {NAME} (5 within 5 minutes)")
    assert status_of(order) == "unknown"


def test_after_the_halt_what_was_not_sent_is_cancelled(broker, clock, settings):
    settings.BROKER_PAUSE_S = 0
    orders = [make_waiting()[1] for _ in range(7)]
    broker.says("submit", *[NoAnswer("down")] * 7)

    work_off(clock=clock)
    clock.pass_by(1000)
    broker.says("get", *[answer("accepted")] * 7)
    work_off(clock=clock)

    assert sorted(map(status_of, orders)) == ["accepted"] * 5 + ["cancelled"] * 2
    assert len(broker.sent) == 5


def test_answers_and_orders_on_stored_history_are_not_counted(broker, clock, monkeypatch):
    _, order = make_waiting()
    broker.says("submit", answer("accepted"))
    step(order, clock)
    assert Fault.objects.count() == 0

    monkeypatch.setattr(provider("static"), "is_confirmed", True)
    clock.pass_by(1)
    broker.says("get", NoAnswer("down"))
    step(order, clock)
    assert Fault.objects.count() == 0
