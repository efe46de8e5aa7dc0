"""Real web processes on a database of their own, and a client that calls them from many threads."""

from __future__ import annotations

import http.client
import json
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from io import StringIO
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.contrib.contenttypes.models import ContentType
from django.core.management import CommandError, call_command
from django.db import connection

from accounts.models import Tenant
from accounts.transactions import unit_of_work
from dividends.tests.scratch import PATIENCE, Scratch, scratch_database
from volbal_site.tests.api_client import make_key

PROCESSES = 3
THREADS = 12
AWHILE_S = 0.3
IN_PROGRESS = "idempotency-in-progress"
BOOK_CHECKS = ("verify_ledger", "verify_audit", "replay_decisions")


@dataclass(frozen=True, slots=True)
class Answer:
    """What one request was answered."""

    status: int
    body: bytes
    headers: Mapping[str, str]

    def json(self) -> Any:
        """Return the body."""
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """The last part of a problem's type, "" if it is none."""
        return self.json()["type"].rsplit("/", 1)[1] if self.status >= 400 else ""

    @property
    def replayed(self) -> bool:
        """Whether it was given before."""
        return self.headers.get("idempotent-replayed") == "true"


@dataclass(frozen=True, slots=True)
class WebProcesses:
    """The processes that are up, their ports, their database, and what they complain about."""

    scratch: Scratch
    processes: Sequence[subprocess.Popen[str]]
    ports: list[int]
    log: Path


@dataclass(slots=True)
class Caller:
    """One key's view of the web processes; every call goes to the next of them."""

    web: WebProcesses
    key: str
    _turns: Iterator[int] = field(default_factory=count)

    def __call__(self, method: str, path: str, body: Any = None, key: str | None = None) -> Answer:
        """Call until the answer is no request to wait. No answer may be a 5xx."""
        while True:
            answer = self.call_once(method, path, body, key)
            assert answer.status < 500, f"{answer}\n{self.web.log.read_text()[-5000:]}"
            if answer.code != IN_PROGRESS:
                return answer
            time.sleep(float(answer.headers["retry-after"]))

    def call_once(self, method: str, path: str, body: Any = None, key: str | None = None) -> Answer:
        """Call once, on a connection of its own. Raises OSError if the process is gone."""
        port = self.web.ports[next(self._turns) % len(self.web.ports)]
        link = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        try:
            text = None if body is None else json.dumps(body)
            link.request(method, f"/v1{path}", text, self._headers(text, key))
            response = link.getresponse()
            headers = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, response.read(), headers)
        finally:
            link.close()

    def _headers(self, text: str | None, key: str | None) -> dict[str, str]:
        given = {"Content-Type": text and "application/json", "Idempotency-Key": key}
        always = {"Authorization": f"Bearer {self.key}"}
        return {**always, **{name: value for name, value in given.items() if value is not None}}


def caller(web: WebProcesses, tenant: Tenant, *scopes: str) -> Caller:
    """Return a caller with a new key of the tenant's, with all scopes unless some are named."""
    return Caller(web, make_key(tenant, *scopes))


@contextmanager
def web_processes(
    folder: Path, migrated: Scratch, processes: int = PROCESSES, threads: int = THREADS
) -> Iterator[WebProcesses]:
    """Start web processes on a copy of a migrated database; none of them is left at the end."""
    log = folder / "web.log"
    with ExitStack() as stack:
        scratch = stack.enter_context(scratch_database(folder, migrated))
        errors = stack.enter_context(log.open("w"))
        started = [stack.enter_context(_process(scratch, threads, errors)) for _ in range(processes)]
        ports = [int(process.stdout.readline() or "0") for process in started]
        assert all(ports), log.read_text()
        web = WebProcesses(scratch, started, ports, log)
        assert [Caller(web, "")("GET", "/healthz").status for _ in ports] == [200] * processes
        yield web


@contextmanager
def _process(scratch: Scratch, threads: int, errors: Any) -> Iterator[Any]:
    streams = {"stdin": subprocess.PIPE, "stderr": errors}
    with scratch.python("-m", "volbal_site.tests.web_server", str(threads), **streams) as process:
        try:
            yield process
        finally:
            process.kill()


@contextmanager
def working_on(scratch: Scratch) -> Iterator[None]:
    """Let this thread's own connection work on another database of the same server for a while."""
    own = connection.settings_dict["NAME"]
    _reconnect(urlsplit(scratch.url).path[1:])
    try:
        yield
    finally:
        _reconnect(own)


def _reconnect(name: str) -> None:
    connection.close()
    connection.settings_dict["NAME"] = name
    ContentType.objects.clear_cache()


def all_at_once(calls: Sequence[Callable[[], Answer]], threads: int | None = None) -> list[Answer]:
    """Make each call in a thread of its own, or in fewer; return the answers in order."""
    with ThreadPoolExecutor(threads or len(calls)) as pool:
        return list(pool.map(lambda call: call(), calls))


def called_meanwhile(call: Callable[[], Answer], write: Callable[[], Any]) -> Answer:
    """Write in this process and make a call before that is committed; return what it is answered."""
    with ThreadPoolExecutor(1) as pool:
        with unit_of_work():
            write()
            answer = pool.submit(call)
            time.sleep(AWHILE_S)  # until it has come to where it has to wait
        return answer.result()


def books_are_right() -> bool:
    """Run the commands that check the books. Raises AssertionError with the faults they find."""
    out = StringIO()
    try:
        for name in BOOK_CHECKS:
            call_command(name, stdout=out)
    except CommandError as error:
        raise AssertionError(f"{error}\n{out.getvalue()}") from None
    return True
