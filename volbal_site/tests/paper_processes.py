"""Brokers of paper as processes of a test's own, to be killed."""

from __future__ import annotations

import json
import re
import subprocess
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connection

from dividends.tests.scratch import Scratch
from orders.brokers import broker_named
from orders.brokers.paper_engine import PaperEngine, Temper
from orders.brokers.paper_plan import Mode
from orders.brokers.paper_server import PaperServer
from orders.work import breaker_of
from volbal_site.tests.three_brokers import NAMES, PATHS, address_key

SEEDS = (7, 11, 13)
LINE = re.compile(r"listening on (http://127\.0\.0\.1:(\d+))")


def database_under_test() -> Scratch:
    """Return the database that this test runs on, for processes beside it."""
    name = str(connection.settings_dict["NAME"])
    if settings.IS_SQLITE:
        return Scratch(f"sqlite:///{name}")
    return Scratch(urlsplit(settings.DATABASE_URL)._replace(path=f"/{name}").geturl())


@dataclass(frozen=True)
class Surroundings:
    """What a test has at hand: pytest's fixtures, and how patient everybody is."""

    settings: Any
    monkeypatch: Any
    timing: Mapping[str, float]


@dataclass
class PaperProcess:
    """The paper broker's process; started again it goes on with the same books on the same port."""

    options: tuple[str, ...]
    state: Path
    port: int = 0
    process: subprocess.Popen[str] | None = None

    def start(self) -> PaperProcess:
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
def hostile_brokers(folder: Path, hang_s: float, at: Surroundings) -> Iterator[list[PaperProcess]]:
    """Run three brokers on bad lines as processes, each with a seed of its own."""
    options = ("--mode", "hostile", "--hang", str(hang_s), "--repeat-ids")
    brokers = [
        PaperProcess((*options, "--seed", str(seed)), folder / f"broker-{seed}.sqlite3") for seed in SEEDS
    ]
    try:
        for broker in brokers:
            broker.start()
        with _used([broker.url for broker in brokers], at):
            yield brokers
    finally:
        for broker in brokers:
            if broker.process is not None:
                broker.kill()


@contextmanager
def perfect_brokers(at: Surroundings) -> Iterator[None]:
    """Run the same three on perfect lines, inside this process."""
    with ExitStack() as stack:
        servers = []
        for seed in SEEDS:
            engine = PaperEngine(":memory:", Temper(mode=Mode.PERFECT, seed=seed))
            servers.append(stack.enter_context(PaperServer(("127.0.0.1", 0), engine, 0)))
            thread = Thread(target=servers[-1].serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
            thread.start()
            stack.callback(thread.join)
            stack.callback(servers[-1].shutdown)
        urls = [f"http://127.0.0.1:{server.server_address[1]}" for server in servers]
        stack.enter_context(_used(urls, at))
        yield


@contextmanager
def _used(urls: list[str], at: Surroundings) -> Iterator[None]:
    """Let this process, and those that it starts, know three brokers at these addresses."""
    addresses = {address_key(name): url for name, url in zip(NAMES, urls, strict=True)}
    brokers = {"BROKERS": ",".join(f"{name}={path}" for name, path in PATHS.items())}
    for name, value in {**addresses, **brokers, **at.timing}.items():
        at.monkeypatch.setenv(name, str(value))
    for name, seconds in at.timing.items():
        setattr(at.settings, name, seconds)
    at.settings.BROKERS = {**at.settings.BROKERS, **PATHS}
    _forget_brokers()
    try:
        yield
    finally:
        _forget_brokers()


def _forget_brokers() -> None:
    broker_named.cache_clear()
    breaker_of.cache_clear()
