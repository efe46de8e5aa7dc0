"""`/v1/positions/{id}/config`, as a program sees it."""

from __future__ import annotations

import pytest

from positions.tests.builders import everything_written, make_position, make_tenant
from volbal_site.tests.api_client import Api, make_key

pytestmark = pytest.mark.django_db


@pytest.fixture
def tenant():
    return make_tenant("ann")


@pytest.fixture
def api(tenant):
    return Api(make_key(tenant))


@pytest.fixture
def path(tenant):
    return f"/positions/{make_position(tenant=tenant).pk}/config"


def test_every_setting_comes_with_its_value_and_scope(api, path):
    config = api.get(path).json()

    assert config["trigger"] == {
        "up_threshold_pct": {"value": "3", "scope": "GLOBAL"},
        "down_threshold_pct": {"value": "3", "scope": "GLOBAL"},
    }
    assert config["guardrail"]["max_daily_notional"] == {"value": "none", "scope": "GLOBAL"}
    assert config["guardrail"]["max_orders_per_day"] == {"value": 5, "scope": "GLOBAL"}
    assert config["order_policy"]["allow_after_hours"] == {"value": False, "scope": "GLOBAL"}
    assert config["order_policy"]["commission_rate"] == {"value": "0.0001", "scope": "GLOBAL"}
    assert config["lint"] == []


def test_what_is_named_is_set_and_the_rest_stays(api, path):
    api.call("PUT", path, {"trigger": {"up_threshold_pct": "5"}})

    config = api.call(
        "PUT",
        path,
        {"guardrail": {"max_orders_per_day": "none"}, "order_policy": {"commission_rate": 0.0002}},
    ).json()

    assert config["trigger"]["up_threshold_pct"] == {"value": "5", "scope": "POSITION"}
    assert config["trigger"]["down_threshold_pct"] == {"value": "3", "scope": "GLOBAL"}
    assert config["guardrail"]["max_orders_per_day"] == {"value": "none", "scope": "POSITION"}
    assert config["order_policy"]["commission_rate"] == {"value": "0.0002", "scope": "POSITION"}
    assert config == api.get(path).json()


def test_null_inherits_again(api, path):
    api.call("PUT", path, {"trigger": {"up_threshold_pct": "5"}})

    config = api.call("PUT", path, {"trigger": {"up_threshold_pct": None}}).json()

    assert config["trigger"]["up_threshold_pct"] == {"value": "3", "scope": "GLOBAL"}


def test_the_live_path_obeys_what_was_set(api, path):
    api.call("PUT", path, {"trigger": {"up_threshold_pct": "10"}})

    held = api.post(path.replace("config", "evaluate?price=104")).json()
    sold = api.post(path.replace("config", "evaluate?price=110")).json()

    assert (held["decision"]["action"], sold["decision"]["action"]) == ("HOLD", "SELL")


def test_settings_that_can_never_trade_are_warned_of(api, path):
    warnings = api.call("PUT", path, {"order_policy": {"min_notional": "5000"}}).json()["lint"]

    assert {warning["code"] for warning in warnings} == {"min_notional_too_large"}
    assert all(warning["works_at"] for warning in warnings)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"trigger": {"up_threshold_pct": "-3"}}, "invalid-config"),
        ({"trigger": {"up_threshold_pct": "0"}}, "invalid-config"),
        ({"guardrail": {"min_stock_pct": "80"}}, "invalid-config"),
        ({"order_policy": {"lot_size": "0.5", "qty_step": "0.3"}}, "invalid-config"),
        ({"order_policy": {"order_sizing_strategy": "magic"}}, "invalid-config"),
        ({"order_policy": {"allow_after_hours": "yes"}}, "invalid-config"),
        ({"order_policy": {"min_notional": "none"}}, "invalid-number"),
        ({"order_policy": {"rebalance_ratio": "1e1"}}, "invalid-number"),
        ({"order_policy": {"nonsense": "1"}}, "unknown-field"),
        ({"nonsense": {}}, "unknown-field"),
        ({"trigger": 5}, "out-of-range"),
    ],
    ids=lambda value: str(value)[:50],
)
def test_wrong_settings_are_refused_and_change_nothing(api, path, body, code):
    before = everything_written()

    answer = api.call("PUT", path, {"guardrail": {"max_stock_pct": "70"}, **body})

    assert (answer.status_code, answer.json()["type"].rsplit("/", 1)[1]) == (422, code), answer.content
    assert everything_written() == before
    assert api.get(path).json()["guardrail"]["max_stock_pct"] == {"value": "75", "scope": "GLOBAL"}
