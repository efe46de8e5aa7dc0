"""Correcting the books over the API."""

from __future__ import annotations

from typing import Any

import pytest

from positions.models import Event, Position
from positions.tests.builders import everything_written, make_position, make_tenant
from volbal_site.tests.api_client import Api, make_key

pytestmark = pytest.mark.django_db


@pytest.fixture
def api() -> Api:
    tenant = make_tenant("ann")
    make_position(tenant=tenant)
    return Api(make_key(tenant, "admin"))


def adjust(api: Api, body: Any, **headers: str) -> Any:
    return api.call("POST", f"/positions/{Position.objects.get().pk}/adjustments", body, **headers)


@pytest.mark.parametrize(
    ("body", "cash", "qty"),
    [
        ({"cash": "970.097", "qty": -10}, "10970.097", "90"),
        ({"cash": -1}, "9999", "100"),
        ({"qty": "0.00000001", "cash": None}, "10000", "100.00000001"),
    ],
)
def test_an_adjustment_is_answered_with_the_corrected_cell(api, body, cash, qty):
    answer = adjust(api, {"reason": "typed wrongly", **body})

    assert (answer.status_code, answer.json()["cash"], answer.json()["qty"]) == (200, cash, qty)
    event = Event.objects.get(type="adjustment_booked")
    assert (event.inputs["reason"], event.actor.split(":")[0]) == ("typed wrongly", "key")


def test_one_key_adjusts_once(api):
    body = {"cash": "5.00", "reason": "interest"}

    first, second = (adjust(api, body, Idempotency_Key="k-1") for _ in range(2))

    assert first.json() == second.json()
    assert second["Idempotent-Replayed"] == "true"
    assert Position.objects.get().cash == 10_005


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"cash": "1"}, 422, "missing-field"),
        ({"reason": "nothing"}, 422, "out-of-range"),
        ({"cash": "0", "qty": "0", "reason": "nothing"}, 422, "out-of-range"),
        ({"cash": "1", "reason": "  "}, 422, "out-of-range"),
        ({"cash": "1", "reason": True}, 422, "out-of-range"),
        ({"cash": "1", "reason": 5}, 422, "out-of-range"),
        ({"cash": "1", "reason": "x" * 501}, 422, "out-of-range"),
        ({"cash": "1", "reason": "a\x00b"}, 422, "out-of-range"),
        ({"cash": "1e2", "reason": "odd"}, 422, "invalid-number"),
        ({"qty": "0.000000001", "reason": "odd"}, 422, "invalid-number"),
        ({"cash": "-10000.01", "reason": "too much"}, 422, "insufficient-cash"),
        ({"qty": "-100.1", "reason": "too much"}, 422, "insufficient-shares"),
        ({"cash": "1", "reason": "x", "price": "1"}, 422, "unknown-field"),
    ],
)
def test_what_cannot_be_adjusted_changes_nothing(api, body, status, code):
    before = everything_written()

    answer = adjust(api, body)

    assert (answer.status_code, answer.json()["type"].rsplit("/", 1)[1]) == (status, code)
    assert everything_written() == before


def test_another_tenants_cell_is_not_there(api):
    other = Api(make_key(make_tenant("bob"), "admin"))
    before = everything_written()

    assert adjust(other, {"cash": "1", "reason": "mine now"}).status_code == 404
    assert everything_written() == before
