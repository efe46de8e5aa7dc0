"""Between which prices surely nothing is traded, minimums included: a safe bound for floats.

Between two trades nothing moves but the price. Every rule gives one price below which a purchase is
possible, or above which a sale is; the strictest counts. Each is solved from what the rule demands with
every rounding, and the error of the floats, granted to the trade: the prices returned may promise a trade
that the rules then refuse, but none is possible between them. `quiet_band` is the exact answer to a
narrower question (the minimums left aside).

This is plain arithmetic on floats, so that it can be compiled. Source: docs/strategy.md, "The next trade".
"""

from __future__ import annotations

from typing import NamedTuple

from volbal.kernel import Cell, Number, Rules

NEVER_BUYS = 0.0
NEVER_SELLS = 1e300
ALWAYS_BUYS = 1e300
ALWAYS_SELLS = 0.0

# Far above the error of a float (1e-16) and of the few operations here, far below any tick that matters.
GRANTED = 1e-9
LESS = 1.0 - GRANTED
MORE = 1.0 + GRANTED
# Money is rounded to 6 places before it is compared with a minimum, and quantities to 12: at the highest
# price of all that is half a thousandth of a dollar.
MONEY_GRANTED = 0.002
QTY_GRANTED = 1e-12


class StillPrices(NamedTuple):
    """No trade is possible at prices strictly between `buy_at` and `sell_at`, in dollars."""

    buy_at: float
    sell_at: float


class Least(NamedTuple):
    """What a trade has at least: dollars, and shares."""

    notional: float
    qty: float


def still_prices(cell: Cell, rules: Rules, proportional: bool) -> StillPrices:
    """Return between which prices nothing is traded on a fresh day, with every gate open.

    `cell` and `rules` hold floats; `proportional` says whether that strategy sizes the trades (the size
    bounds nothing for another one). A cell without an anchor has none of these prices.
    """
    least = least_trade(rules)
    if is_capped_to_nothing(cell, rules, least):
        return StillPrices(NEVER_BUYS, NEVER_SELLS)
    return StillPrices(
        buys_from(cell, rules, least, proportional), sells_from(cell, rules, least, proportional)
    )


def least_trade(rules: Rules) -> Least:
    """Return the minimums with the roundings granted; a trade has at least one unit."""
    notional = rules.min_notional * LESS - MONEY_GRANTED
    qty = rules.min_qty if rules.min_qty > rules.unit else rules.unit
    qty = qty * LESS - QTY_GRANTED
    return Least(notional if notional > 0.0 else 0.0, qty if qty > 0.0 else 0.0)


def is_capped_to_nothing(cell: Cell, rules: Rules, least: Least) -> bool:
    """Say whether the daily cap leaves less than the least trade at any price."""
    if rules.max_daily < 0.0:
        return False
    return bool(rules.max_daily == 0.0 or rules.max_daily * MORE < least.notional)


def buys_from(cell: Cell, rules: Rules, least: Least, proportional: bool) -> Number:
    """Return the price at or below which a purchase is possible."""
    own = cell.cash * MORE + MONEY_GRANTED
    if own < least.notional or cell.cash <= 0.0:
        return NEVER_BUYS
    by_trigger = cell.anchor * (100.0 - rules.down_pct) / 100.0 * MORE
    if proportional:
        by_trigger = lesser(by_trigger, size_reached(cell, rules, least, -1.0) * MORE)
    price = greater(by_trigger, buys_for_the_band(cell, rules, least))
    if least.qty > 0.0:
        price = lesser(price, own / least.qty)
    price = lesser(price, room_to_buy(cell, rules, least))
    return price if has_room_at(price, cell, rules, least) else NEVER_BUYS


def sells_from(cell: Cell, rules: Rules, least: Least, proportional: bool) -> Number:
    """Return the price at or above which a sale is possible."""
    if cell.qty * MORE < least.qty or cell.qty <= 0.0:
        return NEVER_SELLS
    by_trigger = cell.anchor * (100.0 + rules.up_pct) / 100.0 * LESS
    if proportional:
        by_trigger = greater(by_trigger, size_reached(cell, rules, least, 1.0) * LESS)
    price = lesser(by_trigger, sells_for_the_band(cell, rules, least))
    price = greater(price, room_to_sell(cell, rules, least))
    if rules.max_trade_pct >= 0.0:
        price = greater(price, cap_reached(cell, rules, least))
    return price


def size_reached(cell: Cell, rules: Rules, least: Least, side: float) -> Number:
    """Return the price from which the proportional size is worth the least notional.

    |anchor - x| r (q x + C) / x grows with the distance on either side, so it has one root there: that of
    r q x^2 + (r (C - anchor q) - side n) x - r anchor C = 0. `raised` sizes need no size of their own.
    """
    if rules.below_min == 2 or least.notional <= 0.0:
        return cell.anchor
    effective = cell.cash + cell.receivable
    a = rules.ratio * cell.qty
    b = rules.ratio * (effective - cell.anchor * cell.qty) - side * least.notional
    c = rules.ratio * cell.anchor * effective
    root = (b * b + 4.0 * a * c) ** 0.5
    if b > 0.0:
        return 2.0 * c / (b + root)
    if a > 0.0:
        return (root - b) / (2.0 * a)
    return NEVER_SELLS if side > 0.0 else cell.anchor


def buys_for_the_band(cell: Cell, rules: Rules, least: Least) -> Number:
    """Return the price at or below which the lower guardrail asks for a purchase of enough."""
    effective = (cell.cash + cell.receivable) * MORE
    m = rules.low_pct / 100.0
    if m <= 0.0:
        return NEVER_BUYS
    if cell.qty <= 0.0:
        return ALWAYS_BUYS
    rail = m * effective / (cell.qty * LESS * (1.0 - m))
    if rules.below_min == 2:
        return rail
    divisor = 1.0 + m * rules.rate
    slope = cell.qty * LESS * (1.0 - m) / divisor - rules.unit * MORE
    if slope <= 0.0:
        return rail
    enough = m * effective / divisor * MORE - least.notional
    return lesser(rail, enough / slope if enough > 0.0 else NEVER_BUYS)


def sells_for_the_band(cell: Cell, rules: Rules, least: Least) -> Number:
    """Return the price at or above which the upper guardrail asks for a sale of enough."""
    effective = (cell.cash + cell.receivable) * LESS
    m = rules.high_pct / 100.0
    if m >= 1.0:
        return NEVER_SELLS
    rail = m * effective / (cell.qty * MORE * (1.0 - m))
    if rules.below_min == 2:
        return rail
    divisor = 1.0 - m * rules.rate
    slope = cell.qty * MORE * (1.0 - m) / divisor + rules.unit * MORE
    return greater(rail, (m * effective / divisor * LESS + least.notional) / slope)


def room_to_buy(cell: Cell, rules: Rules, least: Least) -> Number:
    """Return the price at or below which the upper guardrail leaves room for the least purchase."""
    effective = (cell.cash + cell.receivable) * MORE
    m = rules.high_pct / 100.0
    divisor = 1.0 + m * rules.rate
    room = m * effective - least.notional * divisor * LESS
    if room <= 0.0:
        return NEVER_BUYS
    price = ALWAYS_BUYS
    if cell.qty > 0.0 and m < 1.0:
        price = room / (cell.qty * LESS * (1.0 - m))
    slope = cell.qty * LESS * (1.0 - m) + least.qty * divisor * LESS
    if slope > 0.0:
        price = lesser(price, m * effective / slope)
    return price * MORE


def room_to_sell(cell: Cell, rules: Rules, least: Least) -> Number:
    """Return the price at or above which the lower guardrail leaves room for the least sale."""
    effective = (cell.cash + cell.receivable) * LESS
    m = rules.low_pct / 100.0
    divisor = 1.0 - m * rules.rate
    price = NEVER_SELLS
    if m < 1.0:
        price = (m * effective + least.notional * divisor * LESS) / (cell.qty * MORE * (1.0 - m))
    slope = cell.qty * MORE * (1.0 - m) - least.qty * divisor * LESS
    by_qty = m * effective / slope if slope > 0.0 else NEVER_SELLS
    if slope <= 0.0 and m * effective <= 0.0:
        by_qty = ALWAYS_SELLS
    return greater(price, by_qty) * LESS


def cap_reached(cell: Cell, rules: Rules, least: Least) -> Number:
    """Return the price from which the cap on one trade allows the least notional."""
    part = rules.max_trade_pct / 100.0 * MORE
    if part <= 0.0:
        return NEVER_SELLS
    return (least.notional / part - (cell.cash + cell.receivable) * MORE) / (cell.qty * MORE) * LESS


def has_room_at(price: float, cell: Cell, rules: Rules, least: Least) -> bool:
    """Say whether the cap on one trade allows the least notional at a price, or any below it."""
    if rules.max_trade_pct < 0.0 or price >= ALWAYS_BUYS:
        return bool(rules.max_trade_pct != 0.0)
    value = (cell.qty * price + cell.cash + cell.receivable) * MORE
    allowed = rules.max_trade_pct / 100.0 * value * MORE + MONEY_GRANTED
    return bool(rules.max_trade_pct > 0.0 and allowed >= least.notional)


def lesser(one: float, other: float) -> Number:
    """Return the smaller of two."""
    return one if one < other else other


def greater(one: float, other: float) -> Number:
    """Return the larger of two."""
    return one if one > other else other
