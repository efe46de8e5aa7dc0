"""JSON over HTTP to one host: limited in time and size, never redirected, never repeated by itself."""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPException
from threading import Timer
from time import monotonic
from typing import Any

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError
from urllib3.response import HTTPResponse
from urllib3.util import Url, parse_url

from accounts.transactions import require_no_transaction
from orders.brokers.base import NoAnswer
from volbal import strict_json
from volbal.errors import MalformedJson

CONNECT_S = 3.0
LARGEST_ANSWER = 1_000_000
_CHUNK = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A status below 500 and the JSON that came with it, None with a 204; numbers are JsonNumber."""

    status: int
    body: Any


class Deadline:
    """The end of all patience with one connection, also with one that keeps sending a byte now and then."""

    def __init__(self, seconds: float) -> None:
        self._ends = monotonic() + seconds
        self._twin: socket.socket | None = None
        self._timer: Timer | None = None

    def left(self) -> float:
        """Return the seconds that are left. Raises NoAnswer when none are."""
        left = self._ends - monotonic()
        if left <= 0:
            raise NoAnswer("it took too long")
        return left

    def watch(self, sock: socket.socket) -> None:
        """Cut the connection when the time is over.

        The twin is the same connection under another number: TLS takes the first one away.
        """
        self._twin = sock.dup()
        self._timer = Timer(self.left(), self._cut)
        self._timer.daemon = True
        self._timer.start()

    def close(self) -> None:
        """Stop watching."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer.join()
        if self._twin is not None:
            self._twin.close()

    def _cut(self) -> None:
        with suppress(OSError):
            if self._twin is not None:
                self._twin.shutdown(socket.SHUT_RDWR)


class _Plain(HTTPConnection):
    """A connection that is watched from its first moment."""

    deadline: Deadline

    def _new_conn(self) -> socket.socket:
        sock = super()._new_conn()
        self.deadline.watch(sock)
        return sock


class _Tls(HTTPSConnection):
    """The same over TLS; certificates are checked."""

    deadline: Deadline

    def _new_conn(self) -> socket.socket:
        sock = super()._new_conn()
        self.deadline.watch(sock)
        return sock


class JsonHttp:
    """One host, whose address comes from the settings. A connection of its own for every call.

    `secrets` are headers that nobody may see: wherever they come back in an answer or an error, they are
    blotted out before anybody reads it.
    """

    def __init__(
        self,
        base_url: str,
        *,
        timeout_s: float = 10.0,
        headers: Mapping[str, str] | None = None,
        secrets: Mapping[str, str] | None = None,
    ) -> None:
        self._secrets = tuple((secrets or {}).values())
        self._base: Url = parse_url(base_url.rstrip("/"))
        self._timeout_s = timeout_s
        self._headers = {
            "Accept": "application/json",
            "User-Agent": "volbal",
            **(headers or {}),
            **(secrets or {}),
        }

    def call(self, method: str, path: str, body: Any = None) -> Reply:
        """Ask once. Raises NoAnswer unless JSON with a status below 300, or from 400 to 499, came in time.

        Raises InsideTransaction if one is open.
        """
        require_no_transaction()
        deadline = Deadline(self._timeout_s)
        connection = self._connection(deadline)
        try:
            return self._exchange(connection, deadline, method, path, body)
        except NoAnswer:
            raise
        except (OSError, HTTPError, HTTPException, MalformedJson, ValueError) as error:
            raise NoAnswer(self._blotted(f"{method} {path}: {error}".encode()).decode()) from None
        finally:
            connection.close()
            deadline.close()

    def _blotted(self, content: bytes) -> bytes:
        for secret in self._secrets:
            content = content.replace(secret.encode(), b"[secret]")
        return content

    def _connection(self, deadline: Deadline) -> _Plain | _Tls:
        if self._base.scheme not in ("http", "https") or not self._base.host:
            raise NoAnswer("the address of this broker is not set")
        kind = _Tls if self._base.scheme == "https" else _Plain
        connection = kind(self._base.host, self._base.port, timeout=min(CONNECT_S, deadline.left()))
        connection.deadline = deadline
        return connection

    def _exchange(
        self, connection: _Plain | _Tls, deadline: Deadline, method: str, path: str, body: Any
    ) -> Reply:
        connection.connect()
        connection.timeout = deadline.left()
        text = None if body is None else json.dumps(body).encode()
        headers = (
            dict(self._headers) if text is None else {**self._headers, "Content-Type": "application/json"}
        )
        target = f"{self._base.path or ''}{path}"
        connection.request(method, target, text, headers, preload_content=False, decode_content=False)
        response = connection.getresponse()
        content = self._blotted(_content(response))
        deadline.left()
        status = _status(response)
        # 204 promises nothing more; an empty answer of any other kind was cut off.
        return Reply(status=status, body=None if status == 204 else strict_json.loads(content))


def _status(response: HTTPResponse) -> int:
    status = int(response.status)
    if not (200 <= status < 300 or 400 <= status < 500):
        raise NoAnswer(f"it answered {status}")
    return status


def _content(response: HTTPResponse) -> bytes:
    """Read to the end, which also tells an answer that was cut off."""
    content = bytearray()
    while chunk := response.read(_CHUNK):
        content += chunk
        if len(content) > LARGEST_ANSWER:
            raise NoAnswer("the answer is too long")
    return bytes(content)
