"""Which positions of a chunk need a decision: all whose watch doesn't say that nothing has happened.

One statement, so that a chunk in which nothing happens costs nothing else. Amounts are compared in whole
millionths of a dollar, exactly on both engines.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import UUIDField

from orders.models import TickChunk
from orders.tick_models import EVERYONE

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
_NOT_QUIET = """
AND (
    w.position_id IS NULL
    OR q.ticks NOT BETWEEN w.first AND w.last
    OR w.gate NOT IN (q.gate, '*')
    OR w.version <> COALESCE(e.version, 0) + COALESCE(t.version, 0)
)
"""


def positions_in(chunk: TickChunk) -> list[UUID]:
    """Return the ids of all active positions of a chunk that the tick has a quote row for."""
    return _ids(_IN_CHUNK + _OF_CHUNK, [chunk.tick_id, *_bounds(chunk)])


def positions_to_decide(chunk: TickChunk) -> list[UUID]:
    """Return the ids of those whose outcome may have changed."""
    return _ids(
        _IN_CHUNK + _WATCHED + _OF_CHUNK + _NOT_QUIET,
        [chunk.tick_id, _stored(EVERYONE), *_bounds(chunk)],
    )


def _bounds(chunk: TickChunk) -> list[Any]:
    """Return the first and the last id of a chunk. Ids are random: equal ranges hold about as many."""
    first, beyond = (_ALL_IDS * number // chunk.tick.chunks for number in (chunk.number, chunk.number + 1))
    return [_stored(UUID(int=first)), _stored(UUID(int=beyond - 1))]


def _ids(sql: str, parameters: list[Any]) -> list[UUID]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return [key if isinstance(key, UUID) else UUID(key) for (key,) in cursor.fetchall()]


def _stored(key: UUID) -> Any:
    return _ID.get_db_prep_value(key, connection)
