"""`/v1/commissions`, as a program sees them."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from configs.models import CommissionRate
from configs.tests.builders import set_rate
from positions.models import Event
from positions.tests.builders import everything_written, make_position, make_tenant
from volbal_site.tests.api_client import Api, make_key

pytestmark = pytest.mark.django_db

DEFAULT = {"scope": "GLOBAL", "ticker": None, "rate": "0.0001"}


@pytest.fixture
def tenant():
    return make_tenant("ann")


@pytest.fixture
def api(tenant):
    return Api(make_key(tenant))


def put(api, scope, rate, **values):
    return api.call("PUT", "/commissions", {"scope": scope, "rate": rate, **values})


def written():
    return everything_written(), sorted(map(repr, CommissionRate.objects.values_list("id", "rate")))


def code_of(answer):
    return answer.json()["type"].rsplit("/", 1)[1]


def test_at_first_the_default_is_in_force(api):
    assert api.get("/commissions").json() == {"items": [DEFAULT], "count": 1}


def test_a_key_sets_its_tenants_rate_and_that_of_a_ticker(api):
    own = put(api, "TENANT", "0.000200")
    ibm = put(api, "TENANT_ASSET", 0.0003, ticker="ibm")

    assert (own.status_code, own.json()) == (200, {"scope": "TENANT", "ticker": None, "rate": "0.0002"})
    assert (ibm.status_code, ibm.json()) == (
        200,
        {"scope": "TENANT_ASSET", "ticker": "IBM", "rate": "0.0003"},
    )
    assert api.get("/commissions").json() == {"items": [DEFAULT, own.json(), ibm.json()], "count": 3}
    assert api.get("/commissions?limit=1&offset=1").json() == {"items": [own.json()], "count": 3}


def test_the_live_path_pays_what_was_set(api, tenant):
    path = f"/positions/{make_position(tenant).pk}"
    put(api, "TENANT", "0.0002")
    put(api, "TENANT_ASSET", "0.01", ticker="IBM")

    assert api.get(f"{path}/config").json()["order_policy"]["commission_rate"] == {
        "value": "0.01",
        "scope": "TENANT_ASSET",
    }
    assert api.post(f"{path}/evaluate?price=104").json()["order"]["commission_rate"] == "0.01"


def test_null_inherits_again_and_the_rate_is_no_longer_listed(api):
    put(api, "TENANT", "0.0002")

    answer = put(api, "TENANT", None)

    assert (answer.status_code, answer.json()) == (200, {"scope": "TENANT", "ticker": None, "rate": None})
    assert api.get("/commissions").json() == {"items": [DEFAULT], "count": 1}
    assert put(api, "TENANT_ASSET", None, ticker="IBM").status_code == 200


def test_zero_is_a_rate(api):
    assert put(api, "TENANT", "0").json()["rate"] == "0"
    assert api.get("/commissions").json()["count"] == 2


def test_what_staff_set_for_all_is_listed(api):
    set_rate("GLOBAL", "0.0005")

    assert api.get("/commissions").json()["items"] == [{**DEFAULT, "rate": "0.0005"}]


def test_a_change_is_told_in_the_tenants_history_with_the_key_that_made_it(api, tenant):
    put(api, "TENANT", "0.0002")
    put(api, "TENANT", "0.0002")

    event = Event.objects.get(type="config_changed")
    assert (event.tenant, event.inputs["before"], event.outputs["after"]) == (
        tenant,
        {"rate": None},
        {"rate": "0.0002"},
    )
    assert event.actor.startswith("key:")


def test_the_rate_of_all_is_staffs(api):
    before = written()

    answer = put(api, "GLOBAL", "0.0002")

    assert (answer.status_code, code_of(answer)) == (403, "forbidden")
    assert written() == before


def test_tenants_have_rates_of_their_own(api):
    bob = Api(make_key(make_tenant("bob")))
    put(api, "TENANT", "0.0002")
    put(api, "TENANT_ASSET", "0.0003", ticker="IBM")
    put(bob, "TENANT", "0.5")

    assert [item["rate"] for item in api.get("/commissions").json()["items"]] == [
        "0.0001",
        "0.0002",
        "0.0003",
    ]
    assert [item["rate"] for item in bob.get("/commissions").json()["items"]] == ["0.0001", "0.5"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"scope": "TENANT", "rate": "1"}, "invalid-config"),
        ({"scope": "TENANT", "rate": "-0.1"}, "invalid-config"),
        ({"scope": "TENANT", "rate": "1e-3"}, "invalid-number"),
        ({"scope": "TENANT", "rate": "0.000000001"}, "invalid-number"),
        ({"scope": "TENANT", "rate": "none"}, "invalid-number"),
        ({"scope": "TENANT"}, "missing-field"),
        ({"rate": "0.1"}, "missing-field"),
        ({"scope": "POSITION", "rate": "0.1"}, "out-of-range"),
        ({"scope": "TENANT", "ticker": "IBM", "rate": "0.1"}, "invalid-config"),
        ({"scope": "TENANT_ASSET", "rate": "0.1"}, "invalid-config"),
        ({"scope": "TENANT_ASSET", "ticker": "I B M", "rate": "0.1"}, "invalid-ticker"),
        ({"scope": "TENANT", "rate": "0.1", "tenant_id": "x"}, "unknown-field"),
    ],
    ids=str,
)
def test_wrong_rates_are_refused_and_change_nothing(api, body, code):
    before = written()

    answer = api.call("PUT", "/commissions", body)

    assert (answer.status_code, code_of(answer)) == (422, code), answer.content
    assert written() == before


def test_the_list_takes_the_same_number_of_queries_however_long_it_is(api):
    def queries():
        with CaptureQueriesContext(connection) as captured:
            api.get("/commissions")
        return len(captured)

    few = queries()
    for number in range(10):
        put(api, "TENANT_ASSET", "0.0001", ticker=f"T{number}")

    assert queries() == few <= 3
