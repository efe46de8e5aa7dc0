"""Databases of a test's own, for the commands that it runs as processes."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
from django.conf import settings
from django.db import connection
from psycopg import sql

ROOT = Path(settings.BASE_DIR)
PATIENCE = 120


@dataclass(frozen=True, slots=True)
class Scratch:
    """A database that nobody else uses, empty at first, and `manage.py` on it."""

    url: str

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start `manage.py` and don't wait for it."""
        return self.python("manage.py", *arguments)

    def python(self, *arguments: str, **streams: Any) -> subprocess.Popen[str]:
        """Start Python in the project's folder; `streams` as Popen takes them, by default pipes."""
        environment = {**os.environ, "DATABASE_URL": self.url, "PYTHONWARNINGS": "error", "COLUMNS": "200"}
        environment.setdefault("SECRET_KEY", "for-tests-on-a-database-of-their-own")
        return subprocess.Popen(
            [sys.executable, *arguments],
            cwd=ROOT,
            env=environment,
            text=True,
            **{"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **streams},
        )

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run `manage.py` to its end."""
        return finished(self.start(*arguments))

    def told(self, *arguments: str) -> str:
        """Run `manage.py`, which must succeed, and return what it printed."""
        done = self.run(*arguments)
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout.strip()

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Read, through a connection of its own."""
        with self.connect() as connection, closing(connection.cursor()) as cursor:
            cursor.execute(query)
            found: list[tuple[Any, ...]] = cursor.fetchall()
            return found

    def change(self, *statements: str) -> None:
        """Write behind the application's back."""
        with self.connect() as connection, closing(connection.cursor()) as cursor:
            for statement in statements:
                cursor.execute(statement)
            connection.commit()

    @contextmanager
    def connect(self) -> Iterator[Any]:
        """Yield a connection of its own, which is closed at the end."""
        is_file = self.url.startswith("sqlite:///")
        connect = sqlite3.connect if is_file else psycopg.connect
        with closing(connect(self.url.removeprefix("sqlite:///"))) as own:
            yield own


def the_tests_database() -> Scratch:
    """Return the database that this process tests on."""
    name = connection.settings_dict["NAME"]
    if settings.IS_SQLITE:
        return Scratch(f"sqlite:///{name}")
    return Scratch(urlsplit(settings.DATABASE_URL)._replace(path=f"/{name}").geturl())


def finished(process: subprocess.Popen[str]) -> subprocess.CompletedProcess[str]:
    """Wait for a process and return what it said."""
    with process:
        out, err = process.communicate(timeout=PATIENCE)
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


@contextmanager
def scratch_database(folder: Path, template: Scratch | None = None) -> Iterator[Scratch]:
    """Yield a new database on the engine under test, empty or a copy of `template`, and remove it."""
    name = f"scratch_{uuid.uuid4().hex}"
    if settings.IS_SQLITE:
        file = folder / f"{name}.sqlite3"
        if template is not None:
            _copy(template.url.removeprefix("sqlite:///"), file)
        yield Scratch(f"sqlite:///{file}")
        return
    like = "template1" if template is None else urlsplit(template.url).path.lstrip("/")
    create = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(like))
    with psycopg.connect(settings.DATABASE_URL, autocommit=True) as server:
        server.execute(create)
    try:
        yield Scratch(urlsplit(settings.DATABASE_URL)._replace(path=f"/{name}").geturl())
    finally:
        with psycopg.connect(settings.DATABASE_URL, autocommit=True) as server:
            server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def _copy(source: str, target: Path) -> None:
    with closing(sqlite3.connect(source)) as read, closing(sqlite3.connect(target)) as written:
        read.backup(written)
