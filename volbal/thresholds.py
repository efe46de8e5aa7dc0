"""Where the next trade is: the nearest price at which the rules buy, and at which they sell.

Between two trades nothing moves but the price, and each rule is a polynomial inequality in it: with n(x)
the notional that a limit leaves at price x, n(x) x is at most a quadratic. Solving them gives intervals of
prices outside which no trade is possible (never too narrow, because every rounding is granted in favour of
a trade). Usually the edge of the trigger or of the band is the answer, and asking the rules confirms it. If
they say no, the minimums push it outwards to a root; and as whole lots cut teeth into the notional, from
there to the price at which enough lots are reached, again a root.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import NamedTuple

from volbal import kernel
from volbal.numbers import EXACT, MAX_PRICE, PRICE_TICK, ZERO
from volbal.sizing import quadratic_of

# Half a unit of the last place, granted to a trade: notional is rounded to 6 places, qty first to 12.
NOTIONAL_SLACK = Decimal("5e-7")
QTY_SLACK = Decimal("5e-13")
COMPARED_SLACK = Decimal("1e-12")
# Removes the noise of roots before a price is cut to its tick; far below any tick.
_NOISE = Decimal("1e-30")
# One or two confirming calls are the rule. More are needed only where a cap is within a lot of a minimum, so
# that few prices fit between the two; then each call advances by at least a tick, and this many are made.
_MOST_CALLS = 500


class Interval(NamedTuple):
    """Prices from `low` to `high`, both included."""

    low: Decimal
    high: Decimal


class Quadratic(NamedTuple):
    """a x^2 + b x + c."""

    a: Decimal
    b: Decimal
    c: Decimal


Region = list[Interval]
EVERYWHERE: Region = [Interval(PRICE_TICK, MAX_PRICE)]


class Question(NamedTuple):
    """Everything but the price, and the side that is asked for."""

    side: int
    cell: kernel.Cell
    rules: kernel.Rules
    day: kernel.Day
    ops: kernel.Arithmetic


class Search(NamedTuple):
    """One side's rules as zones of prices, and its limits as quadratics in the price.

    `raises`: the trade is one that `clip` raises to the minimums, so it only needs the caps' room.
    """

    side: int
    rules: kernel.Rules
    trigger_zone: Region
    band_zone: Region
    untriggered: Region
    sizing: Quadratic
    lower: Quadratic
    caps: tuple[Quadratic, ...]
    raises: bool


def nearest_trade(
    side: int, price: Decimal, cell: kernel.Cell, rules: kernel.Rules, day: kernel.Day, ops: kernel.Arithmetic
) -> Decimal | None:
    """Return the nearest 6-place price strictly below (buy) or above (sell) at which the rules trade.

    None if there is none. Call inside `exact()`. Source: docs/strategy.md, "The next trade".
    """
    if day.capped or (side == kernel.BUY and day.reducing):
        return None
    zones = _zones(side, cell, rules)
    edge = _nearest_tick(_unite(*zones), side, price)
    question = Question(side, cell, rules, day, ops)
    if edge is None or _trades(question, edge):
        return edge
    return _nearer(side, [_walk(question, search, edge) for search in _searches(question, zones)])


def _walk(question: Question, search: Search, edge: Decimal) -> Decimal | None:
    """Go outwards from `edge`, which does not trade, from one possible price to the next."""
    region = _attaining(search, _least_units(search.rules), _least_notional(search.rules))
    candidate = _nearest_tick(region, search.side, edge)
    for _ in range(_MOST_CALLS):
        if candidate is None or _trades(question, candidate):
            return candidate
        candidate = _next_candidate(search, region, candidate)
    return None


def _nearer(side: int, prices: Iterable[Decimal | None]) -> Decimal | None:
    nearest = max if side == kernel.BUY else min
    return nearest((price for price in prices if price is not None), default=None)


def _trades(question: Question, price: Decimal) -> bool:
    side, cell, rules, day, ops = question
    outcome = kernel.decide(price, cell, rules, day, ops)
    return outcome.verdict == kernel.TRADE and outcome.side == side


def _searches(question: Question, zones: tuple[Region, Region]) -> list[Search]:
    """Return one search for trades that reach the minimums by themselves, with `clip` one for raised ones."""
    search, rules = _search(question, zones), question.rules
    if rules.below_min == kernel.MIN_CLIP and (rules.min_qty or rules.min_notional):
        return [search, search._replace(raises=True)]
    return [search]


def _search(question: Question, zones: tuple[Region, Region]) -> Search:
    side, cell, rules, day, ops = question
    near, far = (rules.low_pct, rules.high_pct) if side == kernel.BUY else (rules.high_pct, rules.low_pct)
    effective = cell.cash + cell.receivable
    trigger_zone, band_zone = zones
    sizing = quadratic_of(ops.size, side, cell.anchor, rules.ratio, cell.qty, cell.cash, effective)
    return Search(
        side,
        rules,
        trigger_zone,
        band_zone,
        _untriggered(side, cell, rules),
        Quadratic(*sizing),
        _bound(side, near, cell, rules),
        (_bound(side, far, cell, rules), *_caps(side, cell, rules, day)),
        raises=False,
    )


def _zones(side: int, cell: kernel.Cell, rules: kernel.Rules) -> tuple[Region, Region]:
    """Return the prices where the trigger asks for this side, and those where the band does."""
    if side == kernel.BUY:
        threshold = cell.anchor * (100 - rules.down_pct) / 100
        top, bottom = _price_at_pct(cell, rules.high_pct), _price_at_pct(cell, rules.low_pct)
        return _below(_least(threshold, top)), _below(bottom)
    threshold = cell.anchor * (100 + rules.up_pct) / 100
    top, bottom = _price_at_pct(cell, rules.high_pct), _price_at_pct(cell, rules.low_pct)
    trigger_zone = [] if bottom is None else _above(max(threshold, bottom))
    return trigger_zone, [] if top is None else _above(top)


def _untriggered(side: int, cell: kernel.Cell, rules: kernel.Rules) -> Region:
    """Return the prices at which the trigger does not ask for this side."""
    if side == kernel.BUY:
        return _above(cell.anchor * (100 - rules.down_pct) / 100)
    return _below(cell.anchor * (100 + rules.up_pct) / 100)


def _price_at_pct(cell: kernel.Cell, pct: Decimal) -> Decimal | None:
    """Return the price at which stock is exactly `pct`; None if no price is high enough."""
    if pct == 0:
        return ZERO
    if cell.qty == 0 or pct == 100:
        return None
    return Decimal(pct * (cell.cash + cell.receivable) / ((100 - pct) * cell.qty))


def _least(one: Decimal, other: Decimal | None) -> Decimal:
    return one if other is None else min(one, other)


def _below(price: Decimal | None) -> Region:
    return EVERYWHERE if price is None else _clip([Interval(PRICE_TICK, price)])


def _above(price: Decimal) -> Region:
    return _clip([Interval(price, MAX_PRICE)])


def _bound(side: int, pct: Decimal, cell: kernel.Cell, rules: kernel.Rules) -> Quadratic:
    """Return price x `notional_to_reach(pct)` as a quadratic."""
    divisor = 100 + side * pct * rules.rate
    effective = cell.cash + cell.receivable
    return Quadratic(side * (pct - 100) * cell.qty / divisor, side * pct * effective / divisor, ZERO)


def _caps(side: int, cell: kernel.Cell, rules: kernel.Rules, day: kernel.Day) -> list[Quadratic]:
    caps = []
    if side == kernel.BUY:
        cash = cell.cash / ((1 + rules.rate) * (1 + rules.slippage))
        caps.append(Quadratic(ZERO, cash, ZERO))
    else:
        caps.append(Quadratic(cell.qty, ZERO, ZERO))
    if rules.max_trade_pct >= 0:
        part = rules.max_trade_pct / 100
        caps.append(Quadratic(part * cell.qty, part * (cell.cash + cell.receivable), ZERO))
    if rules.max_daily >= 0:
        caps.append(Quadratic(ZERO, rules.max_daily - day.notional, ZERO))
    return caps


def _least_notional(rules: kernel.Rules) -> Decimal:
    return max(Decimal(rules.min_notional) - NOTIONAL_SLACK, ZERO)


def _least_units(rules: kernel.Rules) -> Decimal:
    units = Decimal(rules.min_qty) / rules.unit
    return max(Decimal(units.to_integral_value(ROUND_CEILING)), Decimal(1))


def _attaining(search: Search, units: Decimal, notional: Decimal) -> Region:
    """Return where the limits leave at least `units` lots or steps and at least `notional` dollars."""
    least = units * search.rules.unit - QTY_SLACK
    zone = _wanting(search, least, notional)
    for cap in search.caps:
        if not zone:
            break
        zone = _intersect(zone, _where(cap, least, notional))
    return zone


def _wanting(search: Search, least: Decimal, notional: Decimal) -> Region:
    """Return where trigger or band ask for that much, or, when it is raised to it, for anything."""
    trigger_zone, band_zone, rules = search.trigger_zone, search.band_zone, search.rules
    if search.raises:
        return _unite(trigger_zone, band_zone)
    if trigger_zone:
        trigger_zone = _intersect(trigger_zone, _where(search.sizing, least, notional))
    if band_zone:
        rounded_up = search.lower._replace(a=search.lower.a + rules.unit)
        band_zone = _intersect(_led_by_band(search), _where(rounded_up, least, notional))
    return _unite(trigger_zone, band_zone)


def _led_by_band(search: Search) -> Region:
    """Return where the lower bound, which rounds up, decides: no trigger, or a smaller size than it."""
    lower, sizing = search.lower, search.sizing
    not_smaller = _nonnegative(lower.a - sizing.a, lower.b - sizing.b + COMPARED_SLACK, lower.c - sizing.c)
    untriggered, triggered = search.untriggered, _intersect(search.band_zone, not_smaller)
    return _unite(_intersect(search.band_zone, untriggered), triggered)


def _where(limit: Quadratic, least: Decimal, notional: Decimal) -> Region:
    """Return where a limit, given as n(x) x, leaves `least` shares and `notional` dollars."""
    region = _nonnegative(limit.a - least, limit.b, limit.c)
    if notional and region:
        region = _intersect(region, _nonnegative(limit.a + QTY_SLACK, limit.b - notional, limit.c))
    return region


def _nonnegative(a: Decimal, b: Decimal, c: Decimal) -> Region:
    """Return the positive prices x with a x^2 + b x + c >= 0."""
    if c == 0:
        return _nonnegative_line(a, b)
    if a == 0:
        return _nonnegative_line(b, c)
    square = b * b - 4 * a * c
    if square < 0:
        return EVERYWHERE if a > 0 else []
    root = square.sqrt(EXACT)
    one, other = (-b - root) / (2 * a), (-b + root) / (2 * a)
    if a < 0:
        return _clip([Interval(other, one)])
    return _clip([Interval(PRICE_TICK, one), Interval(other, MAX_PRICE)])


def _nonnegative_line(b: Decimal, c: Decimal) -> Region:
    if b == 0:
        return EVERYWHERE if c >= 0 else []
    return _clip([Interval(-c / b, MAX_PRICE) if b > 0 else Interval(PRICE_TICK, -c / b)])


def _clip(region: Region) -> Region:
    return [
        Interval(max(low, PRICE_TICK), min(high, MAX_PRICE))
        for low, high in region
        if high >= PRICE_TICK and low <= MAX_PRICE and low <= high
    ]


def _intersect(one: Region, other: Region) -> Region:
    return [
        Interval(max(a.low, b.low), min(a.high, b.high))
        for a in one
        for b in other
        if max(a.low, b.low) <= min(a.high, b.high)
    ]


def _unite(one: Region, other: Region) -> Region:
    return one + other if one and other else one or other


def _nearest_tick(region: Region, side: int, price: Decimal) -> Decimal | None:
    """Return the tick inside the region that is nearest to `price`, strictly beyond it."""
    if side == kernel.BUY:
        ticks = [_tick(min(high, price - PRICE_TICK), ROUND_FLOOR) for low, high in region if low < price]
        return max((tick for tick in ticks if tick > 0), default=None)
    ticks = [_tick(max(low, price + PRICE_TICK), ROUND_CEILING) for low, high in region if high > price]
    return min((tick for tick in ticks if tick <= MAX_PRICE), default=None)


def _tick(price: Decimal, rounding: str) -> Decimal:
    return price.quantize(_NOISE, context=EXACT).quantize(PRICE_TICK, rounding, EXACT)


def _next_candidate(search: Search, region: Region, price: Decimal) -> Decimal | None:
    """Return the next price that can trade, after the rules refused `price` for too few lots.

    Going down, ever more lots are needed, so the next chance is where today's need is met. Going up,
    it is also where one lot fewer is enough.
    """
    rules = search.rules
    notional = _least_notional(rules)
    units = max(_least_units(rules), (notional / (price * rules.unit)).to_integral_value(ROUND_CEILING))
    here = _nearest_tick(_attaining(search, units, notional), search.side, price)
    if search.side == kernel.BUY or units <= _least_units(rules):
        return here
    fewer_from = notional / ((units - 1) * rules.unit)
    beyond = max(price, _tick(fewer_from, ROUND_CEILING) - PRICE_TICK)
    fewer = _nearest_tick(region, search.side, beyond)
    return min((x for x in (here, fewer) if x is not None), default=None)
