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
    """One table's triggers, per engine.

    PostgreSQL's are written as the catalogue writes them, so that they can be compared; `functions` are the
    bodies of what they call, by name. `writes` is another table that the triggers write to, `reads` a column
    that the table got later: without it, as before its migration, there are none.
    """

    table: str
    sqlite: Triggers
    postgresql: Triggers
    functions: Triggers
    writes: str = ""
    reads: str = ""

    def triggers(self) -> Triggers:
        """Return the triggers for the engine in use."""
        return self.sqlite if connection.vendor == "sqlite" else self.postgresql


_GUARDS: dict[str, Guard] = {}

REFUSE_CHANGE = """
BEGIN
    RAISE EXCEPTION 'history is append-only: % on % is refused', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END
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
                f"CREATE TRIGGER {table}_no_change BEFORE DELETE OR UPDATE ON {table} "
                "FOR EACH ROW EXECUTE FUNCTION volbal_refuse_change()"
            ),
            f"{table}_no_truncate": (
                f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
                "FOR EACH STATEMENT EXECUTE FUNCTION volbal_refuse_change()"
            ),
        },
        functions={"volbal_refuse_change": REFUSE_CHANGE},
    )


def _sqlite_append_only(table: str, unique: tuple[tuple[str, ...], ...]) -> Iterator[tuple[str, str]]:
    message = f"history is append-only: {table}"
    for verb in ("UPDATE", "DELETE"):
        name = f"{table}_no_{verb.lower()}"
        yield name, f"CREATE TRIGGER {name} BEFORE {verb} ON {table} BEGIN {sqlite_refusal(message)}; END"
    yield from sqlite_no_replace(table, message, *unique)


def sqlite_no_replace(
    table: str, message: str, *unique: tuple[str, ...], also: tuple[str, ...] = ()
) -> Iterator[tuple[str, str]]:
    """Yield a trigger against INSERT OR REPLACE, by id, rowid, other unique columns, or conditions in `also`.

    It deletes the old row without a DELETE trigger unless recursive_triggers is on, and whoever comes past
    the application won't have turned it on. One look a condition, so that each uses its index.
    """
    same = [("id",), ("rowid",), *unique]
    clashes = [" AND ".join(f"{column} = NEW.{column}" for column in columns) for columns in same]
    found = " OR ".join(
        f"EXISTS (SELECT 1 FROM {table} WHERE {clash})"  # noqa: S608
        for clash in (*clashes, *also)
    )
    name = f"{table}_no_replace"
    yield (
        name,
        f"CREATE TRIGGER {name} BEFORE INSERT ON {table} WHEN {found} BEGIN {sqlite_refusal(message)}; END",
    )


def sqlite_refusal(message: str) -> str:
    """Return the statement by which a SQLite trigger refuses."""
    return f"SELECT RAISE(ABORT, '{message}')"


def install_guards(**_signal: Any) -> None:
    """Create every missing or altered trigger. Safe to run at any time, again and again."""
    missing = missing_guards()
    with connection.cursor() as cursor:
        for table in {table for table, _ in missing} if connection.vendor == "postgresql" else ():
            for name, body in _GUARDS[table].functions.items():
                cursor.execute(
                    f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $${body}$$"
                )
        for table, name in missing:
            cursor.execute(_drop(table, name))
            cursor.execute(_GUARDS[table].triggers()[name])


def remove_guards() -> None:
    """Drop every trigger, so that a person with the right to do so can repair or empty the tables."""
    with connection.cursor() as cursor:
        for guard in _existing_guards():
            for name in guard.triggers():
                cursor.execute(_drop(guard.table, name))


def missing_guards() -> list[tuple[str, str]]:
    """Return (table, trigger) for every guard that the catalogue lacks, has altered, or has turned off."""
    triggers, functions = _installed_triggers(), _installed_functions()
    return [
        (guard.table, name)
        for guard in _existing_guards()
        for name, statement in guard.triggers().items()
        if triggers.get(name) != statement or not _calls_what_it_should(guard, functions)
    ]


def _calls_what_it_should(guard: Guard, functions: dict[str, str]) -> bool:
    return connection.vendor == "sqlite" or all(
        functions.get(name) == body for name, body in guard.functions.items()
    )


def _drop(table: str, name: str) -> str:
    on = "" if connection.vendor == "sqlite" else f" ON {table}"
    return f"DROP TRIGGER IF EXISTS {name}{on}"


def _existing_guards() -> list[Guard]:
    tables = set(connection.introspection.table_names())
    guards = [guard for table, guard in sorted(_GUARDS.items()) if table in tables]
    guards = [guard for guard in guards if not guard.writes or guard.writes in tables]
    return [guard for guard in guards if not guard.reads or guard.reads in _columns(guard.table)]


def _columns(table: str) -> set[str]:
    """Return a table's columns. Django's own look also reads what they are made of, which takes longer."""
    query = (
        "SELECT name FROM pragma_table_info(%s)"
        if connection.vendor == "sqlite"
        else "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND NOT attisdropped"
    )
    with connection.cursor() as cursor:
        cursor.execute(query, [table])
        return {name for (name,) in cursor.fetchall()}


def _installed_triggers() -> dict[str, str]:
    """Return the triggers that are on, by name, as the catalogue writes them."""
    if connection.vendor == "sqlite":
        return _pairs("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
    return _pairs(
        "SELECT tgname, pg_get_triggerdef(oid, true) FROM pg_trigger "
        "WHERE NOT tgisinternal AND tgenabled IN ('O', 'A')"
    )


def _installed_functions() -> dict[str, str]:
    if connection.vendor == "sqlite":
        return {}
    return _pairs("SELECT proname, prosrc FROM pg_proc WHERE proname LIKE 'volbal\\_%'")


def _pairs(query: str) -> dict[str, str]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return dict(cursor.fetchall())
