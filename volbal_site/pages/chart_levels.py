"""The anchor of a cell in time, and the prices round it at which the trigger asks for a trade."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from django.db import models
from django.db.models.fields.json import KT

from accounts.prepared import Prepared, Slot
from positions.event_types import EventType
from positions.events import position_chain
from positions.history import evaluations_in, told
from positions.models import Position
from volbal.numbers import exact, to_six
from volbal.trading_day import start_of
from volbal.values import TriggerConfig

ANCHOR_EVENTS = (
    EventType.POSITION_CREATED,
    EventType.ANCHOR_SET,
    EventType.ANCHOR_UPDATED,
    EventType.ANCHOR_ADJUSTED_FOR_DIVIDEND,
    EventType.SPLIT_APPLIED,
)
# Thresholds are read off so many evaluations at most; what was before has those of the oldest one.
MOST_EVALUATIONS = 1500


class Level(NamedTuple):
    """The anchor and the prices at which it triggers, in dollars; all None without an anchor."""

    anchor: Decimal | None
    sell_at: Decimal | None
    buy_at: Decimal | None


NOTHING = Level(None, None, None)


class Levels:
    """The levels of a cell in time."""

    def __init__(
        self,
        anchors: Sequence[tuple[datetime, Decimal | None]],
        triggers: Sequence[tuple[datetime, TriggerConfig]],
    ) -> None:
        """Take both oldest first. Before the first anchor there is no level; before the first trigger, it."""
        self._anchors, self._triggers = anchors, triggers
        self._anchored = [at for at, _ in anchors]
        self._triggered = [at for at, _ in triggers]
        self._found: dict[tuple[int, int], Level] = {}

    def at(self, moment: datetime) -> Level:
        """Return the level at a moment."""
        known = bisect_right(self._anchored, moment)
        anchor = self._anchors[known - 1][1] if known else None
        if anchor is None:
            return NOTHING
        triggered = max(bisect_right(self._triggered, moment) - 1, 0)
        level = self._found.get((known, triggered))
        if level is None:
            level = self._found[known, triggered] = level_of(anchor, self._triggers[triggered][1])
        return level


def level_of(anchor: Decimal, trigger: TriggerConfig) -> Level:
    """Return the anchor with the prices at which it triggers, to 6 places."""
    with exact():
        return Level(
            anchor,
            to_six(anchor * (100 + trigger.up_threshold_pct) / 100),
            to_six(anchor * (100 - trigger.down_threshold_pct) / 100),
        )


class Evaluation(NamedTuple):
    """When a cell was evaluated, on which price if there was one, and with which thresholds, as recorded."""

    at: datetime
    price: str | None
    up_pct: str
    down_pct: str


def evaluations_since(position: Position, since: datetime) -> list[Evaluation]:
    """Return the newest evaluations of a cell after a time, oldest first."""
    rows = _EVALUATED.rows(chain=position_chain(position), since=since)
    return [Evaluation._make(row) for row in reversed(rows)]


def levels_of(
    position: Position,
    trigger: TriggerConfig,
    evaluations: Sequence[Evaluation],
    *,
    start: date,
    at: datetime,
) -> Levels:
    """Return a cell's levels from `start` on; `trigger` is what holds at the moment `at`."""
    return Levels(_anchors(position, start_of(start)), [*_triggers(evaluations), (at, trigger)])


def _anchors(position: Position, since: datetime) -> list[tuple[datetime, Decimal | None]]:
    """Return the anchor that was there at `since`, and every one that came after."""
    found: list[tuple[datetime, Decimal | None]] = []
    for type_, ts, before, after in _ANCHORS.rows(position=position.pk, since=since):
        if type_ == EventType.POSITION_CREATED:
            found.append((ts, _price(before)))
        else:
            if not found:
                found.append((since, _price(before)))
            found.append((ts, _price(after)))
    return found or [(max(since, start_of(position.opened_date)), position.anchor_price)]


def _triggers(evaluations: Sequence[Evaluation]) -> Iterator[tuple[datetime, TriggerConfig]]:
    """Yield the thresholds that decisions were made with, where they changed."""
    last = None
    for at, _, up, down in evaluations:
        if (up, down) != last:
            yield at, TriggerConfig(up_threshold_pct=Decimal(up), down_threshold_pct=Decimal(down))
        last = (up, down)


_SINCE = Slot("since", models.DateTimeField())
_ANCHORS = Prepared(
    lambda: (
        told(*ANCHOR_EVENTS)
        .filter(position=Slot("position", models.UUIDField()), ts__gte=_SINCE)
        .order_by("seq")
        .values_list("type", "ts", KT("inputs__anchor_price"), KT("outputs__anchor_price"))
    )
)
_EVALUATED = Prepared(
    lambda: (
        evaluations_in(Slot("chain", models.CharField()))
        .filter(ts__gte=_SINCE)
        .order_by("-seq")
        .values_list(
            "ts",
            KT("inputs__quote__price"),
            KT("inputs__trigger__up_threshold_pct"),
            KT("inputs__trigger__down_threshold_pct"),
        )[:MOST_EVALUATIONS]
    )
)


def _price(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
