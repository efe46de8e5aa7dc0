"""A client that asks again, with the same key, until it is answered."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from dividends.tests.scratch import PATIENCE

# Nobody listens while the site starts again.
PAUSE = 0.05


@dataclass(frozen=True, slots=True)
class Request:
    """A request under a key."""

    path: str
    key: str
    body: Mapping[str, Any] | None = None
    method: str = "POST"


@dataclass(slots=True)
class PersistentClient:
    """Sends requests from many threads and keeps their answers by key, as they come.

    `under_way` are the keys of requests that were sent and have no answer; `cut_off` counts how often a
    connection ended instead of bringing one.
    """

    port: int
    api_key: str
    answers: dict[str, Any] = field(default_factory=dict)
    replayed: set[str] = field(default_factory=set)
    under_way: set[str] = field(default_factory=set)
    cut_off: int = 0
    _lock: Lock = field(default_factory=Lock)

    def send(self, request: Request) -> None:
        """Ask until answered. Raises AssertionError for a refusal, which none of these requests earns."""
        deadline = time.monotonic() + PATIENCE
        while not self._is_answered(request):
            assert time.monotonic() < deadline, f"{request} is never answered"
            time.sleep(PAUSE)

    def _is_answered(self, request: Request) -> bool:
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            return self._ask(link, request)
        except ConnectionRefusedError:
            return False
        except (OSError, http.client.HTTPException):
            with self._lock:
                self.cut_off += 1
            return False
        finally:
            link.close()
            with self._lock:
                self.under_way.discard(request.key)

    def _ask(self, link: http.client.HTTPConnection, request: Request) -> bool:
        link.connect()
        with self._lock:
            self.under_way.add(request.key)
        text = None if request.body is None else json.dumps(request.body)
        link.request(request.method, f"/v1{request.path}", text, self._headers(request))
        response = link.getresponse()
        answer = json.loads(response.read())
        if response.status in (409, 503) and response.headers["Retry-After"]:
            return False
        assert response.status in (200, 201), answer
        with self._lock:
            self.answers[request.key] = answer
            if response.headers["Idempotent-Replayed"]:
                self.replayed.add(request.key)
        return True

    def _headers(self, request: Request) -> dict[str, str]:
        kind = {} if request.body is None else {"Content-Type": "application/json"}
        return {"Authorization": f"Bearer {self.api_key}", "Idempotency-Key": request.key, **kind}
