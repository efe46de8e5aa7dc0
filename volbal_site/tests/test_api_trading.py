"""The kill switch over the API and in the admin."""

from __future__ import annotations

import pytest
from django.urls import reverse

from accounts.tests.people import log_in_staff
from accounts.transactions import unit_of_work
from orders.models import TradingState, TradingSwitch
from orders.switches import turn
from positions.models import Event
from positions.tests.builders import make_position, make_stamp, make_tenant
from volbal_site.tests.api_client import Api, make_key

pytestmark = pytest.mark.django_db


@pytest.fixture
def tenant():
    return make_tenant("ann")


@pytest.fixture
def api(tenant):
    return Api(make_key(tenant))


def test_a_tenant_stops_and_goes_on(api, tenant):
    position = make_position(tenant=tenant)

    halted = api.post("/trading/halt", {"reason": "fire drill"})
    evaluated = api.post(f"/positions/{position.pk}/evaluate?price=104").json()
    unhalted = api.post("/trading/unhalt", {"reason": "over"})

    assert (halted.status_code, halted.json()["state"], halted.json()["scope"]) == (200, "HALTED", "TENANT")
    assert evaluated["decision"]["reason"] == "halted"
    assert unhalted.json()["state"] == "ACTIVE"
    after = api.post(f"/positions/{position.pk}/evaluate?price=104").json()
    assert after["order"]["status"] == "filled"


def test_an_order_by_hand_is_refused_while_halted(api, tenant):
    position = make_position(tenant=tenant)
    api.post("/trading/halt", {"reason": "drill", "position_id": str(position.pk)})

    answer = api.call(
        "POST",
        f"/positions/{position.pk}/orders",
        {"side": "BUY", "qty": "5", "price": "100"},
        Idempotency_Key="k",
    )

    assert answer.status_code == 409
    assert answer.json()["type"].endswith("/trading-halted")


def test_a_tenant_sees_its_own_switches_and_everyones_without_staffs_name(api, tenant):
    position, foreign = make_position(tenant=tenant), make_position(tenant=make_tenant("bob"))
    with unit_of_work():
        turn(TradingState.REDUCING, reason="all", stamp=make_stamp(actor="root"))
        turn(TradingState.HALTED, reason="his", position_id=foreign.pk, stamp=make_stamp())
    api.post("/trading/halt", {"reason": "mine", "state": "REDUCING", "position_id": str(position.pk)})

    found = api.get("/trading").json()

    assert found["count"] == 2
    assert [(item["scope"], item["state"], item["reason"]) for item in found["items"]] == [
        ("GLOBAL", "REDUCING", "all"),
        ("POSITION", "REDUCING", "mine"),
    ]
    assert found["items"][0]["actor"] == "operator"


def test_another_tenants_position_is_not_found(api):
    foreign = make_position(tenant=make_tenant("bob"))

    for call in ("halt", "unhalt"):
        answer = api.post(f"/trading/{call}", {"reason": "x", "position_id": str(foreign.pk)})
        assert answer.status_code == 404
    assert TradingSwitch.objects.count() == 0


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "missing-field"),
        ({"reason": ""}, "out-of-range"),
        ({"reason": "a\x00b"}, "out-of-range"),
        ({"reason": "x", "state": "ACTIVE"}, "out-of-range"),
        ({"reason": "x", "scope": "GLOBAL"}, "unknown-field"),
    ],
)
def test_a_wrong_halt_changes_nothing(api, body, code):
    answer = api.post("/trading/halt", body)

    assert (answer.status_code, answer.json()["type"].rsplit("/", 1)[1]) == (422, code)
    assert TradingSwitch.objects.count() == 0


def test_going_on_without_having_stopped_is_no_error(api):
    assert api.post("/trading/unhalt", {"reason": "x"}).json()["state"] == "ACTIVE"
    assert Event.objects.filter(type="trading_unhalted").count() == 0


def test_staff_turns_everyones_switch_in_the_admin(client):
    log_in_staff(client)
    add = reverse("admin:orders_tradingswitch_add")
    typed = {"scope": "GLOBAL", "tenant": "", "position": "", "state": "HALTED", "reason": "drill"}

    client.post(add, typed)
    switch = TradingSwitch.objects.get()
    change = reverse("admin:orders_tradingswitch_change", args=[switch.pk])
    client.post(change, {"state": "ACTIVE", "reason": "over"})

    switch.refresh_from_db()
    assert (switch.state, switch.reason, switch.actor) == ("ACTIVE", "over", "root")
    assert [event.type for event in Event.objects.order_by("seq")] == ["trading_halted", "trading_unhalted"]
    refused = client.post(change, {"state": "HALTED", "reason": " "})
    assert refused.status_code == 200
    assert "reason" in refused.context["adminform"].errors
    assert client.post(reverse("admin:orders_tradingswitch_delete", args=[switch.pk])).status_code == 403
