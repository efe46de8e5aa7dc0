"""System checks of what the ledger's promises stand on. Run by `migrate` and `check --database default`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import connection

from orders.real_money import unreal_data_faults
from positions.guards import missing_guards

SQLITE_PRAGMAS = {
    "journal_mode": "wal",
    "synchronous": 2,  # FULL: a commit is on the disk
    "foreign_keys": 1,
    "recursive_triggers": 1,
}
# What worker, schedule, commands and a person's own look at the database may need beside the web server.
SPARE_CONNECTIONS = 20
SHORTEST_TOKEN = 32


@register(Tags.database)
def check_database(
    app_configs: Any = None, databases: Sequence[str] | None = None, **_options: Any
) -> list[CheckMessage]:
    """Say what of the database's settings or guards is not as the books need it."""
    if not databases:
        return []
    return [*_sqlite_faults(), *_postgresql_faults(), *_guard_faults()]


@register(Tags.database, deploy=True)
def check_real_money(
    app_configs: Any = None, databases: Sequence[str] | None = None, **_options: Any
) -> list[CheckMessage]:
    """Say which real brokers would trade on data that isn't."""
    if not databases:
        return []
    return [Error(f"{fault[0].upper()}{fault[1:]}.", id="volbal.E004") for fault in unreal_data_faults()]


@register(Tags.security)
def check_metrics_token(app_configs: Any = None, **_options: Any) -> list[CheckMessage]:
    """Refuse a token for /metrics that can be guessed."""
    if not settings.METRICS_TOKEN or len(settings.METRICS_TOKEN) >= SHORTEST_TOKEN:
        return []
    return [Error(f"METRICS_TOKEN must be {SHORTEST_TOKEN} random characters or more.", id="volbal.E005")]


@register(Tags.security, deploy=True)
def check_exposure(app_configs: Any = None, **_options: Any) -> list[CheckMessage]:
    """Say what would be fine on a desk and isn't where others come in."""
    found: list[CheckMessage] = []
    if "*" in settings.ALLOWED_HOSTS:
        found.append(Warning("ALLOWED_HOSTS allows every name.", id="volbal.W002"))
    if settings.WEB_PROCESSES > 1 and not settings.REDIS_URL:
        found.append(
            Warning(
                "Without REDIS_URL each web process counts the calls of a key for itself.",
                id="volbal.W003",
            )
        )
    return found


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
