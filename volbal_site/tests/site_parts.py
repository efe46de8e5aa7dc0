"""What `manage.py up` runs, to be killed part by part: web server, worker and beat."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import uuid
from pathlib import Path

from dividends.tests.scratch import PATIENCE, ROOT, Scratch
from volbal_site.addresses import Address
from volbal_site.collecting import collect_static
from volbal_site.management.commands.up import children_at
from volbal_site.tests.running_site import MARK, Site, free_port, start_up, wait_until

PARTS = ("web", "worker", "beat")


class BareWorker:
    """A worker that knows nothing but the replay: what is quick to start."""

    def __init__(self, scratch: Scratch, folder: Path) -> None:
        self._scratch, self.said, self.port = scratch, folder / "worker.log", 0
        self._running: subprocess.Popen[str] | None = None

    def start(self) -> None:
        with self.said.open("a") as file:
            streams = {"stdout": file, "stderr": file}
            self._running = self._scratch.python("-m", "volbal_site.tests.replay_worker", **streams)

    def kill(self, part: str) -> None:
        self._running.kill()
        assert self._running.wait(PATIENCE) == -signal.SIGKILL

    def start_again(self, part: str) -> None:
        self.start()

    def stop(self) -> None:
        if self._running is not None:
            self._running.terminate()
            self._running.wait(PATIENCE)


class WholeSite:
    """A real `up`: when a part of it dies it stops as a whole, and is started again as a whole."""

    def __init__(self, scratch: Scratch, folder: Path) -> None:
        self._scratch, self.said = scratch, folder / "up.log"
        self.port, self._mark = free_port(), uuid.uuid4().hex
        self._up: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        lines = self._lines()
        self._up = start_up(self._scratch, self.port, self.said, **{MARK: self._mark})
        wait_until(lambda: self._lines() > lines or self._up.poll() is not None)
        assert self._up.poll() is None, self.said.read_text()[-3000:]

    def kill(self, part: str) -> None:
        site = Site(self._up, self.port, self.said, self._mark)
        os.kill({"web": site.watcher, "worker": site.worker, "beat": site.beat}[part], signal.SIGKILL)

    def start_again(self, part: str) -> None:
        assert self._up.wait(PATIENCE) == 1
        self.start()

    def stop(self) -> None:
        if self._up is not None:
            self._up.terminate()
            self._up.wait(PATIENCE)

    def _lines(self) -> int:
        return self.said.read_text().count("(Ctrl-C stops it)") if self.said.exists() else 0


class SiteParts:
    """The processes that `up` runs, with a second worker; each starts again by itself, which is quicker."""

    def __init__(self, scratch: Scratch, folder: Path) -> None:
        self.said, self.port = folder / "parts.log", free_port()
        self._environment = {
            **os.environ,
            "DATABASE_URL": scratch.url,
            "PYTHONWARNINGS": "error",
            "SECRET_KEY": os.environ.get("SECRET_KEY", "for-tests-on-a-database-of-their-own"),
        }
        self._children = {child.name: child for child in children_at(Address("127.0.0.1", self.port))}
        self._running: dict[str, list[subprocess.Popen[bytes]]] = {}

    def start(self) -> None:
        collect_static()
        for part in PARTS:
            self.start_again(part)
        wait_until(self._children["web"].is_ready)

    def kill(self, part: str) -> None:
        for process in self._running[part]:
            os.killpg(process.pid, signal.SIGKILL)
        for process in self._running.pop(part):
            process.wait(PATIENCE)

    def kill_one(self, part: str) -> None:
        """Kill one process of a part, and leave it dead."""
        process = self._running[part].pop(0)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(PATIENCE)

    def processor_s(self, part: str) -> list[float]:
        """Return the seconds of processor that each process of a part has had so far."""
        seconds = []
        for process in self._running[part]:
            fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
            seconds.append((int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK"))
        return seconds

    def start_again(self, part: str) -> None:
        self._running[part] = [self._start(part) for _ in range(2 if part == "worker" else 1)]

    def stop(self) -> None:
        processes = [process for part in self._running.values() for process in part]
        for process in processes:
            process.terminate()
        for process in processes:
            try:
                process.wait(15)
            finally:
                process.kill()

    def _start(self, part: str) -> subprocess.Popen[bytes]:
        child = self._children[part]
        with self.said.open("ab") as file:
            return subprocess.Popen(
                [sys.executable, *child.arguments],
                cwd=ROOT,
                env={**self._environment, **child.environment},
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                process_group=0,
            )
