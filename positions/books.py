"""The books of one position: the only place where cash, shares and receivables move."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from accounts.prepared import update_row
from accounts.transactions import Stamp, require_unit_of_work
from positions.chains import append
from positions.models import CauseKind, JournalEntry, Position
from volbal.errors import InsufficientCash, InsufficientShares, OutOfRange
from volbal.fills import require_in_range
from volbal.numbers import MONEY_PLACES, QTY_PLACES, ZERO, plain, require_places

MONEY_COLUMNS = [
    "qty",
    "cash",
    "dividend_receivable",
    "anchor_price",
    "reserved_cash",
    "reserved_qty",
    "updated_at",
]


@dataclass(frozen=True, slots=True)
class Cause:
    """What moved the books: a kind and the id of the row or event that tells the rest."""

    kind: CauseKind
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """Changes of cash and receivable in dollars and of shares; negative takes away."""

    cash: Decimal = ZERO
    qty: Decimal = ZERO
    receivable: Decimal = ZERO


def book(position: Position, movement: Movement, cause: Cause, *, stamp: Stamp) -> JournalEntry:
    """Move the balances of a locked position and write the journal row that says so.

    Raises InsufficientCash, InsufficientShares, OutOfRange, or InvalidNumber for an amount with more places
    than the books keep; then nothing has changed.
    """
    require_unit_of_work()
    require_places(movement.cash, MONEY_PLACES, "cash")
    require_places(movement.qty, QTY_PLACES, "qty")
    require_places(movement.receivable, MONEY_PLACES, "receivable")
    cash, qty = position.cash + movement.cash, position.qty + movement.qty
    receivable = position.dividend_receivable + movement.receivable
    _check_balances(position, cash, qty, receivable)
    position.cash, position.qty, position.dividend_receivable = cash, qty, receivable
    update_row(position, MONEY_COLUMNS)
    entry = JournalEntry(
        position=position,
        at=stamp.at,
        cause_kind=cause.kind,
        cause_id=cause.id,
        cash_delta=movement.cash,
        qty_delta=movement.qty,
        receivable_delta=movement.receivable,
        cash_after=cash,
        qty_after=qty,
        receivable_after=receivable,
    )
    return append(journal_chain(position), entry)


def journal_chain(position: Position) -> str:
    """Name the chain of a position's journal."""
    return f"journal/{position.pk}"


def free_cash(position: Position) -> Decimal:
    """Return the cash that no open order holds."""
    return Decimal(position.cash - position.reserved_cash)


def free_qty(position: Position) -> Decimal:
    """Return the shares that no open order holds."""
    return Decimal(position.qty - position.reserved_qty)


def require_free(position: Position, *, cash: Decimal = ZERO, qty: Decimal = ZERO) -> None:
    """Raise InsufficientCash or InsufficientShares unless that much is there and unreserved."""
    if cash > free_cash(position):
        raise InsufficientCash(
            f"This takes {plain(cash)} of cash; {plain(free_cash(position))} is free.",
            needed=cash,
            free=free_cash(position),
        )
    if qty > free_qty(position):
        raise InsufficientShares(
            f"This takes {plain(qty)} shares; {plain(free_qty(position))} are free.",
            needed=qty,
            free=free_qty(position),
        )


def _check_balances(position: Position, cash: Decimal, qty: Decimal, receivable: Decimal) -> None:
    if cash < position.reserved_cash:
        raise InsufficientCash(
            f"Cash would be {plain(cash)} with {plain(position.reserved_cash)} reserved.", cash=cash
        )
    if qty < position.reserved_qty:
        raise InsufficientShares(
            f"Shares would be {plain(qty)} with {plain(position.reserved_qty)} reserved.", qty=qty
        )
    if receivable < 0:
        raise OutOfRange("More dividends were paid than were expected.", receivable=receivable)
    require_in_range(replace(position.state(), cash=cash, qty=qty, dividend_receivable=receivable))
