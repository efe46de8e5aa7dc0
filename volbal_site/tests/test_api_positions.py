"""`/v1/positions`, as a program sees it."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from positions.models import Position
from positions.tests.builders import everything_written, make_tenant
from volbal_site.tests.api_client import Api, make_key

pytestmark = pytest.mark.django_db

CELL = {"ticker": "ibm", "qty": "100", "cash": 10000, "anchor_price": "100.00"}


@pytest.fixture
def api() -> Api:
    return Api(make_key(make_tenant("ann")))


def opened(api: Api, **changes: Any) -> dict[str, Any]:
    answer = api.post("/positions", {**CELL, **changes})
    assert answer.status_code == 201, answer.content
    return answer.json()


def test_a_new_cell_is_answered_with_plain_decimals(api):
    cell = opened(api)

    assert uuid.UUID(cell.pop("id"))
    assert cell.pop("created_at") <= cell.pop("updated_at")
    assert cell == {
        "ticker": "IBM",
        "qty": "100",
        "cash": "10000",
        "anchor_price": "100",
        "dividend_receivable": "0",
        "effective_cash": "10000",
        "reserved_cash": "0",
        "reserved_qty": "0",
        "withholding_tax_rate": None,
        "status": "active",
        "broker": "paper",
    }


def test_a_missing_anchor_stays_null(api):
    answer = api.post("/positions", {"ticker": "IBM", "qty": "1", "cash": "0"})

    assert answer.json()["anchor_price"] is None


def test_a_cell_is_read_listed_and_filtered(api):
    ibm, msft = opened(api), opened(api, ticker="MSFT")

    assert api.get(f"/positions/{ibm['id']}").json() == ibm
    assert api.get("/positions").json() == {"items": [ibm, msft], "count": 2}
    assert api.get("/positions?ticker=msft").json()["items"] == [msft]
    assert api.get("/positions?status=paused").json() == {"items": [], "count": 0}
    assert api.get("/positions?limit=1&offset=1").json() == {"items": [msft], "count": 2}


def test_evaluating_at_a_price_trades_on_paper_and_can_be_replayed(api):
    cell = opened(api)

    answer = api.post(f"/positions/{cell['id']}/evaluate?price=104").json()

    assert answer["decision"]["action"] == "SELL"
    assert answer["order"]["status"] == "filled"
    assert answer["order"]["filled_qty"] == answer["decision"]["qty"] == "12.57421597"
    after = api.get(f"/positions/{cell['id']}").json()
    assert (after["qty"], after["anchor_price"]) == ("87.42578403", "104")
    replay = api.get(f"/positions/{cell['id']}/events/{answer['event_id']}/replay").json()
    assert replay["identical"] is True
    assert replay["recorded"] == replay["recomputed"] == answer["decision"]
    orders = api.get(f"/positions/{cell['id']}/orders").json()
    assert orders == {"items": [answer["order"]], "count": 1} == api.get("/orders").json()
    assert api.get(f"/orders/{answer['order']['id']}").json() == answer["order"]


def test_a_dry_run_saves_nothing(api):
    cell = opened(api)
    before = everything_written()

    answer = api.post(f"/positions/{cell['id']}/evaluate?price=104&dry_run=true").json()

    assert (answer["decision"]["action"], answer["event_id"], answer["order"]) == ("SELL", None, None)
    assert everything_written() == before


@pytest.mark.parametrize("dry", ["true", "false"])
def test_an_evaluation_under_a_wrong_key_is_refused_also_when_it_is_dry(api, dry):
    cell = opened(api)

    for key in ("", "x" * 256):
        path = f"/positions/{cell['id']}/evaluate?price=104&dry_run={dry}"
        assert api.call("POST", path, idempotency_key=key).status_code == 400


def test_events_come_newest_first_with_a_cursor(api):
    cell = opened(api)
    api.post(f"/positions/{cell['id']}/evaluate?price=104")

    first = api.get(f"/positions/{cell['id']}/events?limit=2").json()
    rest = api.get(f"/positions/{cell['id']}/events?cursor={first['next']}").json()

    types = [event["type"] for event in first["items"] + rest["items"]]
    assert types == [
        "anchor_updated",
        "order_filled",
        "order_submitted",
        "position_evaluated",
        "position_created",
    ]
    assert rest["next"] is None
    only = api.get(f"/positions/{cell['id']}/events?type=order_filled").json()["items"]
    assert [event["type"] for event in only] == ["order_filled"]


def test_cash_and_anchor_move(api):
    path = f"/positions/{opened(api)['id']}"

    assert api.post(f"{path}/cash", {"amount": "-0.5"}).json()["cash"] == "9999.5"
    assert api.post(f"{path}/anchor", {"price": 99.5}).json()["anchor_price"] == "99.5"
    refused = api.post(f"{path}/cash", {"amount": "-10000"})
    assert (refused.status_code, refused.json()["type"][-17:]) == (422, "insufficient-cash")
    assert api.get(path).json()["cash"] == "9999.5"


def test_a_cell_is_paused_changed_and_closed(api):
    path = f"/positions/{opened(api)['id']}"

    assert api.call("PATCH", path, {"status": "paused"}).json()["status"] == "paused"
    assert api.call("PATCH", path, {"withholding_tax_rate": "0.15"}).json()["withholding_tax_rate"] == "0.15"
    assert api.call("PATCH", path, {"withholding_tax_rate": None}).json()["withholding_tax_rate"] is None
    assert api.call("PATCH", path, {"broker": "manual", "status": "active"}).json()["broker"] == "manual"
    assert api.call("PATCH", path, {"status": "closed"}).json()["status"] == "closed"
    again = api.call("PATCH", path, {"status": "active"})
    assert (again.status_code, again.json()["type"].rsplit("/", 1)[1]) == (409, "illegal-transition")


def test_another_tenants_cell_looks_like_none(api):
    cell = opened(api)
    other = Api(make_key(make_tenant("bob")))
    before = everything_written()

    for method, path in (
        ("GET", "/positions/{}"),
        ("PATCH", "/positions/{}"),
        ("POST", "/positions/{}/anchor"),
        ("POST", "/positions/{}/cash"),
        ("POST", "/positions/{}/evaluate"),
        ("GET", "/positions/{}/events"),
        ("GET", "/positions/{}/orders"),
    ):
        body = {"price": "1"} if "anchor" in path else {"amount": "1"} if "cash" in path else {}
        theirs, none = (
            other.call(method, path.format(key), None if method == "GET" else body, X_Request_ID="same")
            for key in (cell["id"], uuid.UUID(int=1))
        )
        assert theirs.status_code == none.status_code == 404
        assert theirs.json() == {**none.json(), "instance": theirs.json()["instance"]}

    assert other.get("/positions").json() == {"items": [], "count": 0}
    assert everything_written() == before


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ("{", 400, "malformed-json"),
        ('{"ticker": "IBM", "qty": NaN, "cash": 1}', 400, "malformed-json"),
        ('{"qty": 1, "qty": 1, "cash": 1, "ticker": "A"}', 400, "malformed-json"),
        ("[" * 20_000, 400, "malformed-json"),
        (b'{"ticker": "\xff"}', 400, "malformed-json"),
        ({**CELL, "qty": "1e3"}, 422, "invalid-number"),
        ({**CELL, "qty": "1_000"}, 422, "invalid-number"),
        ({**CELL, "qty": "１００"}, 422, "invalid-number"),
        ({**CELL, "qty": True}, 422, "invalid-number"),
        ({**CELL, "qty": None}, 422, "invalid-number"),
        ({**CELL, "qty": "-1"}, 422, "out-of-range"),
        ({**CELL, "qty": "9" * 5000}, 422, "invalid-number"),
        ({**CELL, "cash": "1.0000001"}, 422, "invalid-number"),
        ({**CELL, "cash": 1e300}, 422, "out-of-range"),
        ({**CELL, "anchor_price": "0"}, 422, "out-of-range"),
        ({**CELL, "ticker": "I B M"}, 422, "invalid-ticker"),
        ({**CELL, "broker": "nobody"}, 422, "out-of-range"),
        ({**CELL, "withholding_tax_rate": "1.5"}, 422, "out-of-range"),
        ({**CELL, "surprise": 1}, 422, "unknown-field"),
        ({"ticker": "IBM"}, 422, "missing-field"),
        ([], 422, "out-of-range"),
        ("x" * 70_000, 413, "payload-too-large"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_bad_input_gets_its_code_and_changes_nothing(api, body, status, code):
    before = everything_written()

    answer = api.post("/positions", body)

    assert (answer.status_code, answer.json()["type"].rsplit("/", 1)[1]) == (status, code), answer.content
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["request_id"] == answer["X-Request-ID"]
    assert not Position.objects.exists()
    assert everything_written() == before


@pytest.mark.parametrize(
    "query", ["limit=501", "limit=0", "limit=x", "offset=-1", "status=odd", "ticker=a%20b"]
)
def test_bad_filters_are_refused(api, query):
    assert api.get(f"/positions?{query}").status_code == 422
