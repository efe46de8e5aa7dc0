"""One `Idempotency-Key`: one effect, one answer."""

from __future__ import annotations

import pytest
from django.db import connection

from accounts.models import IdempotencyRecord
from accounts.tests.threads import at_once
from positions.models import Position
from positions.tests.builders import everything_written, make_position, make_tenant
from volbal_site.tests.api_client import Api, make_key

pytestmark = pytest.mark.django_db


def keyed(api, path, body, key="k-1", request_id="r"):
    return api.call("POST", path, body, Idempotency_Key=key, X_Request_ID=request_id)


def code_of(answer):
    return answer.json()["type"].rsplit("/", 1)[1]


@pytest.fixture
def tenant():
    return make_tenant("ann")


@pytest.fixture
def api(tenant):
    return Api(make_key(tenant))


def test_the_same_request_under_the_same_key_is_done_once(api, tenant):
    path = f"/positions/{make_position(tenant=tenant, cash=100).pk}/cash"

    first = keyed(api, path, {"amount": "100"}, request_id="one")
    written = everything_written()
    again = keyed(api, path, '{"amount": 100.00}', request_id="two")

    assert first.json()["cash"] == "200"
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert (first.get("Idempotent-Replayed"), again["Idempotent-Replayed"]) == (None, "true")
    assert first["X-Request-ID"] == again["X-Request-ID"] == "one"
    assert everything_written() == written


def test_another_body_under_the_same_key_is_refused(api, tenant):
    path = f"/positions/{make_position(tenant=tenant, cash=100).pk}/cash"
    keyed(api, path, {"amount": "1"})
    written = everything_written()

    answer = keyed(api, path, {"amount": "2"})

    assert (answer.status_code, code_of(answer)) == (422, "idempotency-key-reused")
    assert everything_written() == written


def test_a_refusal_stays_one_though_the_cash_has_come(api, tenant):
    position = make_position(tenant=tenant, cash=100)
    path = f"/positions/{position.pk}/cash"
    refused = keyed(api, path, {"amount": "-500"})
    keyed(api, path, {"amount": "1000"}, key="k-2")

    again = keyed(api, path, {"amount": "-500"})
    anew = keyed(api, path, {"amount": "-500"}, key="k-3")

    assert (refused.status_code, code_of(refused)) == (422, "insufficient-cash")
    assert (again.status_code, again.content) == (422, refused.content)
    assert (anew.status_code, anew.json()["cash"]) == (200, "600")


def test_a_wrong_request_leaves_its_key_free(api, tenant):
    path = f"/positions/{make_position(tenant=tenant, cash=100).pk}/cash"

    assert keyed(api, path, {"amount": "1e3"}).status_code == 422
    assert keyed(api, path, {"amount": "0"}).status_code == 422
    assert keyed(api, path, {"amount": "1"}).json()["cash"] == "101"


@pytest.mark.parametrize("key", ["k" * 256, "ключ".encode().decode("latin-1"), "a\tb"])
def test_a_malformed_key_is_refused(api, key):
    answer = keyed(api, "/positions", {"ticker": "IBM", "qty": "1", "cash": "1"}, key=key)

    assert (answer.status_code, code_of(answer)) == (400, "idempotency-key-invalid")
    assert not Position.objects.exists()


def test_evaluating_twice_under_one_key_trades_once(api, tenant):
    position = make_position(tenant=tenant)
    path = f"/positions/{position.pk}/evaluate"

    first, again = (keyed(api, f"{path}?price=104", None) for _ in range(2))
    other = keyed(api, f"{path}?price=105", None)

    assert first.json() == again.json()
    assert first.json()["order"]["status"] == "filled"
    assert position.trades.count() == 1
    assert code_of(other) == "idempotency-key-reused"


def test_two_tenants_may_use_the_same_key(api):
    other = Api(make_key(make_tenant("bob")))
    body = {"ticker": "IBM", "qty": "1", "cash": "1"}

    answers = [keyed(one, "/positions", body) for one in (api, other)]

    assert [answer.status_code for answer in answers] == [201, 201]
    assert Position.objects.count() == IdempotencyRecord.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_many_at_once_under_one_key_open_one_cell(api):
    bodies = [{"ticker": "IBM", "qty": qty, "cash": "5"} for qty in ("100", "100.00")] * 6

    def send(body):
        try:
            return keyed(api, "/positions", body, key="same")
        finally:
            connection.close()

    answers = at_once([lambda body=body: send(body) for body in bodies])

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert Position.objects.count() == 1
