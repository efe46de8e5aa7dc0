"""One chunk of a tick: taken on, evaluated and marked as done in one unit of work."""

from __future__ import annotations

import logging
from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db.models import DateTimeField

from accounts.prepared import Prepared, Slot
from accounts.transactions import Stamp, unit_of_work
from market.calendar import is_open
from orders.breakers import note_evaluation_error
from orders.claims import Clock
from orders.models import TickChunk, TickQuote
from orders.tick_evaluation import ALL, Quotes, TickWork, evaluate_locked
from orders.tick_models import unfinished
from orders.tick_quiet import record_quiet
from orders.tick_scan import positions_to_decide
from positions.models import Position, PositionStatus

log = logging.getLogger(__name__)

ACTOR = "schedule"
_OPEN_CHUNK = Prepared(
    lambda: (
        unfinished(Slot("since", DateTimeField()))
        .select_related("tick")
        .select_for_update(of=("self",), skip_locked=True, no_key=True)
        .order_by("number")[:1]
    )
)


def work_off_chunk(*, clock: Clock, since: datetime, known: dict[int, Quotes]) -> bool:
    """Evaluate one open chunk of the newest tick, if its slot is after `since`; return whether there was one.

    Positions that somebody holds are come back to, one by one. Opens its own units of work. A tick's quotes
    never change; `known` are those that the caller's chunks before this one have read, by tick.
    """
    with unit_of_work():
        chunk = _lock_chunk(since)
        if chunk is None:
            return False
        if chunk.tick_id not in known:
            known[chunk.tick_id] = _quotes_of(chunk)
        work = _work_on(chunk.tick.slot, known[chunk.tick_id], clock())
        wanted, held = _whom_to_evaluate(chunk, work)
        held = {*held, *wanted} - _evaluate(work, wanted, skip_locked=True)
        _finish(chunk, work)
    failed = [*work.failed, *_evaluate_held(sorted(held), work, clock)]
    for position_id in failed:
        with unit_of_work():
            note_evaluation_error(position_id=position_id, stamp=work.stamp)
    return True


def _lock_chunk(since: datetime) -> TickChunk | None:
    return _OPEN_CHUNK.first(since=since)


def _work_on(slot: datetime, quotes: Quotes, at: datetime) -> TickWork:
    request_id = f"tick-{slot:%Y-%m-%dT%H:%M:%SZ}"
    return TickWork(slot=slot, stamp=Stamp(at=at, actor=ACTOR, request_id=request_id), quotes=quotes)


def _quotes_of(chunk: TickChunk) -> Quotes:
    rows = TickQuote.objects.filter(tick=chunk.tick_id)
    return {(row.provider, row.ticker): row.value() for row in rows}


def _whom_to_evaluate(chunk: TickChunk, work: TickWork) -> tuple[Collection[UUID], Collection[UUID]]:
    """Return who needs a decision, and who does too but is held, as far as that is known.

    A chunk that is come to after the closing bell is let go.
    """
    if not is_open(work.stamp.at):
        return [], []
    if settings.RECORD_EVALUATIONS != ALL:
        return positions_to_decide(chunk), []
    return record_quiet(work, chunk)


def _evaluate(work: TickWork, position_ids: Collection[UUID], *, skip_locked: bool) -> set[UUID]:
    """Lock and evaluate what is free of these positions; return which were."""
    if not position_ids:
        return set()
    active = Position.objects.filter(pk__in=position_ids, status=PositionStatus.ACTIVE).order_by("pk")
    positions = list(active.select_for_update(of=("self",), no_key=True, skip_locked=skip_locked))
    evaluate_locked(work, positions)
    return {position.pk for position in positions}


def _finish(chunk: TickChunk, work: TickWork) -> None:
    chunk.done_at = work.stamp.at
    chunk.evaluated, chunk.recorded, chunk.failed = len(work.watches), work.recorded, len(work.failed)
    chunk.save(update_fields=["done_at", "evaluated", "recorded", "failed"])


def _evaluate_held(position_ids: Collection[UUID], before: TickWork, clock: Clock) -> list[UUID]:
    """Wait for each position that was held, and evaluate it; return which failed."""
    failed: list[UUID] = []
    for position_id in position_ids:
        work = _work_on(before.slot, before.quotes, clock())
        if not is_open(work.stamp.at):
            break
        try:
            with unit_of_work():
                _evaluate(work, [position_id], skip_locked=False)
        except Exception:
            log.exception("position_held_too_long", extra={"position": str(position_id)})
        failed += work.failed
    return failed
