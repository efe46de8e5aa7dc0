"""The cache of all processes, in Redis; while that is away each process has one of its own.

What is cached is never the truth: a price that is handed out again for some seconds, a count of calls in a
minute. So nobody needs an error, but limits should go on to limit, if only process by process.
"""

from __future__ import annotations

import logging
from threading import Lock
from time import monotonic
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as NoConnection
from redis.exceptions import RedisError
from redis.retry import Retry

log = logging.getLogger(__name__)

# How long Redis is not asked after it failed: a request must not wait for it again and again.
PAUSE_S = 5.0
# A connection that Redis has closed meanwhile is opened anew.
_ONCE_MORE = Retry(NoBackoff(), 1, supported_errors=(NoConnection,))


class _Pause:
    """Whether Redis is left alone, for all threads of this process."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._until: float | None = None

    def is_on(self) -> bool:
        return self._until is not None and monotonic() < self._until

    def begin(self) -> bool:
        """Begin or lengthen it; return whether Redis had been well."""
        with self._lock:
            was_well, self._until = self._until is None, monotonic() + PAUSE_S
            return was_well

    def end(self) -> bool:
        """End it; return whether it was one."""
        if self._until is None:
            return False
        with self._lock:
            was_away, self._until = self._until is not None, None
            return was_away


_PAUSE = _Pause()


class SharedCache(BaseCache):
    """A RedisCache that falls back on memory. `shared` is what Redis alone says, errors included."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(params)
        options = params.get("OPTIONS", {})
        self.shared = RedisCache(server, {**params, "OPTIONS": {"retry": _ONCE_MORE, **options}})
        self._own = LocMemCache("while-redis-is-away", {**params, "OPTIONS": {"MAX_ENTRIES": 10_000}})

    def add(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        return bool(self._ask("add", key, value, timeout, version))

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        return self._ask("get", key, default, version)

    def set(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> None:
        self._ask("set", key, value, timeout, version)

    def touch(self, key: str, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        return bool(self._ask("touch", key, timeout, version))

    def delete(self, key: str, version: int | None = None) -> bool:
        return bool(self._ask("delete", key, version))

    def has_key(self, key: str, version: int | None = None) -> bool:
        return bool(self._ask("has_key", key, version))

    def incr(self, key: str, delta: int = 1, version: int | None = None) -> int:
        return int(self._ask("incr", key, delta, version))

    def get_many(self, keys: Any, version: int | None = None) -> dict[Any, Any]:
        found: dict[Any, Any] = self._ask("get_many", list(keys), version)
        return found

    def set_many(self, data: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> list[Any]:
        refused: list[Any] = self._ask("set_many", data, timeout, version)
        return refused

    def delete_many(self, keys: Any, version: int | None = None) -> None:
        self._ask("delete_many", list(keys), version)

    def clear(self) -> None:
        self._ask("clear")

    def _ask(self, method: str, *arguments: Any) -> Any:
        if _PAUSE.is_on():
            return getattr(self._own, method)(*arguments)
        try:
            answer = getattr(self.shared, method)(*arguments)
        except RedisError as error:
            if _PAUSE.begin():
                log.warning("shared_cache_away", extra={"error": repr(error)[:300]})
            return getattr(self._own, method)(*arguments)
        if _PAUSE.end():
            self._own.clear()  # what it holds would be old when Redis is away the next time
            log.warning("shared_cache_back")
        return answer
