"""The tables as they were before a test that commits.

Django's own flush empties every table there is and has all apps make their permissions again. Most tests have
written to a few tables, and to nothing that a migrated database is born with.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction

from positions.guards import install_guards, remove_guards

BORN = (ContentType, Permission)
KEPT = {"django_migrations", *(model._meta.db_table for model in BORN)}


def rows_at_birth() -> list[int]:
    """Return how many rows there are of what migrations leave behind."""
    return [model._default_manager.count() for model in BORN]


def empty_tables(born: list[int], flush: Callable[[], None]) -> None:
    """Delete what a test has written. History refuses that, so its guards step aside.

    Django's `flush` does it if triggers can't be passed by, and makes again what the database was born with.
    """
    try:
        if rows_at_birth() == born and _may_pass_by_triggers():
            _delete_past_triggers(_written())
        else:
            remove_guards()
            flush()
    finally:
        install_guards()


def _may_pass_by_triggers() -> bool:
    """Whether this is SQLite, or PostgreSQL's superuser."""
    return connection.vendor == "sqlite" or _rows("SHOW is_superuser") == [("on",)]


def _written() -> list[str]:
    """Return the tables that are not empty, as they are written in SQL."""
    names = [
        connection.ops.quote_name(name) for name in connection.introspection.table_names() if name not in KEPT
    ]
    looks = [f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM {name})" for name in names]
    return [name for (name,) in _rows(" UNION ALL ".join(looks))]


def _delete_past_triggers(tables: list[str]) -> None:
    """Delete all rows of these tables; foreign keys are looked at when all are gone."""
    delete = [f"DELETE FROM {name}" for name in tables]
    if connection.vendor == "sqlite":
        triggers = [
            (name, text)
            for name, on, text in _rows(
                "SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'trigger'"
            )
            if connection.ops.quote_name(on) in tables
        ]
        drop = [f"DROP TRIGGER {connection.ops.quote_name(name)}" for name, _ in triggers]
        _execute(*drop, *delete, *(text for _, text in triggers))
    elif tables:
        _execute("SET LOCAL session_replication_role = replica", *delete)
        # The next rows lie in the order in which they are written, as in tables that were always empty.
        with connection.cursor() as cursor:
            cursor.execute(f"VACUUM {', '.join(tables)}")


def _execute(*statements: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def _rows(query: str) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return list(cursor.fetchall())
