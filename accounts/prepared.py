"""Statements of the hot path: their SQL is written once a thread, and each use only brings its values.

Writing the SQL anew is nine tenths of what the ORM takes for reading one row. The ORM still writes it, so
that it fits the models; columns are converted by the models' own fields, and the cursor is the same.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import Any, Generic, TypeVar

from django.db import DEFAULT_DB_ALIAS, DatabaseError, IntegrityError, connections, models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.query import ModelIterable, get_related_populators

T = TypeVar("T")

WORD = re.compile(r"[A-Za-z_]+", re.ASCII)
# SQLite takes 32,766 values a statement.
_ROWS_AT_ONCE = 500


class Slot(models.Expression):
    """Stands in a prepared queryset for a value that each use brings under this name."""

    def __init__(self, name: str, output_field: models.Field[Any, Any]) -> None:
        super().__init__(output_field=output_field)
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        """Leave itself among the parameters, to be found there."""
        return "%s", [self]


class Prepared(Generic[T]):
    """A queryset with `Slot`s, written once a thread: converters belong to a thread's connection."""

    def __init__(self, build: Callable[[], models.QuerySet[Any, T]]) -> None:
        self._build = build
        self._written = threading.local()

    def rows(self, **values: object) -> list[T]:
        """Return what the queryset finds with these values in its slots: instances, or tuples of values."""
        statement: _Statement | None = getattr(self._written, "statement", None)
        if statement is None:
            statement = self._written.statement = _write(self._build())
        database = connections[DEFAULT_DB_ALIAS]
        bound = [_bound(parameter, values, database) for parameter in statement.parameters]
        with database.cursor() as cursor:
            cursor.execute(statement.sql, bound)
            return statement.read(cursor.fetchall(), database)

    def first(self, **values: object) -> T | None:
        """Return the first row, or None."""
        return next(iter(self.rows(**values)), None)


@dataclass(frozen=True, slots=True)
class _Statement:
    """SQL as the ORM writes it, with what turns its rows into what the queryset gives."""

    sql: str
    parameters: Sequence[Any]
    converters: Sequence[tuple[int, Callable[..., Any], Any]]
    make: Callable[[Sequence[Any]], Any]

    def read(self, rows: list[tuple[Any, ...]], database: BaseDatabaseWrapper) -> list[Any]:
        """Turn rows of the cursor into what the queryset gives."""
        if not self.converters:
            return rows if self.make is tuple else [self.make(row) for row in rows]
        return [self.make(self._converted(row, database)) for row in rows]

    def _converted(self, row: tuple[Any, ...], database: BaseDatabaseWrapper) -> list[Any]:
        values = list(row)
        for position, convert, expression in self.converters:
            values[position] = convert(values[position], expression, database)
        return values


def insert_rows(rows: Sequence[models.Model]) -> None:
    """Insert new rows of one model, 500 a statement; keys that the database makes stay unknown."""
    remaining = iter(rows)
    while some := list(islice(remaining, _ROWS_AT_ONCE)):
        _insert(some)


def insert_unless_there(row: models.Model) -> bool:
    """Insert one new row; say whether it is in, or was kept out by one that is unique in the same way.

    The transaction goes on either way, without a savepoint.
    """
    try:
        return _insert([row], "ON CONFLICT DO NOTHING") == 1
    except IntegrityError as error:
        if getattr(error.__cause__, "sqlite_errorname", "") != "SQLITE_CONSTRAINT_TRIGGER":
            raise
        return False  # a guard saw it before the index did; SQLite undoes this statement alone


def put_rows(rows: Sequence[models.Model], names: Sequence[str]) -> None:
    """Insert rows of one model; of those that are there already, by their key, write the fields `names`."""
    if not rows:
        return
    key = _quoted(rows[0]._meta.pk.column) if rows[0]._meta.pk is not None else ""
    columns = [_quoted(rows[0]._meta.get_field(name).column) for name in names]  # type: ignore[union-attr]
    changed = ", ".join(f"{column} = excluded.{column}" for column in columns)
    remaining = iter(rows)
    while some := list(islice(remaining, _ROWS_AT_ONCE)):
        _insert(some, f"ON CONFLICT ({key}) DO UPDATE SET {changed}")


def update_row(row: models.Model, names: Sequence[str]) -> None:
    """Write some fields of a row that is there, as `save(update_fields=names)` would without its signals.

    Raises DatabaseError if it isn't there.
    """
    database = connections[DEFAULT_DB_ALIAS]
    fields = [row._meta.get_field(name) for name in names]
    with database.cursor() as cursor:
        cursor.execute(
            _update_of(type(row), tuple(names)),
            [_stored(field, row, database, add=False) for field in (*fields, row._meta.pk)],
        )
        if cursor.rowcount != 1:
            raise DatabaseError(f"{type(row).__name__} {row.pk} is not there to be changed.")


def _write(queryset: models.QuerySet[Any, Any]) -> _Statement:
    compiler = queryset.query.get_compiler(DEFAULT_DB_ALIAS)
    sql, parameters = _with_words_inside(*compiler.as_sql())
    columns = [column for column, _, _ in compiler.select]
    conversions = compiler.get_converters(columns)
    return _Statement(
        sql,
        parameters,
        [
            (position, convert, expression)
            for position, (converters, expression) in conversions.items()
            for convert in converters
        ],
        _instances(compiler) if queryset._iterable_class is ModelIterable else tuple,
    )


def _with_words_inside(sql: str, parameters: Sequence[Any]) -> tuple[str, list[Any]]:
    """Write constant words into the SQL, and leave as parameters what differs from call to call.

    SQLite looks at every new value of a parameter that decides whether a partial index serves (`scope = ?`),
    and plans the statement again, which takes ten times as long as running it.
    """
    parts = sql.split("%s")
    if len(parts) != len(parameters) + 1:
        return sql, list(parameters)
    written, left = parts[0], []
    for parameter, part in zip(parameters, parts[1:], strict=True):
        if isinstance(parameter, str) and WORD.fullmatch(parameter):
            written += f"'{parameter!s}'{part}"
        else:
            written += f"%s{part}"
            left.append(parameter)
    return written, left


def _instances(compiler: Any) -> Callable[[Sequence[Any]], models.Model]:
    """Return what makes a model's instance of a row, together with what was selected along with it."""
    info, select = compiler.klass_info, compiler.select
    start, end = info["select_fields"][0], info["select_fields"][-1] + 1
    names = [column.target.attname for column, _, _ in select[start:end]]
    populators = get_related_populators(info, select, DEFAULT_DB_ALIAS)  # type: ignore[call-arg]

    def make(row: Sequence[Any]) -> models.Model:
        instance: models.Model = info["model"].from_db(DEFAULT_DB_ALIAS, names, row[start:end])
        for populator in populators:
            populator.populate(row, instance)
        return instance

    return make


def _insert(rows: Sequence[models.Model], clause: str = "") -> int:
    """Insert some rows in one statement; return how many are in."""
    database, fields = connections[DEFAULT_DB_ALIAS], _inserted_fields(type(rows[0]))
    with database.cursor() as cursor:
        cursor.execute(
            f"{_insert_of(type(rows[0]), len(rows))} {clause}",
            [_stored(field, row, database, add=True) for row in rows for field in fields],
        )
        inserted: int = cursor.rowcount
    for row in rows:
        row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS
    return inserted


@cache
def _insert_of(model: type[models.Model], count: int) -> str:
    fields = _inserted_fields(model)
    columns = ", ".join(_quoted(field.column) for field in fields)
    rows = ", ".join([f"({', '.join(['%s'] * len(fields))})"] * count)
    return f"INSERT INTO {_quoted(model._meta.db_table)} ({columns}) VALUES {rows}"  # noqa: S608


@cache
def _inserted_fields(model: type[models.Model]) -> tuple[models.Field[Any, Any], ...]:
    fields = model._meta.local_concrete_fields
    return tuple(field for field in fields if not isinstance(field, models.AutoField))


@cache
def _update_of(model: type[models.Model], names: tuple[str, ...]) -> str:
    meta: Any = model._meta
    new = ", ".join(f"{_quoted(meta.get_field(name).column)} = %s" for name in names)
    return f"UPDATE {_quoted(meta.db_table)} SET {new} WHERE {_quoted(meta.pk.column)} = %s"  # noqa: S608


def _quoted(name: str | None) -> str:
    return connections[DEFAULT_DB_ALIAS].ops.quote_name(str(name))


def _stored(field: Any, row: models.Model, database: BaseDatabaseWrapper, *, add: bool) -> Any:
    return field.get_db_prep_save(field.pre_save(row, add), database)


def _bound(parameter: Any, values: dict[str, object], database: BaseDatabaseWrapper) -> Any:
    if not isinstance(parameter, Slot):
        return parameter
    return parameter.output_field.get_db_prep_value(values[parameter.name], database)
