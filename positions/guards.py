"""Triggers by which the database itself defends history. Installed after every migrate, checked on demand.

Migrating a table on SQLite rebuilds it and silently drops its triggers; that is why `post_migrate` installs
them again, and why `missing_guards` compares with the catalogue instead of trusting that it did.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection

# name -> CREATE statement, for one database engine
Triggers = dict[str, str]


@dataclass(frozen=True, slots=True)
class Guard:
    """One table's triggers, per engine; `functions` are what PostgreSQL's triggers call."""

    table: str
    sqlite: Triggers
    postgresql: Triggers
    functions: tuple[str, ...] = ()

    def triggers(self) -> Triggers:
        """Return the triggers for the engine in use."""
        return self.sqlite if connection.vendor == "sqlite" else self.postgresql


_GUARDS: dict[str, Guard] = {}

REFUSE_CHANGE = """
CREATE OR REPLACE FUNCTION volbal_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'history is append-only: % on % is refused', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END $$
"""


def register_guard(guard: Guard) -> None:
    """Make a table's guard known; an app does so when it is ready."""
    _GUARDS[guard.table] = guard


def append_only(table: str, *unique: tuple[str, ...]) -> Guard:
    """Return the guard of a table whose rows never change; `unique` are its unique column sets."""
    return Guard(
        table=table,
        sqlite=dict(_sqlite_append_only(table, unique)),
        postgresql={
            f"{table}_no_change": (
                f"CREATE OR REPLACE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table} "
                "FOR EACH ROW EXECUTE FUNCTION volbal_refuse_change()"
            ),
            f"{table}_no_truncate": (
                f"CREATE OR REPLACE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
                "FOR EACH STATEMENT EXECUTE FUNCTION volbal_refuse_change()"
            ),
        },
        functions=(REFUSE_CHANGE,),
    )


def _sqlite_append_only(table: str, unique: tuple[tuple[str, ...], ...]) -> Iterator[tuple[str, str]]:
    message = f"SELECT RAISE(ABORT, 'history is append-only: {table}')"
    for verb in ("UPDATE", "DELETE"):
        name = f"{table}_no_{verb.lower()}"
        yield name, f"CREATE TRIGGER {name} BEFORE {verb} ON {table} BEGIN {message}; END"
    # INSERT OR REPLACE deletes the old row without a DELETE trigger unless recursive_triggers is on,
    # and whoever comes past the application won't have turned it on.
    same = [("id",), ("rowid",), *unique]
    clash = " OR ".join(
        "(" + " AND ".join(f"{column} = NEW.{column}" for column in columns) + ")" for columns in same
    )
    name = f"{table}_no_replace"
    yield (
        name,
        (
            f"CREATE TRIGGER {name} BEFORE INSERT ON {table} "  # noqa: S608
            f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {clash}) BEGIN {message}; END"
        ),
    )


def install_guards(**_signal: Any) -> None:
    """Create every missing or altered trigger. Safe to run at any time, again and again."""
    with connection.cursor() as cursor:
        for table, name in missing_guards():
            guard = _GUARDS[table]
            if connection.vendor == "postgresql":
                for function in guard.functions:
                    cursor.execute(function)
            else:
                cursor.execute(f"DROP TRIGGER IF EXISTS {name}")
            cursor.execute(guard.triggers()[name])


def remove_guards() -> None:
    """Drop every trigger, so that a person with the right to do so can repair or empty the tables."""
    with connection.cursor() as cursor:
        for guard in _existing_guards():
            for name in guard.triggers():
                on = "" if connection.vendor == "sqlite" else f" ON {guard.table}"
                cursor.execute(f"DROP TRIGGER IF EXISTS {name}{on}")


def missing_guards() -> list[tuple[str, str]]:
    """Return (table, trigger) for every guard that the catalogue lacks, has altered, or has turned off."""
    installed = _installed()
    return [
        (guard.table, name)
        for guard in _existing_guards()
        for name, statement in guard.triggers().items()
        if not _is_same(installed.get(name), statement)
    ]


def _existing_guards() -> list[Guard]:
    tables = set(connection.introspection.table_names())
    return [guard for table, guard in sorted(_GUARDS.items()) if table in tables]


def _installed() -> dict[str, str]:
    query = (
        "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
        if connection.vendor == "sqlite"
        else "SELECT tgname, tgenabled::text FROM pg_trigger WHERE NOT tgisinternal"
    )
    with connection.cursor() as cursor:
        cursor.execute(query)
        return dict(cursor.fetchall())


def _is_same(found: str | None, statement: str) -> bool:
    if found is None:
        return False
    return found == statement if connection.vendor == "sqlite" else found in ("O", "A")
