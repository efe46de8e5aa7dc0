"""The one decision function, for any kind of number.

It uses only + - * / abs and comparisons; rounding and sizing come in as functions (`Arithmetic`), so that
live trading runs it on Decimal and a simulator may compile this very source for floats. No Decimal, no
None, no exceptions here. Percentages are points, rates fractions, `side` is +1 to buy and -1 to sell.

Source of every formula: docs/strategy.md.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

Number = Any

BUY = 1
SELL = -1
NONE = 0

HOLD = 0
TRADE = 1
SKIP_REDUCING = 2
SKIP_ORDER_CAP = 3
SKIP_GUARDRAIL = 4
SKIP_INSUFFICIENT = 5
SKIP_NOTIONAL_CAP = 6
SKIP_BELOW_MIN = 7
REJECT_BELOW_MIN = 8

NO_LIMIT = 0
BY_SIZING = 1
BY_LOWER = 2
BY_UPPER = 3
BY_OWN = 4
BY_MAX_TRADE = 5
BY_MAX_DAILY = 6
BY_MIN_QTY = 7
BY_MIN_NOTIONAL = 8

MIN_HOLD = 0
MIN_REJECT = 1
MIN_CLIP = 2


class Rules(NamedTuple):
    """Effective settings. A negative `max_trade_pct` or `max_daily` means no limit."""

    up_pct: Number
    down_pct: Number
    low_pct: Number
    high_pct: Number
    max_trade_pct: Number
    max_daily: Number
    ratio: Number
    rate: Number
    slippage: Number
    min_qty: Number
    min_notional: Number
    unit: Number
    below_min: int


class Cell(NamedTuple):
    """What is held, and the last trade's price."""

    anchor: Number
    qty: Number
    cash: Number
    receivable: Number


class Day(NamedTuple):
    """What today's trading leaves: notional so far, order cap reached, only sells allowed."""

    notional: Number
    capped: bool
    reducing: bool


class Arithmetic(NamedTuple):
    """Rounding for one kind of number, and the sizing strategy.

    fixed: half-even to 12 places; money: half-even to 6; down, up: to a multiple of a unit.
    size(side, price, anchor, ratio, qty, cash, value) gives shares.
    """

    fixed: Callable[[Number], Number]
    money: Callable[[Number], Number]
    down: Callable[[Number, Number], Number]
    up: Callable[[Number, Number], Number]
    size: Callable[..., Number]


class Limits(NamedTuple):
    """Bounds on the notional: one from below, four from above, in the order in which ties are won."""

    lower: Number
    upper: Number
    own: Number
    max_trade: Number
    max_daily: Number


class Outcome(NamedTuple):
    """What the rules say: verdict, side, whether the trigger asked, sizes in shares, deciding limit."""

    verdict: int
    side: int
    by_trigger: bool
    raw_qty: Number
    sized_qty: Number
    qty: Number
    limit: int


def triggered_side(price: Number, anchor: Number, up_pct: Number, down_pct: Number) -> int:
    """Compare the price with both thresholds, inclusive, without dividing."""
    if price * 100 >= anchor * (100 + up_pct):
        return SELL
    if price * 100 <= anchor * (100 - down_pct):
        return BUY
    return NONE


def band_side(stock: Number, value: Number, low_pct: Number, high_pct: Number) -> int:
    """Say which side leads back into the band; NONE inside it, bounds included."""
    if stock * 100 > high_pct * value:
        return SELL
    if stock * 100 < low_pct * value:
        return BUY
    return NONE


def notional_to_reach(side: int, pct: Number, stock: Number, value: Number, rate: Number) -> Number:
    """Return the notional after which the stock share is exactly `pct`, commission paid."""
    return side * (pct * value - 100 * stock) / (100 + side * pct * rate)


def limits_for(side: int, price: Number, cell: Cell, rules: Rules, day: Day) -> Limits:
    """Compute every bound on the notional. A cap that is absent repeats `own`, which then wins the tie."""
    stock = cell.qty * price
    value = stock + cell.cash + cell.receivable
    near, far = (rules.low_pct, rules.high_pct) if side == BUY else (rules.high_pct, rules.low_pct)
    own = cell.cash / ((1 + rules.rate) * (1 + rules.slippage)) if side == BUY else stock
    return Limits(
        notional_to_reach(side, near, stock, value, rules.rate),
        notional_to_reach(side, far, stock, value, rules.rate),
        own,
        rules.max_trade_pct * value / 100 if rules.max_trade_pct >= 0 else own,
        rules.max_daily - day.notional if rules.max_daily >= 0 else own,
    )


def deciding_limit(wanted: Number, limits: Limits, ops: Arithmetic) -> tuple[int, Number]:
    """Clamp the wanted notional; return (which limit decided, the notional it leaves)."""
    limit, notional, clamped = BY_SIZING, wanted, ops.fixed(wanted)
    bound = ops.fixed(limits.lower)
    if bound > clamped:
        limit, notional, clamped = BY_LOWER, limits.lower, bound
    bound = ops.fixed(limits.upper)
    if bound < clamped:
        limit, notional, clamped = BY_UPPER, limits.upper, bound
    bound = ops.fixed(limits.own)
    if bound < clamped:
        limit, notional, clamped = BY_OWN, limits.own, bound
    bound = ops.fixed(limits.max_trade)
    if bound < clamped:
        limit, notional, clamped = BY_MAX_TRADE, limits.max_trade, bound
    bound = ops.fixed(limits.max_daily)
    if bound < clamped:
        limit, notional = BY_MAX_DAILY, limits.max_daily
    return limit, notional


def without_room(limits: Limits, ops: Arithmetic) -> tuple[int, int]:
    """Return (verdict, limit) of the first bound that leaves nothing, or (TRADE, NO_LIMIT)."""
    if ops.fixed(limits.upper) <= 0:
        return SKIP_GUARDRAIL, BY_UPPER
    if ops.fixed(limits.own) <= 0:
        return SKIP_INSUFFICIENT, BY_OWN
    if ops.fixed(limits.max_daily) <= 0:
        return SKIP_NOTIONAL_CAP, BY_MAX_DAILY
    return TRADE, NO_LIMIT


def is_allowed(qty: Number, price: Number, limits: Limits, ops: Arithmetic) -> bool:
    """Say whether a quantity stays under every bound from above."""
    notional = ops.fixed(qty * price)
    return bool(
        notional <= ops.fixed(limits.upper)
        and notional <= ops.fixed(limits.own)
        and notional <= ops.fixed(limits.max_trade)
        and notional <= ops.fixed(limits.max_daily)
    )


def rounded_qty(
    limit: int, notional: Number, price: Number, unit: Number, limits: Limits, ops: Arithmetic
) -> Number:
    """Turn a notional into shares: toward zero, but away from it where the lower bound decided."""
    qty = ops.fixed(notional / price)
    if limit == BY_LOWER:
        more = ops.up(qty, unit)
        if is_allowed(more, price, limits, ops):
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
    """Compare the rounded quantity and the rounded notional with the minimums; zero is below any."""
    return bool(qty <= 0 or qty < rules.min_qty or ops.money(qty * price) < rules.min_notional)


def clipped_qty(
    side: int, price: Number, cell: Cell, rules: Rules, limits: Limits, ops: Arithmetic
) -> Number:
    """Return the smallest quantity that meets both minimums, or zero if a bound forbids it."""
    least = rules.min_qty
    if least * price < rules.min_notional:
        least = rules.min_notional / price
    qty = ops.up(ops.fixed(least), rules.unit)
    if not is_allowed(qty, price, limits, ops):
        return qty * 0
    fill_price = ops.money(price * (1 + rules.slippage))
    if side == BUY and cost_of(qty, fill_price, rules.rate, ops) > cell.cash:
        return qty * 0
    return qty


def decide(price: Number, cell: Cell, rules: Rules, day: Day, ops: Arithmetic) -> Outcome:
    """Apply trigger, band, size, caps, rounding and minimums to one price."""
    triggered = triggered_side(price, cell.anchor, rules.up_pct, rules.down_pct)
    return decide_triggered(triggered, price, cell, rules, day, ops)


def decide_triggered(
    triggered: int, price: Number, cell: Cell, rules: Rules, day: Day, ops: Arithmetic
) -> Outcome:
    """Do what follows the trigger. A trigger that leads further out of a left band is ignored."""
    zero = cell.qty * 0
    stock = cell.qty * price
    value = stock + cell.cash + cell.receivable
    band = band_side(stock, value, rules.low_pct, rules.high_pct)
    side = triggered if band == NONE else band
    if side == NONE:
        return Outcome(HOLD, NONE, False, zero, zero, zero, NO_LIMIT)
    by_trigger = triggered == side
    size = zero
    if by_trigger:
        size = ops.size(side, price, cell.anchor, rules.ratio, cell.qty, cell.cash, value)
    raw = ops.fixed(size)
    if value == 0:
        return Outcome(SKIP_GUARDRAIL, side, by_trigger, raw, zero, zero, BY_UPPER)
    if side == BUY and day.reducing:
        return Outcome(SKIP_REDUCING, side, by_trigger, raw, zero, zero, NO_LIMIT)
    if day.capped:
        return Outcome(SKIP_ORDER_CAP, side, by_trigger, raw, zero, zero, NO_LIMIT)
    limits = limits_for(side, price, cell, rules, day)
    verdict, limit = without_room(limits, ops)
    if verdict != TRADE:
        return Outcome(verdict, side, by_trigger, raw, zero, zero, limit)
    return sized(side, price, cell, rules, limits, ops, by_trigger, raw, size)


def sized(
    side: int,
    price: Number,
    cell: Cell,
    rules: Rules,
    limits: Limits,
    ops: Arithmetic,
    by_trigger: bool,
    raw: Number,
    size: Number,
) -> Outcome:
    """Clamp, round and hold against the minimums a trade that has room."""
    limit, notional = deciding_limit(size * price, limits, ops)
    qty = rounded_qty(limit, notional, price, rules.unit, limits, ops)
    if side == BUY:
        fill_price = ops.money(price * (1 + rules.slippage))
        qty = affordable_qty(qty, rules.unit, cell.cash, fill_price, rules.rate, ops)
    if not is_below_min(qty, price, rules, ops):
        return Outcome(TRADE, side, by_trigger, raw, qty, qty, limit)
    limit = BY_MIN_QTY if rules.min_qty * price >= rules.min_notional else BY_MIN_NOTIONAL
    if rules.below_min == MIN_CLIP:
        clipped = clipped_qty(side, price, cell, rules, limits, ops)
        if clipped > 0:
            return Outcome(TRADE, side, by_trigger, raw, qty, clipped, limit)
    verdict = REJECT_BELOW_MIN if rules.below_min == MIN_REJECT and qty > 0 else SKIP_BELOW_MIN
    return Outcome(verdict, side, by_trigger, raw, qty, qty * 0, limit)
