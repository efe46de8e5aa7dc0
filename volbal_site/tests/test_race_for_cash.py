"""Purchases and withdrawals that want the same cash: one of them gets it."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

import pytest

from orders.tests.builders import events_of
from positions.services import move_cash
from positions.tests.builders import make_position, make_stamp
from volbal_site.tests.web_processes import all_at_once, books_are_right, called_meanwhile

SPENT = Decimal("600.06")


def order(call, position, key):
    body = {"side": "BUY", "qty": "6", "price": "100"}
    return lambda: call("POST", f"/positions/{position.pk}/orders", body, key)


def withdraw(call, position):
    return lambda: call("POST", f"/positions/{position.pk}/cash", {"amount": "-600"})


@pytest.mark.parametrize("broker", ["paper", "manual"])
@pytest.mark.parametrize("rounds", [10, pytest.param(100, marks=pytest.mark.faults)])
def test_a_purchase_and_a_withdrawal_never_take_the_same_cash(call, tenant, broker, rounds):
    taken = Counter()
    for _ in range(rounds):
        position = make_position(tenant=tenant, qty=5, cash=1000, broker=broker)
        asked = [order(call, position, f"{position.pk}"), withdraw(call, position)]

        answers = all_at_once(asked * 2)

        position.refresh_from_db()
        spent = 1000 - (position.cash - position.reserved_cash)
        assert spent in (SPENT, 600)
        bought, withdrawn = answers[::2], answers[1::2]
        if spent == SPENT:
            assert {answer.status for answer in bought} == {201}
            assert {answer.code for answer in withdrawn} == {"insufficient-cash"}
        else:
            assert {answer.code for answer in bought} == {"insufficient-cash"}
            assert sorted(answer.code for answer in withdrawn) == ["", "insufficient-cash"]
        taken[spent] += 1

    assert sum(taken.values()) == rounds
    assert books_are_right()


def test_of_deposits_and_withdrawals_at_once_none_is_lost(call, tenant):
    position = make_position(tenant=tenant, cash=5000)
    amounts = [Decimal(n) if n % 3 else Decimal(-n) for n in range(1, 61)]

    answers = all_at_once(
        [lambda a=a: call("POST", f"/positions/{position.pk}/cash", {"amount": str(a)}) for a in amounts]
    )

    assert {answer.status for answer in answers} == {200}
    position.refresh_from_db()
    assert position.cash == 5000 + sum(amounts)
    assert books_are_right()


def test_a_deposit_goes_by_what_was_written_while_it_waited(call, tenant):
    position = make_position(tenant=tenant, cash=5000)

    answer = called_meanwhile(
        lambda: call("POST", f"/positions/{position.pk}/cash", {"amount": "100"}),
        lambda: move_cash(position_id=position.pk, amount=Decimal(-600), stamp=make_stamp()),
    )

    assert answer.status == 200
    position.refresh_from_db()
    assert position.cash == 5000 + 100 - 600
    assert books_are_right()


def test_of_settings_changed_at_once_none_is_lost(call, tenant):
    position = make_position(tenant=tenant)
    changes = [
        ("trigger", "up_threshold_pct", "5"),
        ("trigger", "down_threshold_pct", "6"),
        ("guardrail", "min_stock_pct", "20"),
        ("guardrail", "max_stock_pct", "80"),
        ("guardrail", "max_orders_per_day", 9),
        ("order_policy", "min_qty", "2"),
        ("order_policy", "lot_size", "1"),
        ("order_policy", "min_notional", "50"),
    ]

    answers = all_at_once(
        [
            lambda g=group, f=name, v=value: call("PUT", f"/positions/{position.pk}/config", {g: {f: v}})
            for group, name, value in changes
        ]
    )

    assert {answer.status for answer in answers} == {200}, answers
    settings = call("GET", f"/positions/{position.pk}/config").json()
    assert [settings[group][name]["value"] for group, name, _ in changes] == [v for *_, v in changes]
    assert len(events_of(position, "config_changed")) == len(changes)
    assert books_are_right()
