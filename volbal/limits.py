"""The kernel's bounds on a notional by name, for whoever explains a size."""

from __future__ import annotations

from typing import NamedTuple

from volbal.kernel import (
    BY_LOWER,
    Arithmetic,
    Bounds,
    Cell,
    Day,
    Number,
    Rules,
    bounds_for,
    clamped_by,
    no_room_by,
)
from volbal.units import cut_qty


class Limits(NamedTuple):
    """The bounds: one from below, four from above."""

    lower: Number
    upper: Number
    own: Number
    max_trade: Number
    max_daily: Number


def limits_for(side: int, price: Number, cell: Cell, rules: Rules, day: Day) -> Limits:
    """Return every bound on the notional at a price, by name."""
    stock = cell.qty * price
    value = stock + cell.cash + cell.receivable
    return Limits(*bounds_for(side, stock, value, cell.cash, rules, day))


def rounded(limits: Limits, ops: Arithmetic) -> Bounds:
    """Round bounds to the 12 places at which they are compared."""
    lower, upper, own, max_trade, max_daily = limits
    return ops.fixed(lower), ops.fixed(upper), ops.fixed(own), ops.fixed(max_trade), ops.fixed(max_daily)


def deciding_limit(wanted: Number, limits: Limits, ops: Arithmetic) -> tuple[int, Number]:
    """Clamp the wanted notional; return (which limit decided, the notional it leaves)."""
    return clamped_by(wanted, limits, rounded(limits, ops), ops)


def without_room(limits: Limits, ops: Arithmetic) -> tuple[int, int]:
    """Return (verdict, limit) of the first bound that leaves nothing, or (TRADE, NO_LIMIT)."""
    return no_room_by(rounded(limits, ops))


def rounded_qty(
    limit: int, notional: Number, price: Number, unit: Number, limits: Limits, ops: Arithmetic
) -> Number:
    """Turn a notional into whole units: toward zero, but away from it where the lower bound decided."""
    return cut_qty(limit == BY_LOWER, notional, price, unit, rounded(limits, ops), ops)
