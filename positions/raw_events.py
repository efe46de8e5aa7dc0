"""Writing many events of many positions at once, already numbered, linked and hashed.

For the schedule, which may record ten thousand evaluations at a time. Everything else uses `record_event`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from operator import attrgetter, itemgetter
from typing import Any, NamedTuple, cast
from uuid import UUID

from django.db import connection, models

from accounts.transactions import require_unit_of_work
from positions.models import ChainHead, Event

_FIELDS = cast("Sequence[models.Field[Any, Any]]", Event._meta.concrete_fields)
_COLUMNS = ", ".join(str(field.column) for field in _FIELDS)
_TABLE = Event._meta.db_table
_HEADS = ChainHead._meta.db_table


class RawEvent(NamedTuple):
    """One event of a position: what differs from the others, and its two documents as text."""

    id: UUID
    chain: str
    seq: int
    prev_hash: str
    hash: str
    message: str
    inputs: str
    outputs: str
    tenant_id: UUID
    position_id: UUID


def read_heads(chains: Sequence[str]) -> dict[str, tuple[int, str]]:
    """Return number and hash at the end of the chains of locked positions; absent without an event."""
    require_unit_of_work()
    if not chains:
        return {}
    heads = ChainHead.objects.filter(chain__gte=min(chains), chain__lte=max(chains))
    return {chain: (seq, last) for chain, seq, last in heads.values_list("chain", "seq", "hash")}


def write_events(events: Collection[RawEvent], shared: dict[str, Any]) -> None:
    """Write events of locked positions and move the heads of their chains, which exist.

    `shared` are the values of the other columns, the same for all.
    """
    require_unit_of_work()
    if not events:
        return
    rows = _rows(events, {name: _stored(name, value) for name, value in shared.items()})
    heads = [(event.seq, event.hash, event.chain) for event in events]
    (_copy if connection.vendor == "postgresql" else _execute_many)(rows, heads)


def _rows(events: Iterable[RawEvent], stored: dict[str, Any]) -> list[tuple[Any, ...]]:
    """Return the columns of each event in the order of the table's."""
    as_stored = str if connection.vendor == "postgresql" else attrgetter("hex")
    names = [*stored, *RawEvent._fields]
    in_order = itemgetter(*(names.index(field.attname) for field in _FIELDS))
    shared = tuple(stored.values())
    return [
        in_order((*shared, as_stored(key), *rest, as_stored(tenant_id), as_stored(position_id)))
        for key, *rest, tenant_id, position_id in events
    ]


def _stored(name: str, value: Any) -> Any:
    return Event._meta.get_field(name).get_db_prep_value(value, connection)  # type: ignore[union-attr]


def _execute_many(rows: list[tuple[Any, ...]], heads: list[tuple[int, str, str]]) -> None:
    marks = ", ".join(["%s"] * len(_FIELDS))
    with connection.cursor() as cursor:
        cursor.executemany(f"INSERT INTO {_TABLE} ({_COLUMNS}) VALUES ({marks})", rows)  # noqa: S608
        cursor.executemany(f"UPDATE {_HEADS} SET seq = %s, hash = %s WHERE chain = %s", heads)  # noqa: S608


def _copy(rows: list[tuple[Any, ...]], heads: list[tuple[int, str, str]]) -> None:
    seqs, hashes, chains = (list(column) for column in zip(*heads, strict=True))
    with connection.cursor() as cursor:
        with cursor.copy(f"COPY {_TABLE} ({_COLUMNS}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        cursor.execute(
            f"UPDATE {_HEADS} h SET seq = n.seq, hash = n.hash "  # noqa: S608
            "FROM unnest(%s::int[], %s::text[], %s::text[]) AS n (seq, hash, chain) WHERE h.chain = n.chain",
            [seqs, hashes, chains],
        )
