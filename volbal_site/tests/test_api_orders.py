"""Ordering by hand: whole or not at all, and once per `Idempotency-Key`."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import connection

from accounts.models import IdempotencyRecord
from accounts.tests.threads import at_once
from accounts.transactions import unit_of_work
from configs.models import Scope
from configs.services import change_config
from orders.ledger import order_faults, reservation_faults
from orders.models import Order, Trade
from orders.tests.builders import events_of, everything_written, set_market
from positions.ledger import journal_faults
from positions.services import change_position
from positions.tests.builders import make_position, make_stamp, make_tenant
from volbal_site.tests.api_client import Api, make_key

pytestmark = pytest.mark.django_db


@pytest.fixture
def tenant():
    return make_tenant("ann")


@pytest.fixture
def api(tenant):
    return Api(make_key(tenant))


def order(api, position, key="k-1", **body):
    body = {"side": "BUY", "qty": "10", "price": "100", **body}
    body = {name: value for name, value in body.items() if value is not None}
    return api.call("POST", f"/positions/{position.pk}/orders", body, Idempotency_Key=key)


def code_of(answer):
    return answer.json()["type"].rsplit("/", 1)[1]


def books_are_right():
    return [*journal_faults(), *order_faults(), *reservation_faults()] == []


def configure(position, group, **values):
    with unit_of_work():
        change_config(
            group=group, scope=Scope.POSITION, values=values, position_id=position.pk, stamp=make_stamp()
        )


def test_an_order_on_paper_at_a_given_price_is_filled_in_the_answer(api, tenant):
    position = make_position(tenant=tenant, anchor=None)

    answer = order(api, position)

    body = answer.json()
    assert (answer.status_code, body["status"], body["filled_qty"]) == (201, "filled", "10")
    assert (body["avg_fill_price"], body["commission"], body["reason"]) == ("100", "0.1", "by_hand")
    assert (body["idempotency_key"], len(body["request_signature"])) == ("k-1", 64)
    position.refresh_from_db()
    assert (position.qty, position.cash, position.anchor_price) == (110, Decimal("8999.9"), 100)
    assert [event.type for event in events_of(position)] == [
        "position_created",
        "order_submitted",
        "order_filled",
        "anchor_updated",
    ]
    assert books_are_right()


def test_without_a_price_an_order_is_decided_on_the_market(api, tenant):
    position = make_position(tenant=tenant)
    configure(position, "order_policy", allow_after_hours=True, slippage_bps=Decimal(20))
    set_market("97")

    body = order(api, position, price=None).json()

    assert (body["status"], body["avg_fill_price"]) == ("filled", "97.194")


def test_without_a_price_on_the_market_the_order_is_refused(api, tenant):
    position = make_position(tenant=tenant)
    configure(position, "order_policy", allow_after_hours=True)
    written = everything_written()

    answer = order(api, position, price=None)

    assert (answer.status_code, code_of(answer)) == (422, "stale-quote")
    assert everything_written() == written


def test_a_proposal_waits_for_its_fill_and_without_a_price_goes_by_the_anchor(api, tenant):
    position = make_position(tenant=tenant, broker="manual", anchor=100)

    body = order(api, position, price=None).json()

    assert (body["status"], body["broker"]) == ("new", "manual")
    position.refresh_from_db()
    assert position.reserved_cash == Decimal("1000.1")
    event = events_of(position, "order_submitted")[0]
    assert event.message == "Proposed: buy 10 at about 100; waits for its fill."


def test_a_proposal_without_price_and_anchor_is_refused(api, tenant):
    position = make_position(tenant=tenant, broker="manual", anchor=None)

    answer = order(api, position, price=None)

    assert (answer.status_code, code_of(answer)) == (422, "missing-field")
    assert answer.json()["errors"] == [{"pointer": "/price", "code": "missing-field"}]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"qty": "101"}, 422, "insufficient-cash"),
        ({"side": "SELL", "qty": "101"}, 422, "insufficient-shares"),
        ({"qty": "60"}, 422, "guardrail-breach"),
        ({"qty": "0.5"}, 422, "below-min"),
        ({"qty": "0"}, 422, "out-of-range"),
        ({"qty": "-1"}, 422, "out-of-range"),
        ({"qty": "1e1"}, 422, "invalid-number"),
        ({"qty": None}, 422, "missing-field"),
        ({"side": "HOLD"}, 422, "out-of-range"),
        ({"side": "buy"}, 422, "out-of-range"),
        ({"price": "0"}, 422, "out-of-range"),
        ({"reason": "x"}, 422, "unknown-field"),
    ],
)
def test_a_refused_order_has_its_code_and_changes_nothing(api, tenant, body, status, code):
    position = make_position(tenant=tenant)
    written = everything_written()

    answer = order(api, position, **body)

    assert (answer.status_code, code_of(answer)) == (status, code)
    assert everything_written() == written


@pytest.mark.parametrize(
    ("status", "code"), [("paused", "position-paused"), ("closed", "illegal-transition")]
)
def test_a_position_that_does_not_trade_takes_no_order(api, tenant, status, code):
    position = make_position(tenant=tenant)
    with unit_of_work():
        change_position(position_id=position.pk, changes={"status": status}, stamp=make_stamp())

    answer = order(api, position)

    assert (answer.status_code, code_of(answer)) == (409, code)


def test_a_day_has_its_caps(api, tenant):
    position = make_position(tenant=tenant)
    configure(position, "guardrail", max_orders_per_day=2, max_daily_notional=Decimal(1500))
    answers = [order(api, position, key=f"k-{n}", qty=qty) for n, qty in enumerate(["10", "6", "5", "1"])]

    assert [answer.status_code for answer in answers] == [201, 422, 201, 422]
    assert [code_of(answer) for answer in answers if answer.status_code == 422] == [
        "daily-notional-cap",
        "daily-order-cap",
    ]


def test_a_second_order_waits_until_the_first_is_done(api, tenant):
    position = make_position(tenant=tenant, broker="manual")
    first = order(api, position).json()

    assert code_of(order(api, position, key="k-2")) == "order-open"
    api.post(f"/orders/{first['id']}/cancel")
    assert order(api, position, key="k-3").status_code == 201


def test_an_order_needs_a_key(api, tenant):
    position = make_position(tenant=tenant)

    answer = api.post(f"/positions/{position.pk}/orders", {"side": "BUY", "qty": "1", "price": "100"})

    assert (answer.status_code, code_of(answer)) == (400, "idempotency-key-missing")
    assert Order.objects.count() == 0


def test_the_same_order_under_the_same_key_is_one_order(api, tenant):
    position = make_position(tenant=tenant)

    first = order(api, position, qty="10")
    again = order(api, position, qty="10.00", price="100.000")

    assert (again.status_code, again.content) == (201, first.content)
    assert again["Idempotent-Replayed"] == "true"
    assert Order.objects.count() == Trade.objects.count() == 1
    assert IdempotencyRecord.objects.get().keep_forever is True


def test_another_order_under_the_same_key_is_refused(api, tenant):
    position = make_position(tenant=tenant)
    order(api, position)

    assert code_of(order(api, position, qty="11")) == "idempotency-key-reused"
    other = make_position(tenant=tenant)
    assert code_of(order(api, other)) == "idempotency-key-reused"
    assert Order.objects.count() == 1


def test_two_tenants_with_the_same_key_make_two_orders(api, tenant):
    order(api, make_position(tenant=tenant))
    bob = make_tenant("bob")

    answer = order(Api(make_key(bob)), make_position(tenant=bob))

    assert answer.status_code == 201
    assert Order.objects.count() == 2


def test_a_refused_order_stays_refused_under_its_key_after_the_cash_arrived(api, tenant):
    position = make_position(tenant=tenant, qty=10, cash=500)
    refused = order(api, position, qty="10")
    api.post(f"/positions/{position.pk}/cash", {"amount": "5000"})

    again = order(api, position, qty="10")
    anew = order(api, position, key="k-2", qty="10")

    assert (code_of(refused), again.content) == ("insufficient-cash", refused.content)
    assert again["Idempotent-Replayed"] == "true"
    assert anew.status_code == 201


def test_another_tenants_position_is_as_unknown_as_a_random_one(api):
    position = make_position(tenant=make_tenant("bob"))

    answer = order(api, position)

    assert (answer.status_code, code_of(answer)) == (404, "not-found")
    assert Order.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_different_keys_at_once_leave_one_open_order(tenant):
    position = make_position(tenant=tenant, broker="manual")
    key = make_key(tenant)

    answers = at_once([lambda n=n: order(Api(key), position, key=f"k-{n}") for n in range(16)])

    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 15
    assert {code_of(answer) for answer in answers if answer.status_code == 409} == {"order-open"}
    assert Order.objects.count() == 1
    connection.ensure_connection()
    assert books_are_right()
