"""A real `manage.py up` on a database and a port of its own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from dividends.tests.scratch import PATIENCE, ROOT, Scratch

POLL = 0.02
MARK = "RUNNING_SITE"


@dataclass(frozen=True, slots=True)
class Site:
    """A site that is up: its supervisor, its web server, and everything they say."""

    up: subprocess.Popen[bytes]
    port: int
    said: Path
    mark: str

    @property
    def watcher(self) -> int:
        """Return the id of the web server's process that watches the others."""
        return self._child(self.up.pid, "volbal_site.web_server")

    @property
    def answerer(self) -> int:
        """Return the id of the web server's process that answers."""
        return self._child(self.watcher, "")

    def get(self, path: str) -> bytes:
        """Return what the site answers. Raises OSError if it doesn't."""
        with urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=PATIENCE) as answer:
            return answer.read()

    def is_alive(self) -> bool:
        """Return whether it answers."""
        try:
            return self.get("/v1/healthz") != b""
        except OSError:
            return False

    def processes(self) -> list[int]:
        """Return the ids of all processes that came of this `up` and still are."""
        return [int(folder.name) for folder in Path("/proc").glob("[0-9]*") if self._is_ours(folder)]

    def _is_ours(self, folder: Path) -> bool:
        try:
            return f"{MARK}={self.mark}".encode() in (folder / "environ").read_bytes().split(b"\0")
        except OSError:  # it ended, or belongs to another user
            return False

    @property
    def worker(self) -> int:
        """Return the id of the worker's process."""
        return self._child(self.up.pid, "worker")

    @property
    def beat(self) -> int:
        """Return the id of the process that sends what is on the timetable."""
        return self._child(self.up.pid, "beat")

    def _child(self, pid: int, argument: str) -> int:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        named = f"\0{argument}".encode()
        (child,) = (child for child in children if named in Path(f"/proc/{child}/cmdline").read_bytes())
        return int(child)


def free_port() -> int:
    """Return a port on which nobody listens."""
    with socket.socket() as tried:
        tried.bind(("127.0.0.1", 0))
        return int(tried.getsockname()[1])


def start_up(
    scratch: Scratch, port: int, said: Path, options: Sequence[str] = (), **environment: str
) -> subprocess.Popen[bytes]:
    """Start `manage.py up` and don't wait for it; what it and its children say goes to a file."""
    with said.open("ab") as file:
        return subprocess.Popen(
            [sys.executable, "manage.py", "up", "--bind", f"127.0.0.1:{port}", *options],
            cwd=ROOT,
            env={
                **os.environ,
                "DATABASE_URL": scratch.url,
                "SECRET_KEY": "for-tests-on-a-database-of-their-own",
                "PYTHONWARNINGS": "error",
                **environment,
            },
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
        )


@contextmanager
def running_site(
    scratch: Scratch, folder: Path, port: int | None = None, options: Sequence[str] = (), **environment: str
) -> Iterator[Site]:
    """Run the site; yield when it answers. At the end it is stopped, and no process of it may be left."""
    mark = uuid.uuid4().hex
    port, said = port or free_port(), folder / f"{mark}.log"
    with start_up(scratch, port, said, options, **{MARK: mark, **environment}) as up:
        site = Site(up, port, said, mark)
        try:
            wait_until(lambda: b" (Ctrl-C stops it)\n" in said.read_bytes() or up.poll() is not None)
            assert up.poll() is None, said.read_text()
            yield site
        finally:
            up.terminate()
            up.wait(PATIENCE)
            _end(site)


def _end(site: Site) -> None:
    """Raise AssertionError if processes are left soon after, and leave none."""
    try:
        wait_until(lambda: site.processes() == [], 15)
    finally:
        for pid in site.processes():
            os.kill(pid, signal.SIGKILL)


def wait_until(is_so: Callable[[], Any], patience: float = PATIENCE) -> None:
    """Look until it is so. Raises AssertionError when that takes too long."""
    deadline = time.monotonic() + patience
    while not is_so():
        assert time.monotonic() < deadline, "it did not come to pass in time"
        time.sleep(POLL)
