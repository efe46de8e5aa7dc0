"""What was decided about a cell and what happened to it, newest first, for people to read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db.models.fields.json import KT

from positions.event_types import EventType
from positions.models import Event, Position

ENTRIES = 20
# Waiting is told once however often it was decided, so more rows than entries are read.
ROWS = 120
# What an order goes through between its decision and its fill is on its own page.
LEFT_OUT = (EventType.ORDER_SUBMITTED, EventType.ORDER_ACCEPTED, EventType.ANCHOR_UPDATED)
KINDS = {
    EventType.POSITION_EVALUATED: "Decision",
    EventType.POSITION_CREATED: "Opened",
    EventType.POSITION_CHANGED: "Changed",
    EventType.POSITION_CLOSED: "Closed",
    EventType.CASH_DEPOSITED: "Deposit",
    EventType.CASH_WITHDRAWN: "Withdrawal",
    EventType.ADJUSTMENT_BOOKED: "Correction",
    EventType.ANCHOR_SET: "Anchor",
    EventType.ORDER_PARTIALLY_FILLED: "Fill",
    EventType.ORDER_FILLED: "Fill",
    EventType.ORDER_REJECTED: "Rejected",
    EventType.ORDER_CANCELLED: "Cancelled",
    EventType.ORDER_EXPIRED: "Expired",
    EventType.ORDER_UNKNOWN: "Order unknown",
    EventType.ORDER_REEVALUATED: "Decided again",
    EventType.GUARDRAIL_BREACHED: "Guardrail",
    EventType.FILL_QUARANTINED: "Not booked",
    EventType.EX_DIV_EFFECTIVE: "Ex-dividend",
    EventType.ANCHOR_ADJUSTED_FOR_DIVIDEND: "Anchor",
    EventType.DIVIDEND_CASH_RECEIVED: "Dividend",
    EventType.SPLIT_APPLIED: "Split",
    EventType.CONFIG_CHANGED: "Settings",
    EventType.TRADING_PAUSED: "Paused",
    EventType.TRADING_RESUMED: "Resumed",
    EventType.TRADING_HALTED: "Stopped",
    EventType.TRADING_UNHALTED: "Goes on",
}
DECIDED = {"BUY": "Buy", "SELL": "Sell", "HOLD": "Waits", "SKIP": "Not done", "REJECT": "Rejected"}
TONES = {"BUY": "mode", "SELL": "mode", "SKIP": "wait", "REJECT": "bad"}
BAD = frozenset({EventType.GUARDRAIL_BREACHED, EventType.FILL_QUARANTINED, EventType.ORDER_REJECTED})


class EventRow(NamedTuple):
    """What the timeline needs of an event; `action` is what an evaluation decided."""

    id: UUID
    type: str
    ts: datetime
    message: str
    actor: str
    action: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line: what happened last, and how often the same was decided in a row, since when.

    `followed` is the fill that a decision led to in the same moment.
    """

    row: EventRow
    times: int
    since: datetime
    followed: str = ""

    @property
    def kind(self) -> str:
        """What it is, in a word or two."""
        if self.row.action is not None:
            return DECIDED.get(self.row.action, "Decision")
        return KINDS.get(EventType(self.row.type), "News")

    @property
    def tone(self) -> str:
        """The class of its badge."""
        return "bad" if self.row.type in BAD else TONES.get(self.row.action or "", "")

    @property
    def is_decision(self) -> bool:
        """Whether there is a page that explains it."""
        return self.row.type == EventType.POSITION_EVALUATED


def timeline_of(position: Position) -> list[Entry]:
    """Read the newest entries of a cell's timeline, in one query."""
    events = Event.objects.filter(chain=f"position/{position.pk}").exclude(type__in=LEFT_OUT)
    rows = events.order_by("-seq").values_list(
        "id", "type", "ts", "message", "actor", KT("outputs__decision__action")
    )
    return entries_of([EventRow._make(row) for row in rows[:ROWS]])[:ENTRIES]


def entries_of(rows: Iterable[EventRow]) -> list[Entry]:
    """Put waiting that goes on into one entry, and fills to their decision; newest first."""
    groups: list[list[EventRow]] = []
    for row in rows:
        if groups and _belongs(row, groups[-1][-1]):
            groups[-1].append(row)
        else:
            groups.append([row])
    return [_entry(group) for group in groups]


def _belongs(row: EventRow, newer: EventRow) -> bool:
    """Whether a row is told together with the one that came after it."""
    if newer.type == EventType.ORDER_FILLED:
        return row.action in ("BUY", "SELL") and row.ts == newer.ts
    return row.action == newer.action == "HOLD"


def _entry(group: Sequence[EventRow]) -> Entry:
    if len(group) > 1 and group[0].type == EventType.ORDER_FILLED:
        return Entry(row=group[-1], times=1, since=group[-1].ts, followed=group[0].message)
    return Entry(row=group[0], times=len(group), since=group[-1].ts)
