"""The cache in Redis, and what becomes of requests when Redis is away."""

from __future__ import annotations

import socket
import time
from contextlib import closing

import pytest
from django.core.cache import caches

from positions.tests.builders import make_position, make_tenant
from volbal_site import shared_cache
from volbal_site.shared_cache import SharedCache
from volbal_site.tests.api_client import Api, make_key
from volbal_site.tests.redis_server import redis_server
from volbal_site.tests.running_site import free_port

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")  # redis-py leaves sockets to the collector


@pytest.fixture(scope="module")
def server():
    with redis_server() as found:
        yield found


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch, server):
    monkeypatch.setattr(shared_cache, "_PAUSE", shared_cache._Pause())
    if server._running is None:
        server.start()


def cache_at(port):
    return SharedCache(f"redis://127.0.0.1:{port}/0", {"OPTIONS": TIMEOUTS, "KEY_PREFIX": "t"})


TIMEOUTS = {"socket_connect_timeout": 0.3, "socket_timeout": 0.3}


def everything_it_can(cache):
    """Use each method once; return what they answered."""
    cache.set("a", {"b": 1}, 60)
    return [
        cache.get("a"),
        cache.get("none", "default"),
        cache.add("a", 2),
        cache.add("n", 1, timeout=60),
        cache.incr("n", 2),
        cache.touch("a", 30),
        cache.has_key("a"),
        cache.set_many({"x": 1, "y": 2}, 60),
        cache.get_many(["x", "y", "z"]),
        cache.delete("x"),
        cache.delete_many(["y"]),
        cache.get_many(["x", "y"]),
        cache.get_or_set("g", lambda: 7, 60),
        cache.clear(),
        cache.get("a"),
    ]


EXPECTED = [
    {"b": 1},
    "default",
    False,
    True,
    3,
    True,
    True,
    [],
    {"x": 1, "y": 2},
    True,
    None,
    {},
    7,
    None,
    None,
]


def test_it_answers_alike_with_redis_and_without(server):
    assert everything_it_can(cache_at(server.port)) == EXPECTED
    assert everything_it_can(cache_at(free_port())) == EXPECTED


def test_a_count_of_what_is_not_there_is_refused_alike(server):
    for port in (server.port, free_port()):
        with pytest.raises(ValueError, match="not found"):
            cache_at(port).incr("nothing")


def test_processes_share_it(server):
    cache_at(server.port).set("shared", 1)
    assert cache_at(server.port).get("shared") == 1


def test_a_redis_that_is_away_is_left_alone_and_said_once_and_its_return_too(server, caplog, monkeypatch):
    cache = cache_at(server.port)
    cache.set("a", 1)
    server.stop()
    for number in range(50):
        cache.set("a", number)
    assert cache.get("a") == 49
    server.start()
    assert cache.get("a") == 49  # not asked yet

    monkeypatch.setattr(shared_cache, "monotonic", lambda: time.monotonic() + shared_cache.PAUSE_S)
    assert cache.get("a") is None
    cache.set("a", 5)
    assert cache_at(server.port).get("a") == 5
    assert [record.message for record in caplog.records] == ["shared_cache_away", "shared_cache_back"]


def test_a_restart_that_nobody_noticed_costs_nothing(server, caplog):
    cache = cache_at(server.port)
    cache.set("a", 1)
    server.stop()
    server.start()

    cache.set("a", 2)
    assert (cache.get("a"), caplog.records) == (2, [])


def test_one_that_hangs_costs_its_time_once():
    with closing(socket.socket()) as hung:
        hung.bind(("127.0.0.1", 0))
        hung.listen()
        cache = cache_at(hung.getsockname()[1])
        began = time.monotonic()
        for number in range(20):
            cache.set("a", number)
        assert time.monotonic() - began < 2
        assert cache.get("a") == 19


@pytest.mark.django_db
def test_requests_are_answered_and_limits_hold_while_redis_is_away(settings):
    settings.CACHES = {
        "default": {
            "BACKEND": "volbal_site.shared_cache.SharedCache",
            "LOCATION": f"redis://127.0.0.1:{free_port()}/0",
            "OPTIONS": TIMEOUTS,
        }
    }
    settings.API_RATE_LIMIT_PER_MINUTE = 3
    tenant = make_tenant()
    api, position = Api(make_key(tenant)), make_position(tenant=tenant)

    answers = [api.get(f"/positions/{position.pk}").status_code for _ in range(2)]
    answers.append(
        api.post(f"/positions/{position.pk}/evaluate?dry_run=true").status_code
    )  # asks for a quote
    assert answers == [200] * 3
    assert api.get(f"/positions/{position.pk}").status_code == 429
    ready = Api(None).get("/readyz")
    assert (ready.status_code, ready.json()["errors"][0]["pointer"]) == (503, "/checks/cache")
    assert caches["default"].get("nothing") is None
