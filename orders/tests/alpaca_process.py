"""The stand-in for Alpaca as a process of a test's own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.conf import settings as django_settings

from orders.brokers.base import Environment, Login

LINE = re.compile(r"listening on (http://127\.0\.0\.1:\d+)")
KEY_ID, SECRET_KEY = "PKLOCAL0000000000000", "local-secret-key"
ACCOUNT = "PA0000000001"
LOGIN = Login(environment=Environment.PAPER, secrets={"key_id": KEY_ID, "secret_key": SECRET_KEY})


@dataclass(frozen=True)
class AlpacaProcess:
    """A server that runs, and what one may ask of it behind its adapter's back."""

    url: str

    def ask(self, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(f"{self.url}{path}", data, timeout=30) as answer:  # noqa: S310
            return json.load(answer)

    def plant(self, what: str, **facts: Any) -> None:
        self.ask(f"/_plant/{what}", facts)


@contextmanager
def alpaca_process(*options: str, module: str = "orders.brokers.alpaca_server") -> Iterator[AlpacaProcess]:
    """Run a server until the end of the block."""
    command = [sys.executable, "-m", module, "--port", "0", *options]
    streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "text": True}
    process = subprocess.Popen(command, cwd=django_settings.BASE_DIR, env=dict(os.environ), **streams)
    try:
        line = LINE.match(process.stdout.readline())
        assert line
        yield AlpacaProcess(line[1])
    finally:
        process.kill()
        process.communicate()


def point_at(settings: Any, server: AlpacaProcess, *, timeout_s: float = 0.5) -> None:
    """Let the adapter speak to this server."""
    settings.ALPACA_PAPER_URL = settings.ALPACA_LIVE_URL = settings.ALPACA_DATA_URL = server.url
    settings.BROKER_TIMEOUT_S = timeout_s
