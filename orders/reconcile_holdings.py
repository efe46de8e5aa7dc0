"""Comparing what a broker's account holds with what our positions add up to."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from accounts.transactions import unit_of_work
from orders.brokers.base import Broker
from orders.claims import Clock
from orders.differences import note_difference
from orders.models import DifferenceKind, Order
from orders.pausing import pause_all, positions_at
from positions.models import Position
from volbal.numbers import ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class _Books:
    """Our side: shares by ticker and cash of a broker's positions, and the tickers that are on the move."""

    shares: dict[str, Decimal]
    cash: Decimal
    moving: frozenset[str]


def compare_holdings(broker: Broker, clock: Clock) -> None:
    """Find shares and cash that differ. Raises OSError without an answer.

    A ticker with an open order is left for another time, and so is the cash while there is any: what is
    executed meanwhile would look like a difference. So would what was booked while the broker was asked.
    """
    before = _books(broker.name)
    there = broker.holdings()
    after = _books(broker.name)
    if there is None:
        return
    moving = before.moving | after.moving
    for ticker in sorted({*after.shares, *there.shares} - moving):
        ours, theirs = after.shares.get(ticker, ZERO), there.shares.get(ticker, ZERO)
        if ours == before.shares.get(ticker, ZERO) and ours != theirs:
            _note(DifferenceKind.SHARES, broker.name, ticker, ours, theirs, clock())
    if not moving and there.cash is not None and after.cash == before.cash != there.cash:
        _note(DifferenceKind.CASH, broker.name, "", after.cash, there.cash, clock())


def _books(broker_name: str) -> _Books:
    # Open orders first: what is executed in between is then on the move, or changes the sums.
    moving = frozenset(
        Order.objects.open().filter(broker=broker_name).values_list("position__ticker", flat=True)
    )
    shares: dict[str, Decimal] = defaultdict(Decimal)
    cash = ZERO
    for ticker, qty, dollars in Position.objects.filter(broker=broker_name).values_list(
        "ticker", "qty", "cash"
    ):
        shares[ticker] += qty
        cash += dollars
    return _Books(shares=dict(shares), cash=cash, moving=moving)


def _note(
    kind: DifferenceKind, broker_name: str, ticker: str, ours: Decimal, theirs: Decimal, at: datetime
) -> None:
    """Keep the difference; as long as it is there, nobody it may concern trades."""
    with unit_of_work():
        facts = {"ours": ours, "theirs": theirs}
        note_difference(kind, broker=broker_name, subject=ticker, facts=facts, found_at=at)
    pause_all(positions_at(broker_name, ticker or None), f"the broker and the books differ: {kind.label}")
