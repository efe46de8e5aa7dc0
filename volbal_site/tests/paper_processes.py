"""The paper broker and the workers as processes of a test's own, to be killed."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connection

from dividends.tests.scratch import Scratch
from orders.brokers import broker_named
from orders.work import breaker_of

LINE = re.compile(r"listening on (http://127\.0\.0\.1:(\d+))")


def database_under_test() -> Scratch:
    """Return the database that this test runs on, for processes beside it."""
    name = str(connection.settings_dict["NAME"])
    if settings.IS_SQLITE:
        return Scratch(f"sqlite:///{name}")
    return Scratch(urlsplit(settings.DATABASE_URL)._replace(path=f"/{name}").geturl())


@dataclass
class PaperServer:
    """The paper broker's process; started again it goes on with the same books on the same port."""

    options: tuple[str, ...]
    state: Path
    port: int = 0
    process: subprocess.Popen[str] | None = None

    def start(self) -> PaperServer:
        state, port = str(self.state), str(self.port)
        self.process = database_under_test().python(
            "-m", "orders.brokers.paper_server", "--port", port, "--state", state, *self.options
        )
        line = LINE.match(self.process.stdout.readline())
        assert line, self.process.stderr.read()
        self.port = int(line[2])
        return self

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def ask(self, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(f"{self.url}{path}", data, timeout=30) as answer:  # noqa: S310
            return json.load(answer)

    def counts(self) -> Any:
        return self.ask("/_counts")


def use_broker(server: PaperServer, settings: Any, **timing: float) -> None:
    """Let this process speak to the server."""
    settings.PAPER_HTTP_URL = server.url
    for name, seconds in timing.items():
        setattr(settings, name, seconds)
    broker_named.cache_clear()
    breaker_of.cache_clear()


@dataclass
class Workers:
    """Processes that send and ask, until they are killed."""

    count: int
    running: list[subprocess.Popen[str]] = field(default_factory=list)

    def start(self) -> None:
        database = database_under_test()
        self.running = [
            database.start("work_orders", "--forever", "--every", "0.02") for _ in range(self.count)
        ]

    def kill(self) -> None:
        for worker in self.running:
            worker.kill()
        for worker in self.running:
            worker.communicate()
            assert worker.returncode == -signal.SIGKILL

    def stop(self) -> list[str]:
        """Tell them to stop, and return what they complained of."""
        for worker in self.running:
            worker.terminate()
        return [worker.communicate(timeout=30)[1] for worker in self.running]
