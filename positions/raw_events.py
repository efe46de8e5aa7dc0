"""Writing many events of many positions at once, already numbered, linked and hashed.

For the schedule, which may record ten thousand evaluations at a time. Everything else uses `record_event`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from operator import itemgetter
from typing import Any, NamedTuple, cast

from django.db import connection, models

from accounts.transactions import require_unit_of_work
from positions.models import ChainHead, Event

_FIELDS = cast("Sequence[models.Field[Any, Any]]", Event._meta.concrete_fields)
_COLUMNS = ", ".join(str(field.column) for field in _FIELDS)
_TABLE = Event._meta.db_table
_HEADS = ChainHead._meta.db_table
_ESCAPED = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})
# Numbers, hashes and chains hold no comma; as one text they are sent faster than as an array.
_LIST = "string_to_array(%s, ',')"


class RawEvent(NamedTuple):
    """One event of a position: what differs from the others. Ids are as the database keeps them."""

    id: str
    chain: str
    seq: int
    prev_hash: str
    hash: str
    message: str
    inputs: str
    outputs: str
    tenant_id: str
    position_id: str


def read_heads(chains: Sequence[str]) -> dict[str, tuple[int, str]]:
    """Return number and hash at the end of the chains of locked positions; absent without an event."""
    require_unit_of_work()
    if not chains:
        return {}
    query = f"SELECT chain, seq, hash FROM {_HEADS} WHERE chain BETWEEN %s AND %s"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(query, [min(chains), max(chains)])
        return {chain: (seq, last) for chain, seq, last in cursor.fetchall()}


def write_events(events: Iterable[RawEvent], shared: dict[str, Any]) -> None:
    """Write events of locked positions and move the heads of their chains, which exist.

    `shared` are the values of the other columns, the same for all. What makes the events may not ask the
    database: it is on its way there while they are made, so that two processors share the work.
    """
    require_unit_of_work()
    heads: list[tuple[int, str, str]] = []
    rows = _rows(events, {name: _stored(name, value) for name, value in shared.items()}, heads)
    (_copy if connection.vendor == "postgresql" else _execute_many)(rows, heads)


def _rows(
    events: Iterable[RawEvent], stored: dict[str, Any], heads: list[tuple[int, str, str]]
) -> Iterator[tuple[Any, ...]]:
    """Yield the columns of each event in the order of the table's, and note where its chain then ends."""
    names = [*RawEvent._fields, *stored]
    in_order = itemgetter(*(names.index(field.attname) for field in _FIELDS))
    shared = tuple(stored.values())
    for event in events:
        heads.append((event.seq, event.hash, event.chain))
        yield in_order(event + shared)


def _stored(name: str, value: Any) -> Any:
    return Event._meta.get_field(name).get_db_prep_value(value, connection)  # type: ignore[union-attr]


def _execute_many(rows: Iterator[tuple[Any, ...]], heads: list[tuple[int, str, str]]) -> None:
    marks = ", ".join(["%s"] * len(_FIELDS))
    with connection.cursor() as cursor:
        cursor.executemany(f"INSERT INTO {_TABLE} ({_COLUMNS}) VALUES ({marks})", rows)  # type: ignore[arg-type]  # noqa: S608
        cursor.executemany(f"UPDATE {_HEADS} SET seq = %s, hash = %s WHERE chain = %s", heads)  # noqa: S608


def _copied(row: Sequence[Any]) -> str:
    """Write a row without NULLs as COPY takes it, which is faster than to have its parts adapted."""
    text = "\t".join(map(str, row))
    if "\\" in text or "\n" in text or "\r" in text or text.count("\t") >= len(row):
        text = "\t".join(str(part).translate(_ESCAPED) for part in row)
    return f"{text}\n"


def _copy(rows: Iterator[tuple[Any, ...]], heads: list[tuple[int, str, str]]) -> None:
    with connection.cursor() as cursor:
        with cursor.copy(f"COPY {_TABLE} ({_COLUMNS}) FROM STDIN") as copy:
            for row in rows:
                copy.write(_copied(row))
        cursor.execute(
            f"UPDATE {_HEADS} h SET seq = n.seq, hash = n.hash "  # noqa: S608
            f"FROM unnest({_LIST}::int[], {_LIST}, {_LIST}) AS n (seq, hash, chain) WHERE h.chain = n.chain",
            [",".join(str(head[part]) for head in heads) for part in range(3)],
        )
