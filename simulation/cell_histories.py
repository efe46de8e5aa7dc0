"""Each cell's history as performance follows it: entries with their days, prices in time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from django.db.models import QuerySet

from orders.models import Trade
from positions.models import CauseKind, Position
from simulation.cell_rows import (
    EvaluationRow,
    EventFacts,
    JournalRow,
    TradeRow,
    bar_marks,
    event_facts,
    journal_rows,
    last_evaluations,
    trade_rows,
)
from volbal.numbers import ZERO
from volbal.performance import Entry, Kind, kind_of_correction
from volbal.price_track import Mark, PriceTrack
from volbal.trading_day import trading_date


@dataclass(frozen=True, slots=True, kw_only=True)
class CellRows:
    """What one cell's history is made of."""

    journal: Sequence[JournalRow] = ()
    evaluated: Sequence[EvaluationRow] = ()
    bars: Sequence[Mark] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CellHistory:
    """One cell: its entries in the order of the journal, each with its New York date, and its prices.

    `inside` says of each date with a decision on a price whether the last one found the stock % between the
    guardrails. `pending` is what dividends are still to pay, in dollars.
    """

    position: Position
    entries: tuple[tuple[date, Entry], ...]
    track: PriceTrack
    inside: Mapping[date, bool]
    pending: Decimal
    rows: CellRows


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the rows of the journal point to."""

    trades: Mapping[str, TradeRow]
    events: EventFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """What a history goes on from: the last price then known, the date of its last entry, what is pending."""

    mark: Mark | None = None
    entry_day: date = date.min
    pending: Decimal = ZERO


BEGINNING = Earlier()
Worth = Callable[[datetime], Decimal | None]


def cell_histories(positions: QuerySet[Position]) -> list[CellHistory]:
    """Read the histories of the cells, by number; the number of queries doesn't depend on theirs."""
    return histories_with_facts(positions)[0]


def histories_with_facts(positions: QuerySet[Position]) -> tuple[list[CellHistory], Facts]:
    """Read the same, and what their journals point to."""
    journals = journal_rows(positions)
    trades = trade_rows(Trade.objects.filter(position__in=positions))
    facts = Facts(trades=trades, events=event_facts(positions))
    evaluations: dict[UUID, list[EvaluationRow]] = {}
    for row in last_evaluations(positions):
        evaluations.setdefault(row.position_id, []).append(row)
    cells = [
        (position, journals.get(position.pk, []), evaluations.get(position.pk, []))
        for position in positions.order_by("number")
    ]
    bars = bars_of(
        {
            position: (position.opened_date, _last_day(position, journal, evaluated))
            for position, journal, evaluated in cells
        }
    )
    return [
        history_of(position, CellRows(journal=journal, evaluated=evaluated, bars=bars[position.pk]), facts)
        for position, journal, evaluated in cells
    ], facts


def history_of(position: Position, rows: CellRows, facts: Facts, since: Earlier = BEGINNING) -> CellHistory:
    """Put together what the rows of one cell tell, from its opening or from an earlier moment on."""
    before = [] if since.mark is None else [since.mark]
    seen = [*(row.mark() for row in rows.evaluated), *trade_marks(rows.journal, facts.trades)]
    marks = [*before, *rows.bars, *seen]
    track = PriceTrack(marks, facts.events.actions.get(position.pk, []))
    return CellHistory(
        position=position,
        entries=_entries(rows.journal, facts, track.worth_at, since.entry_day),
        track=track,
        inside={trading_date(row.at): row.is_inside() for row in rows.evaluated},
        pending=since.pending + sum((row.receivable for row in rows.journal), ZERO),
        rows=rows,
    )


def _entries(
    journal: Sequence[JournalRow], facts: Facts, worth: Worth, day: date
) -> tuple[tuple[date, Entry], ...]:
    entries = []
    for row in journal:
        day = max(day, trading_date(row.at))  # what was booked later isn't of an earlier day
        entries.append((day, _ENTRIES[row.cause_kind](row, facts, worth)))
    return tuple(entries)


def _opening(row: JournalRow, facts: Facts, worth: Worth) -> Entry:
    """An anchor is what the last trade was made at, so the first one is what the shares cost."""
    anchor = facts.events.opening_anchors.get(row.position_id)
    price = worth(row.at) if anchor is None else anchor
    return Entry(kind=Kind.FLOW, cash=row.cash, qty=row.qty, share_price=price)


def _cash(row: JournalRow, facts: Facts, worth: Worth) -> Entry:
    return Entry(kind=Kind.FLOW, cash=row.cash)


def _correction(row: JournalRow, facts: Facts, worth: Worth) -> Entry:
    kind = kind_of_correction(row.cash, row.qty)
    price = worth(row.at) if row.qty else None
    return Entry(kind=kind, cash=row.cash, qty=row.qty, share_price=price)


def _trade(row: JournalRow, facts: Facts, worth: Worth) -> Entry:
    commission = facts.trades[row.cause_id].commission
    return Entry(kind=Kind.TRADE, cash=row.cash, qty=row.qty, commission=commission)


def _ex_dividend(row: JournalRow, facts: Facts, worth: Worth) -> Entry:
    event = facts.events.dividends[row.cause_id]
    return Entry(
        kind=Kind.DIVIDEND,
        cash=row.receivable,
        gross=Decimal(event.outputs["gross"]),
        tax=Decimal(event.outputs["tax"]),
        dps=Decimal(event.inputs["dps"]),
        withholding_tax_rate=Decimal(event.inputs["withholding_tax_rate"]),
    )


def _payment(row: JournalRow, facts: Facts, worth: Worth) -> Entry:
    """What was owed is cash now: together the two stay what they were."""
    return Entry(kind=Kind.FLOW, cash=row.cash + row.receivable)


def _split(row: JournalRow, facts: Facts, worth: Worth) -> Entry:
    ratio = facts.events.splits[row.cause_id].inputs
    return Entry(kind=Kind.SPLIT, qty=row.qty, new_shares=ratio["new_shares"], old_shares=ratio["old_shares"])


_ENTRIES: dict[str, Callable[[JournalRow, Facts, Worth], Entry]] = {
    CauseKind.OPENING: _opening,
    CauseKind.CASH: _cash,
    CauseKind.ADJUSTMENT: _correction,
    CauseKind.TRADE: _trade,
    CauseKind.EX_DIVIDEND: _ex_dividend,
    CauseKind.DIVIDEND_PAYMENT: _payment,
    CauseKind.SPLIT: _split,
}


def trade_marks(journal: Sequence[JournalRow], trades: Mapping[str, TradeRow]) -> list[Mark]:
    """Return the prices of the trades, seen when they were executed but not after they were booked."""
    found = []
    for row in journal:
        if row.cause_kind == CauseKind.TRADE:
            trade = trades[row.cause_id]
            found.append(Mark(at=min(trade.executed_at, row.at), price=trade.price, source="trade"))
    return found


def bars_of(spans: Mapping[Position, tuple[date, date]]) -> dict[UUID, list[Mark]]:
    """Return each cell's stored bars of a span of days, both inclusive.

    It ends with the last day that anything was recorded of the cell: a replay lives in the past, and what
    comes after its day is its future.
    """
    if not spans:
        return {}
    start, end = min(first for first, _ in spans.values()), max(last for _, last in spans.values())
    bars = bar_marks({position.ticker for position in spans}, start, end)
    return {
        position.pk: [mark for day, mark in bars.get(position.ticker, []) if first <= day <= last]
        for position, (first, last) in spans.items()
    }


def _last_day(position: Position, journal: Sequence[JournalRow], evaluated: Sequence[EvaluationRow]) -> date:
    moments = [row.at for row in journal[-1:]] + [row.at for row in evaluated]
    return trading_date(max(moments)) if moments else position.opened_date
