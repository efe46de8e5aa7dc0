"""A second implementation of the decision, written from the rules alone, in exact fractions.

It shares no line with the rules it checks: numbers are `Fraction`, every rounding of the contract is one
call to `half_even`, `toward_zero` or `away_from_zero`, and limits are notionals that carry their name.
Where the contract leaves a choice, the docstring of the function that makes it says which.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from volbal.tests.exact_rounding import away_from_zero, half_even, text, toward_zero

DEFAULTS: dict[str, dict[str, Any]] = {
    "position": {"dividend_receivable": "0", "anchor_price": None},
    "trigger": {"up_threshold_pct": "3", "down_threshold_pct": "3"},
    "guardrail": {
        "min_stock_pct": "25",
        "max_stock_pct": "75",
        "max_trade_pct_of_position": None,
        "max_daily_notional": None,
        "max_orders_per_day": "5",
    },
    "order_policy": {
        "min_qty": "0",
        "min_notional": "100",
        "lot_size": "0",
        "qty_step": "0",
        "action_below_min": "hold",
        "rebalance_ratio": "1.6667",
        "order_sizing_strategy": "proportional",
        "allow_after_hours": False,
        "commission_rate": "0.0001",
        "slippage_bps": "0",
    },
    "today": {"orders": "0", "notional": "0"},
}
WORDS = {"action_below_min", "order_sizing_strategy", "ticker"}
GATES_BEFORE_THE_ANCHOR = ("halted", "paused")
GATES_OF_THE_QUOTE = ("stale_quote", "outlier_quote", "split_suspected")


@dataclass(frozen=True)
class World:
    """One input line as exact numbers, with the names of docs/strategy.md: P, A, C, V and the settings."""

    price: Fraction
    anchor: Fraction | None
    qty: Fraction
    cash: Fraction
    effective_cash: Fraction
    market_open: bool
    open_order: bool
    set: Mapping[str, Any]
    gates: Mapping[str, bool] = field(default_factory=dict)

    @property
    def stock(self) -> Fraction:
        return self.qty * self.price

    @property
    def value(self) -> Fraction:
        return self.stock + self.effective_cash

    @property
    def low(self) -> Fraction:
        return self.set["min_stock_pct"] / 100

    @property
    def high(self) -> Fraction:
        return self.set["max_stock_pct"] / 100

    @property
    def rate(self) -> Fraction:
        return self.set["commission_rate"]

    @property
    def unit(self) -> Fraction:
        return self.set["lot_size"] or self.set["qty_step"] or Fraction(1, 10**8)


@dataclass(frozen=True)
class Limit:
    """A notional with the name under which it may become `binding_limit`; `why` is the SKIP it can cause."""

    name: str
    notional: Fraction
    why: str | None = None

    @property
    def compared(self) -> Fraction:
        return half_even(self.notional, 12)

    def shares_at(self, price: Fraction) -> Fraction:
        return half_even(self.notional / price, 12)


@dataclass(frozen=True)
class Wish:
    """What trigger and band ask for: a side, why, and the trigger's size in shares (0 without one)."""

    side: str
    reason: str
    size: Fraction


def read_world(line: Mapping[str, Any], **gates: bool) -> World:
    """Turn a parsed input line into exact numbers; missing keys take the defaults."""
    settings: dict[str, Any] = {}
    for group, defaults in DEFAULTS.items():
        for name, value in {**defaults, **line.get(group, {})}.items():
            settings[name] = _number(name, value)
    return World(
        price=Fraction(str(line["quote"]["price"])),
        anchor=settings["anchor_price"],
        qty=settings["qty"],
        cash=settings["cash"],
        effective_cash=settings["cash"] + settings["dividend_receivable"],
        market_open=line.get("market_open", True),
        open_order=line.get("open_order", False),
        set=settings,
        gates=gates,
    )


def _number(name: str, value: Any) -> Any:
    if value is None or isinstance(value, bool) or name in WORDS:
        return value
    return Fraction(str(value))


# The decision


def decide(line: Mapping[str, Any], **gates: bool) -> dict[str, str | None]:
    """Answer a line with the fields of a decision, without buy_at, sell_at and the explanation."""
    world = read_world(line, **gates)
    gate = closed_gate(world)
    if gate:
        return refusal(world, gate)
    wish = wish_of(world)
    if wish is None:
        return refusal(world, "inside_band", action="HOLD")
    return answer_to(world, wish)


def closed_gate(world: World) -> str | None:
    """Return the first gate that is closed, in the order of 2.6. A closed gate is a SKIP without a side."""
    checks = [(name, world.gates.get(name, False)) for name in GATES_BEFORE_THE_ANCHOR]
    checks.append(("no_anchor", world.anchor is None))
    checks.append(("market_closed", not world.market_open and not world.set["allow_after_hours"]))
    checks += [(name, world.gates.get(name, False)) for name in GATES_OF_THE_QUOTE]
    checks.append(("duplicate", world.open_order))
    return next((name for name, closed in checks if closed), None)


def wish_of(world: World) -> Wish | None:
    """Ask trigger (2.1), then band (2.3). A trigger that leads further out of the band is ignored."""
    too_much = world.stock > world.high * world.value
    too_little = world.stock < world.low * world.value
    side = triggered_side(world)
    if side == "SELL" and not too_little:
        return Wish("SELL", "trigger_up", size_of("SELL", world))
    if side == "BUY" and not too_much:
        return Wish("BUY", "trigger_down", size_of("BUY", world))
    if too_much:
        return Wish("SELL", "guardrail_high", Fraction(0))
    if too_little:
        return Wish("BUY", "guardrail_low", Fraction(0))
    return None


def triggered_side(world: World) -> str | None:
    """Compare the price with the two thresholds, both inclusive."""
    assert world.anchor is not None
    if world.price >= world.anchor * (1 + world.set["up_threshold_pct"] / 100):
        return "SELL"
    if world.price <= world.anchor * (1 - world.set["down_threshold_pct"] / 100):
        return "BUY"
    return None


def size_of(side: str, world: World) -> Fraction:
    """Return the shares that the named strategy of 2.2 asks for."""
    assert world.anchor is not None
    ratio, strategy = world.set["rebalance_ratio"], world.set["order_sizing_strategy"]
    if strategy == "fixed_percentage":
        part = min(ratio, Fraction(1))
        return world.cash * part / world.price if side == "BUY" else world.qty * part
    portfolio_in_shares = world.value / world.price
    if strategy == "original":
        return world.anchor / world.price * ratio * portfolio_in_shares
    assert strategy == "proportional"
    return abs(world.anchor / world.price - 1) * ratio * portfolio_in_shares


def answer_to(world: World, wish: Wish) -> dict[str, str | None]:
    """Go through the checks of 2.6 that come after the trigger.

    V = 0 with a trigger is a SKIP `guardrail` before `reducing` and `daily_order_cap`: it stands with
    the trigger and the band in 2.6.
    """
    uppers = upper_limits(world, wish.side)
    if world.value == 0:
        return refusal(world, "guardrail", wish, uppers[0].name)
    if world.gates.get("reducing", False) and wish.side == "BUY":
        return refusal(world, "reducing", wish)
    cap = world.set["max_orders_per_day"]
    if cap is not None and world.set["orders"] >= cap:
        return refusal(world, "daily_order_cap", wish)
    for limit in uppers:
        if limit.why and limit.compared <= 0:
            return refusal(world, limit.why, wish, limit.name)
    qty, decided_by = sized(world, wish, uppers)
    if is_below_minimums(world, qty):
        return below_min(world, wish, qty, uppers)
    return trade(world, wish, qty, decided_by)


# Limits


def lower_limit(world: World, side: str) -> Limit:
    """Return the bound of 2.3 that brings the cell back to its nearest guardrail."""
    if side == "SELL":
        return Limit("max_stock_pct", sell_down_to(world, world.high))
    return Limit("min_stock_pct", buy_up_to(world, world.low))


def upper_limits(world: World, side: str) -> list[Limit]:
    """Return far guardrail, cash or shares, and the caps, in the order in which ties are settled."""
    if side == "SELL":
        far = Limit("min_stock_pct", sell_down_to(world, world.low), "guardrail")
        pocket = Limit("shares", world.stock, "insufficient")
    else:
        far = Limit("max_stock_pct", buy_up_to(world, world.high), "guardrail")
        pocket = Limit("cash", affordable(world), "insufficient")
    limits = [far, pocket]
    if world.set["max_trade_pct_of_position"] is not None:
        part = world.set["max_trade_pct_of_position"] / 100
        limits.append(Limit("max_trade_pct_of_position", part * world.value))
    if world.set["max_daily_notional"] is not None:
        left = world.set["max_daily_notional"] - world.set["notional"]
        limits.append(Limit("max_daily_notional", left, "daily_notional_cap"))
    return limits


def sell_down_to(world: World, bound: Fraction) -> Fraction:
    """Notional whose sale, commission paid, leaves the stock at `bound` of the value."""
    return (world.stock - bound * world.value) / (1 - bound * world.rate)


def buy_up_to(world: World, bound: Fraction) -> Fraction:
    """Notional whose purchase, commission paid, brings the stock to `bound` of the value."""
    return (bound * world.value - world.stock) / (1 + bound * world.rate)


def affordable(world: World) -> Fraction:
    """Notional at P that the cash pays for, commission and slippage included; a receivable can't pay."""
    slip = world.set["slippage_bps"] / 10000
    return world.cash / ((1 + world.rate) * (1 + slip))


# Size


def sized(world: World, wish: Wish, uppers: list[Limit]) -> tuple[Fraction, str]:
    """Return the rounded quantity (2.4) and the name of the limit that decided it (2.3)."""
    sizing = Limit("sizing", wish.size * world.price)
    lower = lower_limit(world, wish.side)
    wanted = lower if lower.compared > sizing.compared else sizing
    decided = min([wanted, *uppers], key=lambda limit: limit.compared)  # min keeps the first of equals
    shares = decided.shares_at(world.price)
    qty = toward_zero(shares, world.unit)
    if decided is lower:
        more = away_from_zero(shares, world.unit)
        qty = more if fits(world, more, uppers) else qty
    return paid_for(world, wish.side, qty), decided.name


def fits(world: World, qty: Fraction, uppers: list[Limit]) -> bool:
    """Say whether every upper limit allows so many shares: as notionals, after half-even to 12 places."""
    return all(half_even(qty * world.price, 12) <= limit.compared for limit in uppers)


def paid_for(world: World, side: str, qty: Fraction) -> Fraction:
    """Take lots off a BUY until the cash pays for its rounded cost; the cost only grows with the lots."""
    if side == "SELL" or cost(world, qty) <= world.cash:
        return qty
    good, bad = 0, int(qty / world.unit)
    while bad - good > 1:
        middle = (good + bad) // 2
        if cost(world, middle * world.unit) <= world.cash:
            good = middle
        else:
            bad = middle
    return good * world.unit


def cost(world: World, qty: Fraction) -> Fraction:
    """Return what a BUY of `qty` takes from the cash at the slipped price."""
    fill_price = half_even(world.price * (1 + world.set["slippage_bps"] / 10000), 6)
    return sum(notional_and_commission(qty, fill_price, world.rate))


def notional_and_commission(qty: Fraction, price: Fraction, rate: Fraction) -> tuple[Fraction, Fraction]:
    """Return both, each half-even to 6 places; the commission is on the rounded notional."""
    notional = half_even(qty * price, 6)
    return notional, half_even(notional * rate, 6)


# Minimums


def is_below_minimums(world: World, qty: Fraction) -> bool:
    """Compare the rounded quantity and notional with the minimums; nothing at all is below any."""
    notional = half_even(qty * world.price, 6)
    return qty == 0 or qty < world.set["min_qty"] or notional < world.set["min_notional"]


def below_min(world: World, wish: Wish, qty: Fraction, uppers: list[Limit]) -> dict[str, str | None]:
    """Answer for a trade under the minimums (2.5).

    `binding_limit` names the larger minimum whether the answer is a SKIP, a REJECT or a clipped trade.
    "A size of 0" is read as a rounded quantity of 0.
    """
    min_qty, min_notional = world.set["min_qty"], world.set["min_notional"]
    name = "min_qty" if min_qty * world.price >= min_notional else "min_notional"
    if world.set["action_below_min"] == "reject" and qty > 0:
        return refusal(world, "below_min", wish, name, action="REJECT")
    if world.set["action_below_min"] == "clip" and (min_qty or min_notional):
        smallest = half_even(max(min_qty, min_notional / world.price), 12)
        raised = away_from_zero(smallest, world.unit)
        payable = wish.side == "SELL" or cost(world, raised) <= world.cash
        if raised > 0 and payable and fits(world, raised, uppers):
            return trade(world, wish, raised, name)
    return refusal(world, "below_min", wish, name)


# Answers


def stock_pct(stock: Fraction, effective_cash: Fraction) -> Fraction | None:
    """Return the percentage of stock to 6 places; None for an empty cell."""
    value = stock + effective_cash
    return half_even(100 * stock / value, 6) if value else None


def trade(world: World, wish: Wish, qty: Fraction, decided_by: str) -> dict[str, str | None]:
    """Answer with an order. The percentage after counts the rounded notional and commission."""
    notional, commission = notional_and_commission(qty, world.price, world.rate)
    sign = 1 if wish.side == "BUY" else -1
    stock = (world.qty + sign * qty) * world.price
    cash = world.effective_cash - sign * notional - commission
    return {
        "action": wish.side,
        "reason": wish.reason,
        "side": wish.side,
        "raw_qty": text(half_even(wish.size, 12)),
        "qty": text(qty),
        "notional": text(notional),
        "commission": text(commission),
        "stock_pct_before": text(stock_pct(world.stock, world.effective_cash)),
        "stock_pct_after": text(stock_pct(stock, cash)),
        "binding_limit": decided_by,
    }


def refusal(
    world: World, reason: str, wish: Wish | None = None, limit: str | None = None, action: str = "SKIP"
) -> dict[str, str | None]:
    """Answer without an order: nothing moves, so the percentage after is the one before.

    Side and raw size are those that trigger or band wanted; a closed gate and a HOLD have none.
    """
    before = text(stock_pct(world.stock, world.effective_cash))
    return {
        "action": action,
        "reason": reason,
        "side": wish.side if wish else None,
        "raw_qty": text(half_even(wish.size, 12)) if wish else "0",
        "qty": "0",
        "notional": "0",
        "commission": "0",
        "stock_pct_before": before,
        "stock_pct_after": before,
        "binding_limit": limit,
    }
