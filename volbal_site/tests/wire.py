"""Speaking to the WSGI application as a web server does: what the test client can't say."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from django.core.signals import request_finished, request_started
from django.db import close_old_connections

from volbal_site.wsgi import application


@dataclass(frozen=True)
class Said:
    """An answer as it goes over the wire."""

    status: int
    headers: dict[str, str]
    content: bytes

    def json(self) -> Any:
        return json.loads(self.content)

    @property
    def code(self) -> str:
        return str(self.json()["type"].rsplit("/", 1)[1])


@contextmanager
def _in_the_tests_transaction() -> Iterator[None]:
    """Keep the connection open at both ends of a request, as Django's test client does."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    try:
        yield
    finally:
        for signal in (request_started, request_finished):
            signal.connect(close_old_connections)


def on_the_tests_connection(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """Run the WSGI application on the test's connection."""
    with _in_the_tests_transaction():
        answer = application(environ, start_response)
        try:
            return list(answer)
        finally:
            answer.close()  # a file that was sent, as a web server closes it


def send(method: str, path: str, body: bytes = b"", *, key: str = "", query: str = "", **meta: str) -> Said:
    """Send a request whose environment is exactly this; `meta` are CGI variables."""
    environ = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "localhost",
        "wsgi.url_scheme": "http",
        "wsgi.input": BytesIO(body),
        "wsgi.input_terminated": True,
        **({"HTTP_AUTHORIZATION": f"Bearer {key}"} if key else {}),
        **meta,
    }
    started: list[Any] = []
    content = b"".join(
        on_the_tests_connection(environ, lambda status, headers, *_: started.extend((status, headers)))
    )
    return Said(int(started[0][:3]), dict(started[1]), content)
