"""What just holding would have come to by now, from the few rows that holding is made of."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from positions.event_types import EventType
from positions.history import told
from positions.models import CauseKind, Event, JournalEntry, Position
from volbal.performance import Entry, Holding, Kind, Standing, follow, kind_of_correction

TOLD_BY_EVENTS = (EventType.EX_DIV_EFFECTIVE, EventType.SPLIT_APPLIED)
_COLUMNS = ("position_id", "cause_kind", "cause_id", "cash_delta", "qty_delta", "receivable_delta")


def holdings_of(positions: QuerySet[Position]) -> dict[UUID, Holding]:
    """Return the shares and dollars that just holding would have, by position, in two queries.

    Trades are left out: holding makes none. The rules are those of `simulation.performance`.
    """
    rows = JournalEntry.objects.filter(position__in=positions).exclude(cause_kind=CauseKind.TRADE)
    told = _told(positions)
    standings: dict[UUID, Standing] = {}
    for key, kind, cause_id, *moved in rows.order_by("position_id", "seq").values_list(*_COLUMNS):
        entry = _entry(kind, told.get(cause_id, {}), *moved)
        standings[key] = follow(standings.get(key, Standing()), entry)
    return {key: standing.hold for key, standing in standings.items()}


def _told(positions: QuerySet[Position]) -> dict[str, Mapping[str, Any]]:
    """Return what events say of ex-dividends, by receivable, and of splits, by event."""
    events = told(*TOLD_BY_EVENTS).filter(position__in=positions)
    return {_cause(one): one.inputs for one in events.only("type", "inputs", "outputs")}


def _cause(event: Event) -> str:
    return str(event.pk if event.type == EventType.SPLIT_APPLIED else event.outputs["receivable_id"])


def _entry(
    cause_kind: str, told: Mapping[str, Any], cash: Decimal, qty: Decimal, receivable: Decimal
) -> Entry:
    """Return what a row means to holding; of a dividend that is its terms, not what the cell got."""
    if cause_kind == CauseKind.SPLIT:
        return Entry(kind=Kind.SPLIT, new_shares=told["new_shares"], old_shares=told["old_shares"])
    if cause_kind == CauseKind.EX_DIVIDEND:
        rate = Decimal(told["withholding_tax_rate"])
        return Entry(kind=Kind.DIVIDEND, dps=Decimal(told["dps"]), withholding_tax_rate=rate)
    if cause_kind == CauseKind.ADJUSTMENT and kind_of_correction(cash, qty) is Kind.SWAP:
        return Entry(kind=Kind.SWAP)
    # What was paid of a receivable is cash now: together the two stay what they were.
    return Entry(kind=Kind.FLOW, cash=cash + receivable, qty=qty)
