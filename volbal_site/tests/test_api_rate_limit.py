"""The limit on requests, as a program meets it."""

from __future__ import annotations

import pytest
from django.core.cache import cache

from positions.tests.builders import everything_written, make_position, make_tenant
from volbal_site.tests.api_client import Api, make_key

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _limit_of_three(settings, monkeypatch):
    settings.API_RATE_LIMIT_PER_MINUTE = 3
    cache.clear()
    monkeypatch.setattr("accounts.api_auth.time.time", lambda: 28_000_000 * 60 + 18)


def statuses(api, calls=5):
    return [api.get("/positions").status_code for _ in range(calls)]


def test_past_the_limit_a_key_hears_how_long_to_wait():
    tenant = make_tenant("ann")
    api, path = Api(make_key(tenant)), f"/positions/{make_position(tenant=tenant).pk}/cash"
    assert statuses(api) == [200] * 3 + [429] * 2
    written = everything_written()

    answer = api.post(path, {"amount": "1"})

    assert (answer.status_code, answer["Retry-After"]) == (429, "42")
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["type"].endswith("/problems/rate-limited")
    assert everything_written() == written


def test_keys_of_one_tenant_count_apart():
    tenant = make_tenant("ann")
    statuses(Api(make_key(tenant)))

    assert statuses(Api(make_key(tenant)), calls=3) == [200] * 3


def test_what_a_key_may_not_do_counts_too():
    api = Api(make_key(make_tenant("ann"), "trade"))

    assert statuses(api) == [403] * 3 + [429] * 2


def test_guessing_a_secret_does_not_use_up_the_keys_calls():
    key = make_key(make_tenant("ann"))
    guess = key[:-1] + ("0" if key[-1] != "0" else "1")
    assert statuses(Api(guess), calls=10) == [401] * 10

    assert statuses(Api(key), calls=3) == [200] * 3


def test_nobody_is_counted():
    assert [Api(None).get("/healthz").status_code for _ in range(10)] == [200] * 10
    assert statuses(Api(None), calls=10) == [401] * 10
