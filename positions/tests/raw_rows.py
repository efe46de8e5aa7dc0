"""Rows as the database keeps them, for tests that come past the application."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, models, transaction

from positions.guards import remove_guards

ON_SQLITE = connection.vendor == "sqlite"


def execute(sql: str, parameters: list[Any] | None = None) -> None:
    """Run one statement in a savepoint of its own."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, parameters)


def stored(table: str, key: str = "rowid" if ON_SQLITE else "ctid") -> dict[str, Any]:
    """Return the first row of a table, column by column, with the database's own row number."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {key} AS row_number, t.* FROM {table} t ORDER BY 1 LIMIT 1")
        return dict(zip([column[0] for column in cursor.description], cursor.fetchone(), strict=True))


@contextmanager
def unguarded(model: type[models.Model]) -> Iterator[None]:
    """Let the block change history as only somebody with every right could; then undo all it did."""
    connection.check_constraints()  # PostgreSQL alters no table while foreign keys wait to be checked
    try:
        with transaction.atomic():
            remove_guards()
            _drop_checks(model)
            yield
            transaction.set_rollback(True)
    finally:
        if ON_SQLITE:
            connection.cursor().execute("PRAGMA ignore_check_constraints = OFF")


def _drop_checks(model: type[models.Model]) -> None:
    with connection.cursor() as cursor:
        if ON_SQLITE:
            cursor.execute("PRAGMA ignore_check_constraints = ON")
            return
        for constraint in model._meta.constraints:
            if isinstance(constraint, models.CheckConstraint):
                cursor.execute(f"ALTER TABLE {model._meta.db_table} DROP CONSTRAINT {constraint.name}")
