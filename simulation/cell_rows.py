"""The rows that performance is told from, read with as many queries for one cell as for all.

The journal is read first: whatever its rows point to was written with them or before them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from django.db.models import F, QuerySet, Window
from django.db.models.fields.json import KT
from django.db.models.functions import RowNumber, TruncDate

from dividends.models import SplitApplication
from market.calendar import close_of
from market.models import Bar
from orders.models import Trade
from positions.event_types import EventType
from positions.history import evaluations_of, told
from positions.models import Event, JournalEntry, Position
from volbal.price_track import Mark, PriceAction
from volbal.trading_day import NEW_YORK, start_of, trading_date

ROWS_AT_ONCE = 5000
ChainedModel = TypeVar("ChainedModel", Event, JournalEntry)
TOLD_BY_EVENTS = (EventType.POSITION_CREATED, EventType.EX_DIV_EFFECTIVE, EventType.SPLIT_APPLIED)


class JournalRow(NamedTuple):
    """One change of a cell's balances, and what caused it."""

    position_id: UUID
    seq: int
    at: datetime
    cause_kind: str
    cause_id: str
    cash: Decimal
    qty: Decimal
    receivable: Decimal


class TradeRow(NamedTuple):
    """What a trade's journal row doesn't say."""

    commission: Decimal
    price: Decimal
    executed_at: datetime


class EvaluationRow(NamedTuple):
    """The last evaluation of a New York date that had a price. Numbers are text, as an event keeps them."""

    position_id: UUID
    seq: int
    at: datetime
    price: str
    as_of: str | None
    source: str
    stock_pct: str | None
    min_stock_pct: str
    max_stock_pct: str

    @property
    def day(self) -> date:
        """The New York date that it was made on."""
        return trading_date(self.at)

    def mark(self) -> Mark:
        """Return its price, seen no later than it was recorded."""
        seen_at = self.at if self.as_of is None else min(datetime.fromisoformat(self.as_of), self.at)
        return Mark(at=seen_at, price=Decimal(self.price), source=self.source)

    def is_inside(self) -> bool:
        """Whether the stock % lay between the guardrails of that moment; a cell worth nothing has none."""
        if self.stock_pct is None:
            return False
        return Decimal(self.min_stock_pct) <= Decimal(self.stock_pct) <= Decimal(self.max_stock_pct)


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFacts:
    """What events know: ex-dividends by receivable and splits by event, price actions and anchors by cell.

    `numbered` are the events' numbers by cell, each with the date from which on it counts and that of
    when it was told, or again the first if that is later.
    """

    dividends: Mapping[str, Event]
    splits: Mapping[str, Event]
    actions: Mapping[UUID, list[PriceAction]]
    opening_anchors: Mapping[UUID, Decimal | None]
    numbered: Mapping[UUID, list[tuple[int, date, date]]]


def journal_rows(positions: QuerySet[Position], *, after: str = "") -> dict[UUID, list[JournalRow]]:
    """Return the journal of each cell, oldest first; only what comes after a number that is kept of it."""
    rows = _after(JournalEntry.objects.filter(position__in=positions), after)
    rows = rows.order_by("position_id", "seq")
    columns = (
        "position_id", "seq", "at", "cause_kind", "cause_id", "cash_delta", "qty_delta", "receivable_delta",
    )  # fmt: skip
    found: dict[UUID, list[JournalRow]] = defaultdict(list)
    for row in rows.values_list(*columns).iterator(chunk_size=ROWS_AT_ONCE):
        found[row[0]].append(JournalRow(*row))
    return found


def trade_rows(trades: QuerySet[Trade]) -> dict[str, TradeRow]:
    """Return the trades by id."""
    columns = trades.values_list("pk", "commission", "price", "executed_at")
    return {str(pk): TradeRow(*row) for pk, *row in columns.iterator(chunk_size=ROWS_AT_ONCE)}


def event_facts(positions: QuerySet[Position], *, after: str = "") -> EventFacts:
    """Return what the events of openings, ex-dividends and splits tell, after a number that is kept."""
    facts = EventFacts(
        dividends={},
        splits={},
        actions=defaultdict(list),
        opening_anchors={},
        numbered=defaultdict(list),
    )
    events = _after(told(*TOLD_BY_EVENTS).filter(position__in=positions), after)
    found = list(events.only("position_id", "seq", "ts", "type", "inputs", "outputs"))
    # Read after what points to them: one that is applied meanwhile is there.
    dates = {
        str(pk): on
        for pk, on in SplitApplication.objects.filter(position__in=positions).values_list("pk", "date")
    }
    for event in found:
        _take_in(event, facts, dates)
    return facts


def last_evaluations(positions: QuerySet[Position], *, after: str = "") -> list[EvaluationRow]:
    """Return each cell's last evaluation of each New York date that had a price, in no order.

    Only of those after a number that is kept, if it is named.
    """
    evaluations = _after(evaluations_of(positions), after)
    newest_first = Window(
        RowNumber(),
        partition_by=[F("position_id"), TruncDate("ts", tzinfo=NEW_YORK)],
        order_by=F("seq").desc(),
    )
    priced = evaluations.filter(inputs__quote__price__isnull=False)
    # One pass: joined with itself by ids, a table that was not analysed yet may be gone through n times.
    rows = (
        priced.annotate(rank=newest_first)
        .filter(rank=1)
        .values_list(
            "position_id",
            "seq",
            "ts",
            KT("inputs__quote__price"),
            KT("inputs__quote__as_of"),
            KT("inputs__quote__source"),
            KT("outputs__decision__stock_pct_before"),
            KT("inputs__guardrail__min_stock_pct"),
            KT("inputs__guardrail__max_stock_pct"),
        )
    )
    return [EvaluationRow(*row) for row in rows.iterator(ROWS_AT_ONCE)]


def bar_marks(tickers: set[str], start: date, end: date) -> dict[str, list[tuple[date, Mark]]]:
    """Return the closes of stored bars from `start` to `end` by ticker, with their dates, oldest first."""
    rows = Bar.objects.filter(ticker__in=tickers, date__gte=start, date__lte=end).order_by("date")
    found: dict[str, list[tuple[date, Mark]]] = defaultdict(list)
    for ticker, day, close in rows.values_list("ticker", "date", "close").iterator(ROWS_AT_ONCE):
        found[ticker].append((day, Mark(at=close_of(day), price=close, source="bar")))
    return found


def _after(rows: QuerySet[ChainedModel], kept: str) -> QuerySet[ChainedModel]:
    """Leave out what has a number up to the one that is kept of the cell, in the column `kept`."""
    return rows.filter(seq__gt=F(f"position__values__{kept}")) if kept else rows


def _take_in(event: Event, facts: Any, split_dates: Mapping[str, date]) -> None:
    inputs, position_id = event.inputs, event.position_id
    on = told = trading_date(event.ts)
    if event.type == EventType.POSITION_CREATED:
        anchor = inputs["anchor_price"]
        facts.opening_anchors[position_id] = None if anchor is None else Decimal(anchor)
    elif event.type == EventType.SPLIT_APPLIED:
        facts.splits[str(event.pk)] = event
        on = split_dates[str(inputs["application"])]
        ratio = {"new_shares": inputs["new_shares"], "old_shares": inputs["old_shares"]}
        facts.actions[position_id].append(PriceAction(at=start_of(on), **ratio))
    else:
        facts.dividends[event.outputs["receivable_id"]] = event
        on = date.fromisoformat(inputs["ex_date"])
        facts.actions[position_id].append(PriceAction(at=start_of(on), dps=Decimal(inputs["dps"])))
    facts.numbered[position_id].append((event.seq, on, max(on, told)))
