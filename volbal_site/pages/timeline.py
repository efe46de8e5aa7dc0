"""What was decided about a cell and what happened to it, newest first, for people to read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db import models
from django.db.models.fields.json import KT

from accounts.prepared import Prepared, Slot
from positions.event_types import EventType
from positions.event_words import EVENT_WORDS
from positions.events import position_chain
from positions.models import Event, Position

ENTRIES = 20
# Waiting is told once however often it was decided, so more rows than entries are read.
ROWS = 120
# What an order goes through between its decision and its fill is on its own page.
LEFT_OUT = (EventType.ORDER_SUBMITTED, EventType.ORDER_ACCEPTED, EventType.ANCHOR_UPDATED)
_NEWEST = Prepared(
    lambda: (
        Event.objects.filter(chain=Slot("chain", models.CharField()))
        .exclude(type__in=LEFT_OUT)
        .order_by("-seq")
        .values_list("id", "type", "ts", "message", "actor", KT("outputs__decision__action"))[:ROWS]
    )
)
DECIDED = {"BUY": "Buy", "SELL": "Sell", "HOLD": "Waits", "SKIP": "Not done", "REJECT": "Rejected"}
TONES = {"BUY": "mode", "SELL": "mode", "SKIP": "wait", "REJECT": "bad"}


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
        return EVENT_WORDS[self.row.type].title

    @property
    def tone(self) -> str:
        """The class of its badge."""
        return TONES.get(self.row.action, "") if self.row.action else EVENT_WORDS[self.row.type].tone

    @property
    def is_decision(self) -> bool:
        """Whether there is a page that explains it."""
        return self.row.type == EventType.POSITION_EVALUATED


def timeline_of(position: Position) -> list[Entry]:
    """Read the newest entries of a cell's timeline, in one query."""
    rows = _NEWEST.rows(chain=position_chain(position))
    return entries_of([EventRow._make(row) for row in rows])[:ENTRIES]


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
