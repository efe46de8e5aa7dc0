"""What holds for every call: keys, scopes, ids of requests, and problems instead of pages."""

from __future__ import annotations

import re
import uuid

import pytest

from accounts.models import Membership, Role, User
from positions.tests.builders import make_position, make_tenant
from volbal_site.api import api as ninja_api
from volbal_site.tests.api_client import ALL_SCOPES, Api, make_key
from volbal_site.tests.world import all_rows, body_of, make_world

pytestmark = pytest.mark.django_db

# Every call of the API and the scope it needs; None is open to all.
WHO = {
    ("GET", "/v1/healthz"): None,
    ("GET", "/v1/readyz"): None,
    ("GET", "/v1/positions"): "read",
    ("POST", "/v1/positions"): "trade",
    ("GET", "/v1/positions/{position_id}"): "read",
    ("PATCH", "/v1/positions/{position_id}"): "trade",
    ("POST", "/v1/positions/{position_id}/anchor"): "trade",
    ("POST", "/v1/positions/{position_id}/cash"): "trade",
    ("POST", "/v1/positions/{position_id}/adjustments"): "admin",
    ("POST", "/v1/positions/{position_id}/evaluate"): "trade",
    ("GET", "/v1/positions/{position_id}/events"): "read",
    ("GET", "/v1/positions/{position_id}/events/{event_id}/replay"): "read",
    ("GET", "/v1/positions/{position_id}/config"): "read",
    ("PUT", "/v1/positions/{position_id}/config"): "trade",
    ("GET", "/v1/positions/{position_id}/orders"): "read",
    ("POST", "/v1/positions/{position_id}/orders"): "trade",
    ("GET", "/v1/trading"): "read",
    ("POST", "/v1/trading/halt"): "trade",
    ("POST", "/v1/trading/unhalt"): "admin",
    ("GET", "/v1/orders"): "read",
    ("GET", "/v1/orders/{order_id}"): "read",
    ("POST", "/v1/orders/{order_id}/cancel"): "trade",
    ("POST", "/v1/orders/{order_id}/fill"): "broker",
    ("GET", "/v1/dividends"): "read",
    ("POST", "/v1/dividends/announce"): "admin",
    ("POST", "/v1/dividends/pay"): "admin",
    ("GET", "/v1/dividends/receivables"): "read",
    ("POST", "/v1/splits"): "admin",
    ("GET", "/v1/commissions"): "read",
    ("PUT", "/v1/commissions"): "admin",
    ("GET", "/v1/market/status"): "read",
    ("GET", "/v1/market/quotes"): "read",
    ("GET", "/v1/performance"): "read",
    ("GET", "/v1/positions/{position_id}/performance"): "read",
    ("POST", "/v1/histories"): "read",
    ("GET", "/v1/simulations"): "read",
    ("POST", "/v1/simulations"): "read",
    ("GET", "/v1/simulations/{simulation_id}"): "read",
    ("POST", "/v1/simulations/{simulation_id}/cancel"): "read",
    ("GET", "/v1/optimizations"): "read",
    ("POST", "/v1/optimizations"): "read",
    ("GET", "/v1/optimizations/{optimization_id}"): "read",
    ("POST", "/v1/optimizations/{optimization_id}/cancel"): "read",
    ("GET", "/v1/exports/positions.csv"): "read",
    ("GET", "/v1/exports/positions.xlsx"): "read",
    ("GET", "/v1/exports/trades.csv"): "read",
    ("GET", "/v1/exports/trades.xlsx"): "read",
    ("GET", "/v1/exports/events.csv"): "read",
    ("GET", "/v1/exports/events.xlsx"): "read",
    ("GET", "/v1/exports/journal.csv"): "read",
    ("GET", "/v1/exports/journal.xlsx"): "read",
    ("GET", "/v1/exports/dividends.csv"): "read",
    ("GET", "/v1/exports/dividends.xlsx"): "read",
}


def calls() -> set[tuple[str, str]]:
    schema = ninja_api.get_openapi_schema()
    return {(method.upper(), path) for path, item in schema["paths"].items() for method in item}


def filled_in(path: str) -> str:
    return re.sub(r"{\w+}", str(uuid.UUID(int=7)), path).removeprefix("/v1")


def test_every_call_stands_in_the_table_of_who_may_call_it():
    assert calls() == set(WHO)


@pytest.mark.parametrize(("method", "path"), sorted(WHO))
def test_nobody_without_a_key_gets_in(method, path):
    answer = Api(None).call(method, filled_in(path), None if method == "GET" else {})

    if WHO[method, path] is None:
        assert answer.status_code == 200
    else:
        assert answer.status_code == 401
        assert answer["WWW-Authenticate"].startswith("Bearer")
        assert answer["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("scope", ALL_SCOPES)
def test_scopes_do_not_imply_each_other(scope):
    api = Api(make_key(make_tenant("ann"), scope))

    for (method, path), needed in WHO.items():
        answer = api.call(method, filled_in(path), None if method == "GET" else {})
        b"".join(answer)  # an export is a file, which closes at its end
        assert (answer.status_code == 403) == (needed not in (None, scope)), (method, path)


@pytest.mark.parametrize("role", Role.values)
def test_a_browsers_login_is_no_key(role):
    world = make_world()
    member = User.objects.create_user("bea")
    Membership.objects.create(user=member, tenant=make_tenant("ann"), role=role)
    browser = Api(None)
    browser.client.force_login(member)
    before = all_rows()

    for (method, path), needed in WHO.items():
        answer = browser.call(method, world.address(path), body_of(method, path))
        assert answer.status_code == (200 if needed is None else 401), (method, path)
    assert all_rows() == before


@pytest.mark.parametrize("key", ["", "x", "vb_", "vb_a_b", "vb_" + "9" * 5000, "ключ"])
def test_garbage_for_a_key_is_401(key):
    assert Api(key.encode().decode("latin-1")).get("/positions").status_code == 401


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "not-found"),
        ("GET", "/positions/not-a-uuid", 404, "not-found"),
        ("DELETE", "/positions", 405, "method-not-allowed"),
    ],
)
def test_every_refusal_is_a_problem(method, path, status, code):
    answer = Api(make_key(make_tenant("ann"))).call(method, path)

    assert (answer.status_code, answer.json()["type"].rsplit("/", 1)[1]) == (status, code)
    assert answer["Content-Type"] == "application/problem+json"
    assert set(answer.json()) == {
        "type", "title", "status", "detail", "instance", "request_id", "errors"
    }  # fmt: skip


def test_another_content_type_is_refused():
    api = Api(make_key(make_tenant("ann")))

    answer = api.client.post("/v1/positions", "a=b", content_type="text/plain", headers=api.headers)

    assert answer.status_code == 415


def test_a_plain_request_id_is_kept_and_another_replaced():
    api = Api(make_key(make_tenant("ann")))

    assert api.call("GET", "/positions", X_Request_ID="abc-1")["X-Request-ID"] == "abc-1"
    assert uuid.UUID(api.call("GET", "/positions", X_Request_ID="a b\tc")["X-Request-ID"])


def test_events_carry_the_key_and_the_request():
    tenant = make_tenant("ann")
    position = make_position(tenant=tenant)

    Api(make_key(tenant)).call("POST", f"/positions/{position.pk}/cash", {"amount": "1"}, X_Request_ID="r-1")

    event = position.events.get(type="cash_deposited")
    assert event.actor.startswith("key:")
    assert event.request_id == "r-1"
