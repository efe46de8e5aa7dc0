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
    """Effective settings. A negative `max_trade_pct` or `max_daily` means no limit.

    Those after `unit` follow from the others, so that they are worked out once: see `complete_rules`.
    """

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
    sells_at: Number
    buys_at: Number
    buying_to_low: Number
    buying_to_high: Number
    selling_to_low: Number
    selling_to_high: Number
    cost: Number
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


# Bounds on the notional: one from below, four from above (guardrail, own, cap on a trade, cap on a day), in
# the order in which ties are won. A plain tuple, because one is made for every trade.
Bounds = tuple[Number, Number, Number, Number, Number]


class Limits(NamedTuple):
    """The same bounds by name, for whoever explains a size."""

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


def complete_rules(
    up_pct: Number,
    down_pct: Number,
    low_pct: Number,
    high_pct: Number,
    max_trade_pct: Number,
    max_daily: Number,
    ratio: Number,
    rate: Number,
    slippage: Number,
    min_qty: Number,
    min_notional: Number,
    unit: Number,
    below_min: int,
) -> Rules:
    """Return the rules with what follows from them.

    `sells_at` and `buys_at` are in % of the anchor. Buying or selling n until the stock share is x % solves
    to n = (distance from x % of the value) / (1 +- x % of the rate): those divisors, times 100. `cost` is
    what a dollar's worth costs to buy.
    """
    return Rules(
        up_pct=up_pct,
        down_pct=down_pct,
        low_pct=low_pct,
        high_pct=high_pct,
        max_trade_pct=max_trade_pct,
        max_daily=max_daily,
        ratio=ratio,
        rate=rate,
        slippage=slippage,
        min_qty=min_qty,
        min_notional=min_notional,
        unit=unit,
        sells_at=100 + up_pct,
        buys_at=100 - down_pct,
        buying_to_low=100 + low_pct * rate,
        buying_to_high=100 + high_pct * rate,
        selling_to_low=100 - low_pct * rate,
        selling_to_high=100 - high_pct * rate,
        cost=(1 + rate) * (1 + slippage),
        below_min=below_min,
    )


def triggered_side(price: Number, anchor: Number, sells_at: Number, buys_at: Number) -> int:
    """Compare the price with both thresholds, in % of the anchor, inclusive, without dividing."""
    points = price * 100
    if points >= anchor * sells_at:
        return SELL
    if points <= anchor * buys_at:
        return BUY
    return NONE


def bounds_for(side: int, stock: Number, value: Number, cash: Number, rules: Rules, day: Day) -> Bounds:
    """Compute every bound on the notional. A cap that is absent repeats `own`, which then wins the tie."""
    if side == BUY:
        lower = (rules.low_pct * value - stock * 100) / rules.buying_to_low
        upper = (rules.high_pct * value - stock * 100) / rules.buying_to_high
        own = cash / rules.cost
    else:
        lower = (stock * 100 - rules.high_pct * value) / rules.selling_to_high
        upper = (stock * 100 - rules.low_pct * value) / rules.selling_to_low
        own = stock
    max_trade = rules.max_trade_pct * value / 100 if rules.max_trade_pct >= 0 else own
    return lower, upper, own, max_trade, rules.max_daily - day.notional if rules.max_daily >= 0 else own


def compared(limits: Bounds, rules: Rules, ops: Arithmetic) -> Bounds:
    """Round every bound to the 12 places at which they are compared."""
    lower, upper, own, max_trade, max_daily = limits
    fixed = ops.fixed
    owned = fixed(own)
    return (
        fixed(lower),
        fixed(upper),
        owned,
        fixed(max_trade) if rules.max_trade_pct >= 0 else owned,
        fixed(max_daily) if rules.max_daily >= 0 else owned,
    )


def clamped_by(wanted: Number, limits: Bounds, bounds: Bounds, ops: Arithmetic) -> tuple[int, Number]:
    """Clamp the wanted notional; return (which limit decided, the notional it leaves).

    `bounds` are the limits as they are compared.
    """
    lower, upper, own, max_trade, max_daily = bounds
    limit, notional, clamped = BY_SIZING, wanted, ops.fixed(wanted)
    if lower > clamped:
        limit, notional, clamped = BY_LOWER, limits[0], lower
    if upper < clamped:
        limit, notional, clamped = BY_UPPER, limits[1], upper
    if own < clamped:
        limit, notional, clamped = BY_OWN, limits[2], own
    if max_trade < clamped:
        limit, notional, clamped = BY_MAX_TRADE, limits[3], max_trade
    if max_daily < clamped:
        limit, notional = BY_MAX_DAILY, limits[4]
    return limit, notional


def no_room_by(bounds: Bounds) -> tuple[int, int]:
    """Return (verdict, limit) of the first bound that leaves nothing, or (TRADE, NO_LIMIT)."""
    _, upper, own, _, max_daily = bounds
    if upper <= 0:
        return SKIP_GUARDRAIL, BY_UPPER
    if own <= 0:
        return SKIP_INSUFFICIENT, BY_OWN
    if max_daily <= 0:
        return SKIP_NOTIONAL_CAP, BY_MAX_DAILY
    return TRADE, NO_LIMIT


def is_allowed(qty: Number, price: Number, bounds: Bounds, ops: Arithmetic) -> bool:
    """Say whether a quantity stays under every bound from above."""
    _, upper, own, max_trade, max_daily = bounds
    notional = ops.fixed(qty * price)
    return bool(notional <= upper and notional <= own and notional <= max_trade and notional <= max_daily)


def cut_qty(
    limit: int, notional: Number, price: Number, unit: Number, bounds: Bounds, ops: Arithmetic
) -> Number:
    """Turn a notional into shares: toward zero, but away from it where the lower bound decided."""
    qty = ops.fixed(notional / price)
    if limit == BY_LOWER:
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
    """Compare the rounded quantity and the rounded notional with the minimums; zero is below any."""
    return bool(qty <= 0 or qty < rules.min_qty or ops.money(qty * price) < rules.min_notional)


def fill_price_of(price: Number, slippage: Number, ops: Arithmetic) -> Number:
    """Return what a purchase is reckoned with: the price moved against it."""
    return ops.money(price * (1 + slippage)) if slippage else price


def clipped_qty(
    side: int, price: Number, cash: Number, rules: Rules, bounds: Bounds, ops: Arithmetic
) -> Number:
    """Return the smallest quantity that meets both minimums, or zero if a bound forbids it."""
    least = rules.min_qty
    if least * price < rules.min_notional:
        least = rules.min_notional / price
    qty = ops.up(ops.fixed(least), rules.unit)
    if not is_allowed(qty, price, bounds, ops):
        return qty * 0
    fill_price = fill_price_of(price, rules.slippage, ops)
    if side == BUY and cost_of(qty, fill_price, rules.rate, ops) > cash:
        return qty * 0
    return qty


def decide(price: Number, cell: Cell, rules: Rules, day: Day, ops: Arithmetic) -> Outcome:
    """Apply trigger, band, size, caps, rounding and minimums to one price."""
    triggered = triggered_side(price, cell.anchor, rules.sells_at, rules.buys_at)
    return decide_triggered(triggered, price, cell, rules, day, ops)


def decide_triggered(
    triggered: int, price: Number, cell: Cell, rules: Rules, day: Day, ops: Arithmetic
) -> Outcome:
    """Do what follows the trigger. A trigger that leads further out of a left band is ignored."""
    anchor, held, cash, receivable = cell
    stock = held * price
    value = stock + cash + receivable
    points, side = stock * 100, triggered
    if points > rules.high_pct * value:
        side = SELL
    elif points < rules.low_pct * value:
        side = BUY
    if side == NONE:
        zero = held * 0
        return Outcome(HOLD, NONE, False, zero, zero, zero, NO_LIMIT)
    by_trigger = triggered == side
    size = ops.size(side, price, anchor, rules.ratio, held, cash, value) if by_trigger else held * 0
    if value == 0:
        return refused(SKIP_GUARDRAIL, side, by_trigger, size, BY_UPPER, ops)
    if side == BUY and day.reducing:
        return refused(SKIP_REDUCING, side, by_trigger, size, NO_LIMIT, ops)
    if day.capped:
        return refused(SKIP_ORDER_CAP, side, by_trigger, size, NO_LIMIT, ops)
    limits = bounds_for(side, stock, value, cash, rules, day)
    return sized(side, price, cash, rules, limits, ops, by_trigger, size)


def refused(verdict: int, side: int, by_trigger: bool, size: Number, limit: int, ops: Arithmetic) -> Outcome:
    """Return what is asked for and not to be had."""
    zero = size * 0
    return Outcome(verdict, side, by_trigger, ops.fixed(size), zero, zero, limit)


def sized(
    side: int,
    price: Number,
    cash: Number,
    rules: Rules,
    limits: Bounds,
    ops: Arithmetic,
    by_trigger: bool,
    size: Number,
) -> Outcome:
    """Clamp, round and hold against the minimums."""
    bounds = compared(limits, rules, ops)
    verdict, limit = no_room_by(bounds)
    if verdict != TRADE:
        return refused(verdict, side, by_trigger, size, limit, ops)
    limit, notional = clamped_by(size * price, limits, bounds, ops)
    qty = cut_qty(limit, notional, price, rules.unit, bounds, ops)
    if side == BUY:
        fill_price = fill_price_of(price, rules.slippage, ops)
        qty = affordable_qty(qty, rules.unit, cash, fill_price, rules.rate, ops)
    raw = ops.fixed(size)
    if is_below_min(qty, price, rules, ops):
        return below_min(side, price, cash, rules, bounds, ops, by_trigger, raw, qty)
    return Outcome(TRADE, side, by_trigger, raw, qty, qty, limit)


def below_min(
    side: int,
    price: Number,
    cash: Number,
    rules: Rules,
    bounds: Bounds,
    ops: Arithmetic,
    by_trigger: bool,
    raw: Number,
    qty: Number,
) -> Outcome:
    """Say what becomes of a trade under the minimums: raised to them, rejected, or skipped."""
    limit = BY_MIN_QTY if rules.min_qty * price >= rules.min_notional else BY_MIN_NOTIONAL
    if rules.below_min == MIN_CLIP:
        clipped = clipped_qty(side, price, cash, rules, bounds, ops)
        if clipped > 0:
            return Outcome(TRADE, side, by_trigger, raw, qty, clipped, limit)
    verdict = REJECT_BELOW_MIN if rules.below_min == MIN_REJECT and qty > 0 else SKIP_BELOW_MIN
    return Outcome(verdict, side, by_trigger, raw, qty, qty * 0, limit)


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
    return cut_qty(limit, notional, price, unit, rounded(limits, ops), ops)
