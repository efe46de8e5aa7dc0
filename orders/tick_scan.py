"""Which positions of a chunk need a decision: all whose watch doesn't say that nothing has happened.

One statement, so that a chunk in which nothing happens costs little else. Amounts are compared in whole
millionths of a dollar, exactly on both engines.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection
from django.db.models import UUIDField

from orders.models import TickChunk
from orders.tick_models import EVERYONE
from orders.tick_rows import QuietRow, quiet_row

_ID = UUIDField()
_ALL_IDS = 1 << 128

_IN_CHUNK = """
SELECT p.id FROM positions_position p
JOIN orders_tickquote q ON q.tick_id = %s AND q.provider = p.market_provider AND q.ticker = p.ticker
"""
_WATCHED = """
LEFT JOIN orders_watch w ON w.position_id = p.id
LEFT JOIN orders_rulesversion e ON e.owner = %s
LEFT JOIN orders_rulesversion t ON t.owner = p.tenant_id
"""
_OF_CHUNK = "WHERE p.status = 'active' AND p.id BETWEEN %s AND %s"
_HOLDS = """
w.action = 'HOLD' AND w.without_orders AND w.gate = '' AND q.gate = ''
AND q.ticks BETWEEN w.first AND w.last
AND w.version = COALESCE(e.version, 0) + COALESCE(t.version, 0)
AND NOT EXISTS (SELECT 1 FROM orders_order o WHERE o.position_id = p.id AND o.trading_date = %s)
"""
_IDS = ("p.id", "p.tenant_id")
_NAMES = ("p.ticker", "p.market_provider", "p.broker")
_AMOUNTS = ("p.qty", "p.cash", "p.dividend_receivable", "p.anchor_price")
_TRADES = ("w.buy_at", "w.sell_at")


def _judged(ids: Iterable[str], amounts: Iterable[str]) -> str:
    columns = ", ".join([*ids, *_NAMES, *amounts, *_TRADES])
    return f"SELECT {columns}, {_HOLDS} {_IN_CHUNK.partition('p.id')[2]} {_WATCHED} {_OF_CHUNK} ORDER BY p.id"


_JUDGED = {
    "sqlite": _judged(_IDS, _AMOUNTS),
    # It writes what is read as text anyway.
    "postgresql": _judged(
        [f"{name}::text" for name in _IDS], [f"trim_scale({name})::text" for name in _AMOUNTS]
    ),
}
_LOCKED = f"""
SELECT COALESCE(array_agg(l.id::text), '{{}}')
FROM ({_IN_CHUNK} {_OF_CHUNK} ORDER BY p.id FOR NO KEY UPDATE OF p SKIP LOCKED) l
"""  # noqa: S608
_NOT_QUIET = """
AND (
    w.position_id IS NULL
    OR q.ticks NOT BETWEEN w.first AND w.last
    OR w.gate NOT IN (q.gate, '*')
    OR w.version <> COALESCE(e.version, 0) + COALESCE(t.version, 0)
)
"""


class Scan(NamedTuple):
    """The active positions of a chunk: of which a watch says that they hold, the others, and whom somebody
    else has locked. All but these are locked now.
    """

    quiet: list[QuietRow]
    others: list[UUID]
    held: list[UUID]


def scan(chunk: TickChunk, day: date) -> Scan:
    """Lock the active positions of a chunk that are free, and sort them, in the order of their ids.

    A watch doesn't vouch for those that had an order on `day`. They are judged by a statement that begins
    when they are locked: one that locks them itself would tell of the moment before.
    """
    locked = _lock(chunk)
    with connection.cursor() as cursor:
        cursor.execute(_JUDGED[connection.vendor], [day, chunk.tick_id, _stored(EVERYONE), *_bounds(chunk)])
        rows = cursor.fetchall()
    held = []
    if locked is not None and len(locked) < len(rows):
        held = [UUID(row[0]) for row in rows if row[0] not in locked]
        rows = [row for row in rows if row[0] in locked]
    return Scan(
        [quiet_row(*row[:-1]) for row in rows if row[-1]], [UUID(row[0]) for row in rows if not row[-1]], held
    )


def _lock(chunk: TickChunk) -> set[str] | None:
    """Lock who is free; return who that is, or None where a transaction has everything to itself."""
    if not connection.features.has_select_for_update:
        return None
    with connection.cursor() as cursor:
        cursor.execute(_LOCKED, [chunk.tick_id, *_bounds(chunk)])
        return set(cursor.fetchone()[0])


def bounds_of(chunk: TickChunk) -> tuple[UUID, UUID]:
    """Return the first and the last id of a chunk. Ids are random: equal ranges hold about as many."""
    first, beyond = (_ALL_IDS * number // chunk.tick.chunks for number in (chunk.number, chunk.number + 1))
    return UUID(int=first), UUID(int=beyond - 1)


def positions_to_decide(chunk: TickChunk) -> list[UUID]:
    """Return the ids of those whose outcome may have changed."""
    with connection.cursor() as cursor:
        cursor.execute(
            _IN_CHUNK + _WATCHED + _OF_CHUNK + _NOT_QUIET,
            [chunk.tick_id, _stored(EVERYONE), *_bounds(chunk)],
        )
        return sorted(_read_id(key) for (key,) in cursor.fetchall())


def _bounds(chunk: TickChunk) -> list[Any]:
    return [_stored(bound) for bound in bounds_of(chunk)]


def _read_id(key: Any) -> UUID:
    return key if isinstance(key, UUID) else UUID(key)


def _stored(key: UUID) -> Any:
    return _ID.get_db_prep_value(key, connection)
