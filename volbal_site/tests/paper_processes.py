"""Brokers of paper as processes of a test's own, to be killed."""

from __future__ import annotations

import json
import re
import subprocess
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connection

from dividends.tests.scratch import Scratch
from orders.brokers import broker_named
from orders.work import breaker_of
from volbal_site.tests.three_brokers import NAMES, PATHS, address_key

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

    def kill_and_start(self) -> None:
        self.kill()
        self.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def ask(self, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(f"{self.url}{path}", data, timeout=30) as answer:  # noqa: S310
            return json.load(answer)

    def counts(self) -> Any:
        return self.ask("/_counts")


@contextmanager
def three_brokers(
    mode: str, folder: Path, timing: Mapping[str, float], test_settings: Any, monkeypatch: Any, *options: str
) -> Iterator[list[PaperServer]]:
    """Run three brokers of that mode, each with a seed of its own, for this process and those beside it."""
    servers = [
        PaperServer(("--mode", mode, "--seed", str(seed), *options), folder / f"{mode}-{seed}.sqlite3")
        for seed in (7, 11, 13)
    ]
    try:
        for server in servers:
            server.start()
        addresses = {address_key(name): server.url for name, server in zip(NAMES, servers, strict=True)}
        brokers = {"BROKERS": ",".join(f"{name}={path}" for name, path in PATHS.items())}
        for name, value in {**addresses, **brokers, **timing}.items():
            monkeypatch.setenv(name, str(value))
        for name, seconds in timing.items():
            setattr(test_settings, name, seconds)
        test_settings.BROKERS = {**test_settings.BROKERS, **PATHS}
        _forget_brokers()
        yield servers
    finally:
        for server in servers:
            if server.process is not None:
                server.kill()
        _forget_brokers()


def _forget_brokers() -> None:
    broker_named.cache_clear()
    breaker_of.cache_clear()
