"""Trades that floats can tell for certain; every other bar is left to Decimal.

The kernel runs on floats, and its answer counts only if nothing hangs on their error: just below, at and
just above the price it must take the same branch, and the size must lie clear of a rounding edge by more than
the error can be. What is then booked is reckoned in whole millionths, so that the state stays exactly what
Decimal would have made it. This file is compiled (`compiled_kernel`); it has plain arithmetic and no Decimal.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from volbal.kernel import (
    BUY,
    BY_LOWER,
    BY_MAX_DAILY,
    BY_MAX_TRADE,
    BY_SIZING,
    BY_UPPER,
    NONE,
    TRADE,
    Arithmetic,
    Cell,
    Day,
    Outcome,
    Rules,
    bounds_for,
    decide,
)
from volbal.sizing import proportional
from volbal.still_prices import still_prices

# What prices and amounts are whole numbers of, per dollar, and quantities, per share.
MICRO = 1_000_000
SHARE = 100_000_000
# Products of whole numbers stay below 2^63 up to these: 40,000 dollars a share, a billion dollars.
HIGHEST_PRICE = 40_000 * MICRO
LARGEST = 10**15
LARGEST_PRODUCT = 9 * 10**18

# How far beside the price the branch must still be the same.
ASIDE = 1e-9
# A size is a few operations on numbers no larger than the cell's value: this many roundings are generous.
ROUNDINGS = 64 * 2.3e-16
# Quantities are rounded to 12 places before they are cut.
TWELFTH_PLACE = 6e-13


class Books(NamedTuple):
    """A cell in whole numbers: millionths of a dollar, and hundred-millionths of a share."""

    anchor: int
    qty: int
    cash: int
    receivable: int


class Places(NamedTuple):
    """Rules in whole numbers: the unit and the least shares in hundred-millionths, the least notional in
    millionths, the commission rate in hundred-millionths, the slippage in ten-thousandths of a basis point.
    """

    unit: int
    min_qty: int
    min_notional: int
    rate: int
    slippage: int


def as_it_is(number: float) -> float:
    """Round nothing."""
    return number


def as_in_units(number: float, unit: float) -> float:
    """Cut to no unit."""
    return number


FLOAT_OPS = Arithmetic(as_it_is, as_it_is, as_in_units, as_in_units, proportional)


def cell_of(books: Books) -> Cell:
    """Return the cell in floats, each the one nearest to its number."""
    return Cell(books.anchor / MICRO, books.qty / SHARE, books.cash / MICRO, books.receivable / MICRO)


def first_outside(prices: Any, first: int, stop: int, buy_at: float, sell_at: float) -> int:
    """Return the first bar whose price isn't strictly between the two; `stop` if there is none."""
    number = first
    for price in prices[first:stop]:
        if price <= buy_at or price >= sell_at:
            return number
        number += 1
    return stop


def next_outside(
    prices: Any, first: int, stop: int, cell: Cell, rules: Rules, proportional_size: bool
) -> int:
    """Return the first bar at which a cell may trade; `stop` if there is none."""
    buy_at, sell_at = still_prices(cell, rules, proportional_size)
    return first_outside(prices, first, stop, buy_at, sell_at)


def advance(
    prices: Any,
    ticks: Any,
    first: int,
    stop: int,
    books: Books,
    rules: Rules,
    places: Places,
    proportional_size: bool,
    records: Any,
) -> tuple[int, int, Books]:
    """Trade at closes from `first` on; return (the next bar to decide, trades recorded, the books then).

    It ends at `stop`, with the records full, or at a bar that Decimal must decide. A record is (bar, side,
    qty, price, commission) in whole numbers.
    """
    number, count = first, 0
    while number < stop and count < len(records):
        cell = cell_of(books)
        number = next_outside(prices, number, stop, cell, rules, proportional_size)
        if number == stop:
            break
        side, units = certain_trade(prices[number], cell, rules, places)
        if side == NONE:
            break
        traded, price, commission, after = booked(side, units * places.unit, ticks[number], books, places)
        if not traded:
            break
        records[count, 0], records[count, 1], records[count, 2] = number, side, units * places.unit
        records[count, 3], records[count, 4] = price, commission
        books, count, number = after, count + 1, number + 1
    return number, count, books


def certain_trade(price: float, cell: Cell, rules: Rules, places: Places) -> tuple[int, int]:
    """Return (side, units) of the trade that the rules surely make; NONE where floats can't tell."""
    day = Day(0.0, False, False)
    here = decide(price, cell, rules, day, FLOAT_OPS)
    if not is_smooth(here):
        return NONE, 0
    if not is_same(here, decide(price * (1.0 - ASIDE), cell, rules, day, FLOAT_OPS)):
        return NONE, 0
    if not is_same(here, decide(price * (1.0 + ASIDE), cell, rules, day, FLOAT_OPS)):
        return NONE, 0
    unit = places.unit / SHARE
    if here.side == BUY and not is_paid_for(here.qty + unit, price, cell.cash, rules):
        return NONE, 0
    value = cell.qty * price + cell.cash + cell.receivable
    error = (ROUNDINGS * (1.0 + rules.ratio) * value / price + TWELFTH_PLACE) / unit
    units = here.qty / unit
    error += units * ROUNDINGS
    whole = math.floor(units - error)
    if whole != math.floor(units + error) or units > LARGEST:
        return NONE, 0
    if here.limit == BY_LOWER:
        whole += 1
        if not is_surely_allowed(here.side, whole * unit * price, price, value, cell, rules, day):
            return NONE, 0
    return (here.side, int(whole)) if whole >= 1 else (NONE, 0)


def is_smooth(outcome: Outcome) -> bool:
    """Say whether it trades a size cut to whole units by a limit other than the cash.

    That is toward zero, but for a guardrail that was left and asks by itself: then it is away from it.
    """
    limit = outcome.limit
    down = limit in (BY_SIZING, BY_UPPER, BY_MAX_TRADE, BY_MAX_DAILY)
    up = limit == BY_LOWER and not outcome.by_trigger
    return bool(outcome.verdict == TRADE and (down or up))


def is_surely_allowed(
    side: int, notional: float, price: float, value: float, cell: Cell, rules: Rules, day: Day
) -> bool:
    """Say whether every bound from above leaves more than this, whatever the error of floats."""
    _, upper, own, max_trade, max_daily = bounds_for(side, cell.qty * price, value, cell.cash, rules, day)
    needed = notional + ASIDE * value + TWELFTH_PLACE
    return bool(needed < upper and needed < own and needed < max_trade and needed < max_daily)


def is_same(one: Outcome, other: Outcome) -> bool:
    """Say whether two outcomes took the same branch."""
    return bool(
        one.verdict == other.verdict
        and one.side == other.side
        and one.limit == other.limit
        and one.by_trigger == other.by_trigger
    )


def is_paid_for(qty: float, price: float, cash: float, rules: Rules) -> bool:
    """Say whether a purchase leaves some cash.

    If one unit more does, then none was dropped to pay for it, neither here nor in Decimal.
    """
    return bool(qty * price * rules.cost <= cash * (1.0 - ASIDE))


def booked(side: int, qty: int, price: int, books: Books, places: Places) -> tuple[bool, int, int, Books]:
    """Return (whether it can be booked here, fill price, commission, the books then)."""
    if price >= HIGHEST_PRICE or qty >= LARGEST:
        return False, 0, 0, books
    if qty < places.min_qty or notional_in(qty, price) < places.min_notional:
        return False, 0, 0, books
    fill_price = slipped(side, price, places.slippage)
    if fill_price >= HIGHEST_PRICE or fill_price <= 0:
        return False, 0, 0, books
    notional = notional_in(qty, fill_price)
    if notional >= LARGEST or notional > LARGEST_PRODUCT // (places.rate + 1):
        return False, 0, 0, books
    commission = half_even(notional * places.rate, SHARE, 0)
    held, cash = books.qty + side * qty, books.cash - side * notional - commission
    if held < 0 or cash < 0 or held >= LARGEST or cash >= LARGEST:
        return False, 0, 0, books
    return True, fill_price, commission, Books(fill_price, held, cash, books.receivable)


def notional_in(qty: int, price: int) -> int:
    """Return shares x price, half-even to a millionth of a dollar."""
    whole, part = qty // SHARE, qty % SHARE
    return half_even(part * price, SHARE, whole * price)


def slipped(side: int, price: int, slippage: int) -> int:
    """Return the price moved against the trade, half-even to a millionth of a dollar."""
    if slippage == 0:
        return price
    return half_even(price * (SHARE + side * slippage), SHARE, 0)


def half_even(dividend: int, divisor: int, more: int) -> int:
    """Return more + dividend / divisor, half-even to a whole number. None is below zero."""
    whole, rest = more + dividend // divisor, dividend % divisor
    if rest * 2 > divisor or (rest * 2 == divisor and whole % 2 == 1):
        whole += 1
    return whole
