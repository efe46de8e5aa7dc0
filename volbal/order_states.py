"""The life of an order, as a table."""

from __future__ import annotations

from enum import StrEnum

from volbal.errors import IllegalTransition


class OrderStatus(StrEnum):
    """Where an order is. `unknown` means that only the broker can say."""

    NEW = "new"
    SUBMITTED = "submitted"
    ACCEPTED = "accepted"
    PARTIALLY_FILLED = "partially_filled"
    FILLED = "filled"
    CANCEL_PENDING = "cancel_pending"
    CANCELLED = "cancelled"
    REJECTED = "rejected"
    EXPIRED = "expired"
    UNKNOWN = "unknown"


_S = OrderStatus

OPEN = frozenset({_S.NEW, _S.SUBMITTED, _S.ACCEPTED, _S.PARTIALLY_FILLED, _S.CANCEL_PENDING, _S.UNKNOWN})
FINISHED = frozenset(OrderStatus) - OPEN

_WORKING = frozenset(
    {_S.PARTIALLY_FILLED, _S.FILLED, _S.CANCEL_PENDING, _S.CANCELLED, _S.EXPIRED, _S.UNKNOWN}
)
LEGAL_MOVES: dict[OrderStatus, frozenset[OrderStatus]] = {
    _S.NEW: frozenset({_S.SUBMITTED, _S.REJECTED, _S.CANCELLED, _S.EXPIRED}),
    _S.SUBMITTED: frozenset(
        {
            _S.ACCEPTED,
            _S.PARTIALLY_FILLED,
            _S.FILLED,
            _S.REJECTED,
            _S.UNKNOWN,
            _S.CANCEL_PENDING,
            _S.CANCELLED,
            _S.EXPIRED,
        }
    ),
    _S.ACCEPTED: _WORKING,
    _S.PARTIALLY_FILLED: _WORKING,
    _S.CANCEL_PENDING: frozenset({_S.CANCELLED, _S.PARTIALLY_FILLED, _S.FILLED, _S.UNKNOWN}),
    _S.UNKNOWN: frozenset(OrderStatus) - {_S.NEW, _S.UNKNOWN},
    **{status: frozenset() for status in FINISHED},
}
# A proposal is executed by a person, so it never passes a broker on its way.
MANUAL_MOVES: dict[OrderStatus, frozenset[OrderStatus]] = {
    _S.NEW: frozenset({_S.PARTIALLY_FILLED, _S.FILLED}),
}


def may_move(old: OrderStatus, new: OrderStatus, *, manual: bool = False) -> bool:
    """Say whether an order may go from one status to the other; `manual` adds the person's moves."""
    extra = MANUAL_MOVES.get(old, frozenset()) if manual else frozenset()
    return new in LEGAL_MOVES[old] or new in extra


def check_move(old: OrderStatus, new: OrderStatus, *, manual: bool = False) -> None:
    """Raise IllegalTransition unless the table has the move."""
    if not may_move(old, new, manual=manual):
        raise IllegalTransition(f"An order that is {old} can't become {new}.", from_status=old, to_status=new)


def way_to(old: OrderStatus, new: OrderStatus) -> tuple[OrderStatus, ...]:
    """Return the moves by which what a broker says of an order becomes its status; () if the table has none.

    A broker may end an order in a way that the table has no move for (accepted, then rejected). What we
    thought of it was wrong, so it becomes `unknown` on its way there.
    """
    if new in LEGAL_MOVES[old]:
        return (new,)
    if new in FINISHED and may_move(old, _S.UNKNOWN) and may_move(_S.UNKNOWN, new):
        return (_S.UNKNOWN, new)
    return ()
