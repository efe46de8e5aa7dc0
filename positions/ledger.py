"""Checks of the books, and one hash that stands for all of them."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from positions.chains import faults_in
from positions.event_types import EventType
from positions.events import position_chain
from positions.history import history_of
from positions.models import ChainHead, Event, JournalEntry, Position
from volbal.numbers import ZERO, plain
from volbal.trading_day import trading_date

Sums = tuple[Decimal, Decimal, Decimal]
# Over a bad line an order is sent, doubted and found again more often than over a good one.
TRAVEL = frozenset({EventType.ORDER_SUBMITTED, EventType.ORDER_ACCEPTED, EventType.ORDER_UNKNOWN})


def journal_faults() -> Iterator[str]:
    """Yield a sentence for every changed journal row and every balance that its journal doesn't explain."""
    yield from journal_chain_faults()
    sums = _journal_sums()
    for position in Position.objects.in_ledger_order():
        balances = (position.cash, position.qty, position.dividend_receivable)
        booked = sums.get(position.pk, (ZERO, ZERO, ZERO))
        for name, balance, total in zip(("cash", "qty", "receivable"), balances, booked, strict=True):
            if balance != total:
                yield (
                    f"Position {position.pk} ({position}): {name} is {plain(balance)}, "
                    f"its journal sums to {plain(total)}."
                )


def journal_chain_faults() -> Iterator[str]:
    """Yield a sentence for every journal row that was changed, is missing or doesn't follow."""
    yield from faults_in(JournalEntry.objects.all(), _heads("journal/"))


def event_faults() -> Iterator[str]:
    """Yield a sentence for every event that was changed, is missing or doesn't follow."""
    heads = {chain: head for chain, head in _heads("").items() if not chain.startswith("journal/")}
    yield from faults_in(Event.objects.all(), heads)
    for position in Position.objects.in_ledger_order():
        if position_chain(position) not in heads:
            yield f"Position {position.pk} ({position}): it has no events."


def ledger_digest() -> str:
    """Hash position numbers, sequences, types, amounts and market dates; no ids, no wall time.

    How messages to a broker travelled doesn't count, only what came of them: TRAVEL is left out, and the
    other events are numbered anew.
    """
    digest = hashlib.sha256()
    for position in Position.objects.in_ledger_order().select_related("tenant"):
        for line in _digest_lines(position):
            digest.update(json.dumps(line, separators=(",", ":")).encode() + b"\n")
    return digest.hexdigest()


def _heads(prefix: str) -> dict[str, ChainHead]:
    return {head.chain: head for head in ChainHead.objects.filter(chain__startswith=prefix)}


def _journal_sums() -> dict[Any, Sums]:
    """Add up every position's journal in Python: SQL's SUM is a float on SQLite."""
    sums: dict[Any, Sums] = defaultdict(lambda: (ZERO, ZERO, ZERO))
    rows = JournalEntry.objects.values_list("position_id", "cash_delta", "qty_delta", "receivable_delta")
    for position_id, cash, qty, receivable in rows.iterator(chunk_size=5000):
        had = sums[position_id]
        sums[position_id] = (had[0] + cash, had[1] + qty, had[2] + receivable)
    return sums


def _digest_lines(position: Position) -> Iterator[list[object]]:
    state = position.state()
    yield ["position", position.number, position.ticker, *map(_text, _balances(position))]
    yield ["state", state.anchor_price and plain(state.anchor_price), position.status]
    told = history_of(position).exclude(type__in=TRAVEL).order_by("seq")
    for number, event in enumerate(told, start=1):
        yield ["event", number, event.type, trading_date(event.ts).isoformat()]
    for row in position.journal.order_by("seq"):
        amounts = (row.cash_delta, row.qty_delta, row.receivable_delta)
        yield [
            "journal",
            row.seq,
            row.cause_kind,
            *map(_text, amounts),
            trading_date(row.at).isoformat(),
        ]


def _balances(position: Position) -> tuple[Decimal, ...]:
    return (
        position.qty,
        position.cash,
        position.dividend_receivable,
        position.reserved_cash,
        position.reserved_qty,
    )


def _text(value: Decimal) -> str:
    return plain(value)
