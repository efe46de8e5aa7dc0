"""The one decision function, for any kind of number.

It uses only + - * / abs and comparisons; rounding and sizing come in as functions (`Arithmetic`), so that
live trading runs it on Decimal and a simulator may compile this very source for floats. No Decimal, no
None, no exceptions here. Percentages are points, rates fractions, `side` is +1 to buy and -1 to sell.

Source of every formula: docs/strategy.md.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from volbal.units import affordable_qty, clipped_qty, cut_qty, fill_price_of, is_below_min

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
    low: Number
    high: Number
    buying_to_low: Number
    buying_to_high: Number
    selling_to_low: Number
    selling_to_high: Number
    cost: Number
    below_min: int
    has_caps: bool


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
# the order in which ties are won. A plain tuple, because one is made for many a trade; `limits` has names.
Bounds = tuple[Number, Number, Number, Number, Number]


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

    `sells_at` and `buys_at` are in anchors, `low` and `high` fractions of the value. Buying or selling n
    until the stock share is x solves to n = (distance from x of the value) / (1 +- x of the rate): those
    divisors. `cost` is what a dollar's worth costs to buy.
    """
    low, high = low_pct / 100, high_pct / 100
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
        sells_at=(100 + up_pct) / 100,
        buys_at=(100 - down_pct) / 100,
        low=low,
        high=high,
        buying_to_low=1 + low * rate,
        buying_to_high=1 + high * rate,
        selling_to_low=1 - low * rate,
        selling_to_high=1 - high * rate,
        cost=(1 + rate) * (1 + slippage),
        below_min=below_min,
        has_caps=max_trade_pct >= 0 or max_daily >= 0,
    )


def triggered_side(price: Number, anchor: Number, sells_at: Number, buys_at: Number) -> int:
    """Compare the price with both thresholds, in anchors, inclusive, without dividing."""
    if price >= anchor * sells_at:
        return SELL
    if price <= anchor * buys_at:
        return BUY
    return NONE


def only_the_rail_ahead_limits(
    side: int,
    room: Number,
    stock: Number,
    least: Number,
    most: Number,
    value: Number,
    cash: Number,
    rules: Rules,
    day: Day,
) -> bool:
    """Say whether cash, shares and caps allow `room` dollars, and the rail behind asks for none.

    If that is a dollar more than is wanted, none of them decides, rounded or not, and none is worked out.
    `least` and `most` are what the rails allow to hold.
    """
    if side == BUY:
        if stock < least or cash < room * rules.cost:
            return False
    elif stock > most or stock < room:
        return False
    if not rules.has_caps:
        return True
    if rules.max_trade_pct >= 0 and rules.max_trade_pct * value < room * 100:
        return False
    return bool(rules.max_daily < 0 or rules.max_daily - day.notional >= room)


def bounds_for(side: int, stock: Number, value: Number, cash: Number, rules: Rules, day: Day) -> Bounds:
    """Compute every bound on the notional. A cap that is absent repeats `own`, which then wins the tie."""
    if side == BUY:
        lower = (rules.low * value - stock) / rules.buying_to_low
        upper = (rules.high * value - stock) / rules.buying_to_high
        own = cash / rules.cost
    else:
        lower = (stock - rules.high * value) / rules.selling_to_high
        upper = (stock - rules.low * value) / rules.selling_to_low
        own = stock
    if not rules.has_caps:
        return lower, upper, own, own, own
    max_trade = rules.max_trade_pct * value / 100 if rules.max_trade_pct >= 0 else own
    return lower, upper, own, max_trade, rules.max_daily - day.notional if rules.max_daily >= 0 else own


def compared(limits: Bounds, rules: Rules, ops: Arithmetic) -> Bounds:
    """Round every bound to the 12 places at which they are compared."""
    lower, upper, own, max_trade, max_daily = limits
    fixed = ops.fixed
    owned = fixed(own)
    if not rules.has_caps:
        return fixed(lower), fixed(upper), owned, owned, owned
    return fixed(lower), fixed(upper), owned, fixed(max_trade), fixed(max_daily)


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


def decide(price: Number, cell: Cell, rules: Rules, day: Day, ops: Arithmetic) -> Outcome:
    """Apply trigger, band, size, caps, rounding and minimums to one price."""
    anchor, _, _, _ = cell
    triggered = triggered_side(price, anchor, rules.sells_at, rules.buys_at)
    return decide_triggered(triggered, price, cell, rules, day, ops)


def decide_triggered(
    triggered: int, price: Number, cell: Cell, rules: Rules, day: Day, ops: Arithmetic
) -> Outcome:
    """Do what follows the trigger. A trigger that leads further out of a left band is ignored."""
    anchor, held, cash, receivable = cell
    stock = held * price
    value = stock + cash + receivable
    least, most, side = rules.low * value, rules.high * value, triggered
    if stock > most:
        side = SELL
    elif stock < least:
        side = BUY
    if side == NONE:
        zero = held * 0
        return Outcome(HOLD, NONE, False, zero, zero, zero, NO_LIMIT)
    by_trigger = triggered == side
    size = ops.size(side, price, anchor, rules.ratio, held, cash, value) if by_trigger else held * 0
    raw = ops.fixed(size)
    if not value:
        return refused(SKIP_GUARDRAIL, side, by_trigger, raw, BY_UPPER)
    if side == BUY and day.reducing:
        return refused(SKIP_REDUCING, side, by_trigger, raw, NO_LIMIT)
    if day.capped:
        return refused(SKIP_ORDER_CAP, side, by_trigger, raw, NO_LIMIT)
    room = raw * price + 1
    if by_trigger and only_the_rail_ahead_limits(side, room, stock, least, most, value, cash, rules, day):
        ahead = most - stock if side == BUY else stock - least
        return sized_to_the_rail(side, price, stock, value, cash, rules, day, ops, size, raw, room, ahead)
    return limited(side, price, stock, value, cash, rules, day, ops, by_trigger, size, raw)


def refused(verdict: int, side: int, by_trigger: bool, raw: Number, limit: int) -> Outcome:
    """Return what is asked for and not to be had."""
    zero = raw * 0
    return Outcome(verdict, side, by_trigger, raw, zero, zero, limit)


def sized_to_the_rail(
    side: int,
    price: Number,
    stock: Number,
    value: Number,
    cash: Number,
    rules: Rules,
    day: Day,
    ops: Arithmetic,
    size: Number,
    raw: Number,
    room: Number,
    ahead: Number,
) -> Outcome:
    """Round a size that nothing but the rail `ahead` dollars away may limit; hold it against the minimums.

    A dollar of room pays for the commission's rounding, but not for that of a slipped price.
    """
    limit, qty = BY_SIZING, raw
    divisor = rules.buying_to_high if side == BUY else rules.selling_to_low
    if ahead < room * divisor:
        upper = ahead / divisor
        bound = ops.fixed(upper)
        if bound <= 0:
            return refused(SKIP_GUARDRAIL, side, True, raw, BY_UPPER)
        if bound < ops.fixed(size * price):
            limit, qty = BY_UPPER, ops.fixed(upper / price)
    qty = ops.down(qty, rules.unit)
    if side == BUY and rules.slippage:
        fill_price = fill_price_of(price, rules.slippage, ops)
        qty = affordable_qty(qty, rules.unit, cash, fill_price, rules.rate, ops)
    if is_below_min(qty, price, rules, ops):
        return below_min(side, price, stock, value, cash, rules, day, ops, True, raw, qty)
    return Outcome(TRADE, side, True, raw, qty, qty, limit)


def limited(
    side: int,
    price: Number,
    stock: Number,
    value: Number,
    cash: Number,
    rules: Rules,
    day: Day,
    ops: Arithmetic,
    by_trigger: bool,
    size: Number,
    raw: Number,
) -> Outcome:
    """Clamp, round and hold against the minimums."""
    limits = bounds_for(side, stock, value, cash, rules, day)
    bounds = compared(limits, rules, ops)
    verdict, limit = no_room_by(bounds)
    if verdict != TRADE:
        return refused(verdict, side, by_trigger, raw, limit)
    limit, notional = clamped_by(size * price, limits, bounds, ops)
    qty = cut_qty(limit == BY_LOWER, notional, price, rules.unit, bounds, ops)
    if side == BUY:
        fill_price = fill_price_of(price, rules.slippage, ops)
        qty = affordable_qty(qty, rules.unit, cash, fill_price, rules.rate, ops)
    if is_below_min(qty, price, rules, ops):
        return below_min(side, price, stock, value, cash, rules, day, ops, by_trigger, raw, qty)
    return Outcome(TRADE, side, by_trigger, raw, qty, qty, limit)


def below_min(
    side: int,
    price: Number,
    stock: Number,
    value: Number,
    cash: Number,
    rules: Rules,
    day: Day,
    ops: Arithmetic,
    by_trigger: bool,
    raw: Number,
    qty: Number,
) -> Outcome:
    """Say what becomes of a trade under the minimums: raised to them, rejected, or skipped."""
    limit = BY_MIN_QTY if rules.min_qty * price >= rules.min_notional else BY_MIN_NOTIONAL
    if rules.below_min == MIN_CLIP:
        bounds = compared(bounds_for(side, stock, value, cash, rules, day), rules, ops)
        clipped = clipped_qty(side == BUY, price, cash, rules, bounds, ops)
        if clipped > 0:
            return Outcome(TRADE, side, by_trigger, raw, qty, clipped, limit)
    verdict = REJECT_BELOW_MIN if rules.below_min == MIN_REJECT and qty > 0 else SKIP_BELOW_MIN
    return Outcome(verdict, side, by_trigger, raw, qty, qty * 0, limit)
