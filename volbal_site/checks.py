"""System checks of what the ledger's promises stand on. Run by `migrate` and `check --database default`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import connection

from positions.guards import missing_guards

SQLITE_PRAGMAS = {
    "journal_mode": "wal",
    "synchronous": 2,  # FULL: a commit is on the disk
    "foreign_keys": 1,
    "recursive_triggers": 1,
}
# What worker, schedule, commands and a person's own look at the database may need beside the web server.
SPARE_CONNECTIONS = 20


@register(Tags.database)
def check_database(
    app_configs: Any = None, databases: Sequence[str] | None = None, **_options: Any
) -> list[CheckMessage]:
    """Say what of the database's settings or guards is not as the books need it."""
    if not databases:
        return []
    return [*_sqlite_faults(), *_postgresql_faults(), *_guard_faults()]


def _sqlite_faults() -> Iterator[CheckMessage]:
    if connection.vendor != "sqlite":
        return
    with connection.cursor() as cursor:
        for pragma, wanted in SQLITE_PRAGMAS.items():
            found = cursor.execute(f"PRAGMA {pragma}").fetchone()[0]
            if found != wanted and not (pragma == "journal_mode" and found == "memory"):
                yield Error(f"SQLite's {pragma} is {found} and must be {wanted}.", id="volbal.E001")
    if getattr(connection, "transaction_mode", None) != "IMMEDIATE":
        yield Error("SQLite's transactions must begin IMMEDIATE.", id="volbal.E002")


def _postgresql_faults() -> Iterator[CheckMessage]:
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('max_connections')::int"
            " - current_setting('superuser_reserved_connections')::int"
        )
        (room,) = cursor.fetchone()
    wanted = settings.WEB_PROCESSES * settings.WEB_THREADS + SPARE_CONNECTIONS
    if wanted > room:
        yield Error(
            f"PostgreSQL has room for {room} connections; WEB_PROCESSES x WEB_THREADS and"
            f" {SPARE_CONNECTIONS} for all else are {wanted}.",
            hint="Set WEB_THREADS lower, or PostgreSQL's max_connections higher.",
            id="volbal.E003",
        )


def _guard_faults() -> Iterator[CheckMessage]:
    for table, trigger in missing_guards():
        yield Warning(
            f"Table {table} lacks its guard {trigger}.",
            hint="manage.py migrate installs it.",
            id="volbal.W001",
        )
