"""What a fill does to a position."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

from volbal.errors import InsufficientCash, InsufficientShares, OutOfRange
from volbal.numbers import MONEY_LIMIT, QTY_LIMIT, ZERO, in_exact_context, plain, to_six
from volbal.values import Fill, PositionState, Side


@in_exact_context
def notional_of(qty: Decimal, price: Decimal) -> Decimal:
    """Return qty x price in dollars, half-even to 6 places."""
    return to_six(qty * price)


@in_exact_context
def commission_on(notional: Decimal, rate: Decimal) -> Decimal:
    """Return notional x rate in dollars, half-even to 6 places; `rate` 0.0001 is 1 bp."""
    return to_six(notional * rate)


@in_exact_context
def slipped_price(side: Side, price: Decimal, slippage_bps: Decimal) -> Decimal:
    """Move a price against the trade by `slippage_bps`, half-even to 6 places."""
    sign = 1 if side is Side.BUY else -1
    return to_six(price * (10_000 + sign * slippage_bps) / 10_000)


@in_exact_context
def deltas_of(fill: Fill) -> tuple[Decimal, Decimal]:
    """Return (change of shares, change of cash) that one execution makes, commission included."""
    notional = to_six(fill.qty * fill.price)
    if fill.side is Side.BUY:
        return fill.qty, -notional - fill.commission
    return -fill.qty, notional - fill.commission


@in_exact_context
def apply_fill(state: PositionState, fill: Fill) -> PositionState:
    """Return the state after `fill`. Commission is paid in cash on both sides; the anchor stays.

    Raises InsufficientCash or InsufficientShares: neither may go below zero.
    Source: docs/strategy.md, "After a fill".
    """
    qty_delta, cash_delta = deltas_of(fill)
    qty, cash = state.qty + qty_delta, state.cash + cash_delta
    if cash < 0:
        raise InsufficientCash(
            f"This needs {plain(-cash_delta)} of cash and there is {plain(state.cash)}.",
            needed=-cash_delta,
            cash=state.cash,
        )
    if qty < 0:
        raise InsufficientShares(
            f"This needs {plain(fill.qty)} shares and there are {plain(state.qty)}.",
            needed=fill.qty,
            qty=state.qty,
        )
    return replace(state, qty=qty, cash=cash)


def require_in_range(state: PositionState) -> PositionState:
    """Return `state`, or raise OutOfRange for balances that have more digits than the books keep."""
    if max(state.cash, state.dividend_receivable) >= MONEY_LIMIT or state.qty >= QTY_LIMIT:
        raise OutOfRange(
            "The books keep less than 1,000,000,000 dollars and 10,000,000 shares a position.",
            cash=state.cash,
            qty=state.qty,
        )
    return state


@in_exact_context
def average_price(fills: Iterable[tuple[Decimal, Decimal]]) -> Decimal | None:
    """Return the quantity-weighted mean of (qty, price) pairs, half-even to 6 places; None without any."""
    qty, total = ZERO, ZERO
    for one_qty, price in fills:
        qty += one_qty
        total += one_qty * price
    return to_six(total / qty) if qty else None
