"""Append-only chains: each row's hash covers the row and the hash of the one before."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from functools import cache
from typing import Any, TypeVar
from uuid import UUID

from django.db import models

from accounts.prepared import Prepared, Slot, insert_rows, insert_unless_there, put_rows
from accounts.transactions import current_unit, the_row
from positions.models import ChainedRow, ChainHead
from volbal.numbers import plain

_LOCKED_HEAD = Prepared(
    lambda: ChainHead.objects.select_for_update().filter(chain=Slot("chain", models.CharField()))
)

Row = TypeVar("Row", bound=ChainedRow)

# Types that JSON keeps as they are.
_PLAIN = frozenset({str, int, bool, type(None)})
# What reading a row raises when a column holds what its type can't mean.
UNREADABLE = (ArithmeticError, TypeError, ValueError)


def as_json(value: Any) -> Any:
    """Return `value` with only what JSON keeps exactly: decimals, times and ids become text.

    Raises TypeError for a float: money never passes through one.
    """
    if type(value) in _PLAIN:  # nearly all there is, hence first
        return value
    if isinstance(value, dict):
        return {str(key): as_json(part) for key, part in value.items()}
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, int | str):
        return value
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, list | tuple):
        return [as_json(part) for part in value]
    raise TypeError(f"{type(value).__name__} has no exact form in JSON")


def row_hash(row: ChainedRow) -> str:
    """Hash every column of the row but the hash itself."""
    content = {name: as_json(getattr(row, name)) for name in hashed_columns(type(row))}
    return hash_of(canonical(content))


@cache
def hashed_columns(model: type[ChainedRow]) -> tuple[str, ...]:
    """Name the columns that a row's hash covers."""
    names = [field.attname for field in model._meta.concrete_fields]
    return tuple(name for name in names if name != "hash")


def canonical(content: Any) -> str:
    """Write JSON in the one form that is hashed: keys sorted, no blanks."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def hash_of(text: str) -> str:
    """Hash a row that is written in that form."""
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainMark:
    """How far a unit of work had come: number and hash at the end of each chain, rows of each table."""

    heads: dict[str, tuple[int, str]]
    rows: dict[type[ChainedRow], int]


class ChainWriter:
    """Collects the rows of one unit of work and writes them at its end, each table at once.

    A chain's head is locked with its first row, so that two units never number the same chain.
    """

    def __init__(self) -> None:
        self._heads: dict[str, ChainHead] = {}
        self._rows: dict[type[ChainedRow], list[ChainedRow]] = {}

    def append(self, chain: str, row: ChainedRow) -> None:
        """Number and link one row at the end of `chain`."""
        head = self._heads.get(chain) or self._lock_head(chain)
        row.chain, row.seq, row.prev_hash = chain, head.seq + 1, head.hash
        row.hash = row_hash(row)
        head.seq, head.hash = row.seq, row.hash
        self._rows.setdefault(type(row), []).append(row)

    def lock(self, chains: Collection[str]) -> None:
        """Lock the heads of many chains that rows are to follow in, in a few statements."""
        self._lock_existing(set(chains) - set(self._heads))
        missing = sorted(set(chains) - set(self._heads))
        if missing:
            ChainHead.objects.bulk_create(
                [ChainHead(chain=chain) for chain in missing], ignore_conflicts=True
            )
            self._lock_existing(missing)

    def finish(self) -> None:
        """Write what was collected."""
        for rows in self._rows.values():
            insert_rows(rows)
        put_rows(list(self._heads.values()), ("seq", "hash"))

    def mark(self) -> ChainMark:
        """Return where each chain and table stands."""
        return ChainMark(
            heads={chain: (head.seq, head.hash) for chain, head in self._heads.items()},
            rows={model: len(rows) for model, rows in self._rows.items()},
        )

    def roll_back_to(self, mark: ChainMark) -> None:
        """Forget the rows since the mark, and the heads locked since: their locks went with the savepoint."""
        self._heads = {chain: self._heads[chain] for chain in mark.heads}
        for chain, (seq, last_hash) in mark.heads.items():
            self._heads[chain].seq, self._heads[chain].hash = seq, last_hash
        self._rows = {model: self._rows[model][:count] for model, count in mark.rows.items()}

    def _lock_existing(self, chains: Collection[str]) -> None:
        heads = ChainHead.objects.select_for_update().filter(chain__in=chains).order_by("chain")
        self._heads.update({head.chain: head for head in heads})

    def _lock_head(self, chain: str) -> ChainHead:
        head = _LOCKED_HEAD.first(chain=chain)
        if head is None:
            insert_unless_there(ChainHead(chain=chain))
            head = the_row(_LOCKED_HEAD.first(chain=chain), "chain")
        self._heads[chain] = head
        return head


def lock_chains(chains: Collection[str]) -> None:
    """Lock chains that this unit of work will append to, all at once instead of one by one."""
    if chains:
        current_unit().finisher(ChainWriter).lock(chains)


def append(chain: str, row: Row) -> Row:
    """Put `row` at the end of `chain`; it is in the database when the unit of work ends."""
    current_unit().finisher(ChainWriter).append(chain, row)
    return row


def faults_in(rows: models.QuerySet[Row], heads: dict[str, ChainHead]) -> Iterator[str]:
    """Walk chains of one table in order and yield a sentence for each row that doesn't fit.

    `heads` are the heads that these chains must end in, by chain.
    """
    chain, seq, last_hash = "", 0, ""
    seen: set[str] = set()
    for found in _read_in_order(rows):
        if isinstance(found, str):
            yield found
            continue
        if found.chain != chain:
            yield from _end_faults(chain, seq, last_hash, heads)
            chain, seq, last_hash = found.chain, 0, ""
            seen.add(chain)
        yield from _row_faults(found, seq, last_hash)
        seq, last_hash = found.seq, found.hash
    yield from _end_faults(chain, seq, last_hash, heads)
    for missing in sorted(set(heads) - seen):
        if heads[missing].seq:
            yield f"Chain {missing}: all its {heads[missing].seq} rows are gone."


def _row_faults(row: ChainedRow, seq: int, last_hash: str) -> Iterator[str]:
    name = f"{type(row).__name__} {row.pk} ({row.chain}, number {row.seq})"
    if row.seq != seq + 1:
        yield f"{name}: number {seq + 1} is missing before it."
    elif row.prev_hash != last_hash:
        yield f"{name}: it doesn't follow from the row before it."
    try:
        unchanged = row_hash(row) == row.hash
    except TypeError:  # a kind of value that was never written
        unchanged = False
    if not unchanged:
        yield f"{name}: its content was changed."


def _read_in_order(rows: models.QuerySet[Row]) -> Iterator[Row | str]:
    """Yield the rows by chain and number, and a sentence for one that can't even be read."""
    done = ("", 0)
    try:
        for row in rows.order_by("chain", "seq").iterator(chunk_size=2000):
            done = (row.chain, row.seq)
            yield row
    except UNREADABLE:
        yield from _read_one_by_one(rows, done)


def _read_one_by_one(rows: models.QuerySet[Row], done: tuple[str, int]) -> Iterator[Row | str]:
    keys = rows.order_by("chain", "seq").values_list("chain", "seq", "id")
    for chain, seq, key in list(keys):
        if (chain, seq) <= done:
            continue
        try:
            yield rows.get(pk=key)
        except UNREADABLE:
            yield f"{rows.model.__name__} {key} ({chain}, number {seq}): its content can't be read."


def _end_faults(chain: str, seq: int, last_hash: str, heads: dict[str, ChainHead]) -> Iterator[str]:
    if not chain:
        return
    head = heads.get(chain)
    if head is None:
        yield f"Chain {chain}: its head is gone."
    elif (head.seq, head.hash) != (seq, last_hash):
        yield f"Chain {chain}: it should end with number {head.seq} and ends with {seq}."
