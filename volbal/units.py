"""The kernel's way from a notional to whole units, for any kind of number: cut, afford, meet the minimums.

As in `kernel`, rounding comes in as functions, so that this source can be compiled for floats too.
Source: docs/strategy.md, "Caps and rounding".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from volbal.kernel import Arithmetic, Bounds, Number, Rules


def is_allowed(qty: Number, price: Number, bounds: Bounds, ops: Arithmetic) -> bool:
    """Say whether a quantity stays under every bound from above."""
    _, upper, own, max_trade, max_daily = bounds
    notional = ops.fixed(qty * price)
    return bool(notional <= upper and notional <= own and notional <= max_trade and notional <= max_daily)


def cut_qty(
    upward: bool, notional: Number, price: Number, unit: Number, bounds: Bounds, ops: Arithmetic
) -> Number:
    """Turn a notional into shares: toward zero, or away from it if `upward` and no bound forbids it."""
    qty = ops.fixed(notional / price)
    if upward:
        more = ops.up(qty, unit)
        if is_allowed(more, price, bounds, ops):
            return more
    return ops.down(qty, unit)


def cost_of(qty: Number, fill_price: Number, rate: Number, ops: Arithmetic) -> Number:
    """Return what buying costs in cash: rounded notional plus rounded commission."""
    notional = ops.money(qty * fill_price)
    return notional + ops.money(notional * rate)


def affordable_qty(
    qty: Number, unit: Number, cash: Number, fill_price: Number, rate: Number, ops: Arithmetic
) -> Number:
    """Drop units until the rounded cost fits the cash. Same as one at a time, in log steps."""
    if cost_of(qty, fill_price, rate, ops) <= cash:
        return qty
    enough = 1
    while enough * unit < qty and cost_of(qty - enough * unit, fill_price, rate, ops) > cash:
        enough = enough * 2
    too_few = enough // 2
    while enough - too_few > 1:
        middle = (enough + too_few) // 2
        if cost_of(qty - middle * unit, fill_price, rate, ops) > cash:
            too_few = middle
        else:
            enough = middle
    return qty - enough * unit if enough * unit < qty else qty * 0


def is_below_min(qty: Number, price: Number, rules: Rules, ops: Arithmetic) -> bool:
    """Compare the rounded quantity and the rounded notional with the minimums; zero is below any.

    A minimum has no more places than money: what reaches it before it is rounded does so after.
    """
    if qty <= 0 or qty < rules.min_qty:
        return True
    notional = qty * price
    return bool(notional < rules.min_notional and ops.money(notional) < rules.min_notional)


def fill_price_of(price: Number, slippage: Number, ops: Arithmetic) -> Number:
    """Return what a purchase is reckoned with: the price moved against it."""
    return ops.money(price * (1 + slippage)) if slippage else price


def clipped_qty(
    buys: bool, price: Number, cash: Number, rules: Rules, bounds: Bounds, ops: Arithmetic
) -> Number:
    """Return the smallest quantity that meets both minimums, or zero if a bound forbids it."""
    least = rules.min_qty
    if least * price < rules.min_notional:
        least = rules.min_notional / price
    qty = ops.up(ops.fixed(least), rules.unit)
    if not is_allowed(qty, price, bounds, ops):
        return qty * 0
    fill_price = fill_price_of(price, rules.slippage, ops)
    if buys and cost_of(qty, fill_price, rules.rate, ops) > cash:
        return qty * 0
    return qty
