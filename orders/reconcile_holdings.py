"""Comparing what a broker's account holds with what our positions add up to."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from accounts.transactions import unit_of_work
from orders.broker_accounts import BrokerAccount
from orders.brokers.base import Broker, Holdings
from orders.claims import Clock
from orders.connection_models import BrokerConnection
from orders.differences import note_at
from orders.models import DifferenceKind
from orders.pausing import pause_all, positions_at
from volbal.numbers import ZERO, plain


@dataclass(frozen=True, slots=True, kw_only=True)
class _Books:
    """Our side: shares by ticker and cash of a broker's positions, and the tickers that are on the move."""

    shares: dict[str, Decimal]
    cash: Decimal
    moving: frozenset[str]


def compare_holdings(account: BrokerAccount, broker: Broker, clock: Clock) -> None:
    """Find shares and cash that differ. Raises OSError without an answer.

    A ticker with an open order is left for another time, and so is the cash while there is any: what is
    executed meanwhile would look like a difference. So would what was booked while the broker was asked.
    An investor's account may hold more than the cells, but never less.
    """
    before = _books(account)
    there = broker.holdings()
    after = _books(account)
    if there is None:
        return
    if account.connection is not None:
        keep_seen(account.connection.pk, there, clock())
    moving = before.moving | after.moving
    for ticker in sorted({*after.shares, *there.shares} - moving):
        ours, theirs = after.shares.get(ticker, ZERO), there.shares.get(ticker, ZERO)
        if ours == before.shares.get(ticker, ZERO) and _differ(account, ours, theirs):
            _note(DifferenceKind.SHARES, account, ticker, ours, theirs, clock())
    is_known = there.cash is not None and after.cash == before.cash
    if not moving and is_known and _differ(account, after.cash, there.cash or ZERO):
        _note(DifferenceKind.CASH, account, "", after.cash, there.cash or ZERO, clock())


def keep_seen(connection_id: UUID, there: Holdings, at: datetime) -> None:
    """Keep what an account holds, for the page that shows it beside its cells."""
    BrokerConnection.objects.filter(pk=connection_id).update(
        seen_at=at,
        seen_cash="" if there.cash is None else plain(there.cash),
        seen_shares={ticker: plain(qty) for ticker, qty in there.shares.items()},
    )


def _differ(account: BrokerAccount, ours: Decimal, theirs: Decimal) -> bool:
    return theirs < ours if account.holds_more else theirs != ours


def _books(account: BrokerAccount) -> _Books:
    # Open orders first: what is executed in between is then on the move, or changes the sums.
    moving = frozenset(account.orders().open().values_list("position__ticker", flat=True))
    shares: dict[str, Decimal] = defaultdict(Decimal)
    cash = ZERO
    for ticker, qty, dollars in account.positions().values_list("ticker", "qty", "cash"):
        shares[ticker] += qty
        cash += dollars
    return _Books(shares=dict(shares), cash=cash, moving=moving)


def _note(
    kind: DifferenceKind, account: BrokerAccount, ticker: str, ours: Decimal, theirs: Decimal, at: datetime
) -> None:
    """Keep the difference; as long as it is there, nobody it may concern trades."""
    with unit_of_work():
        facts = {"ours": ours, "theirs": theirs}
        note_at(account, kind, subject=ticker, facts=facts, found_at=at)
    pause_all(positions_at(account, ticker or None), f"the broker and the books differ: {kind.label}")
