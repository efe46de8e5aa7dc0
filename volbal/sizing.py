"""Sizing strategies: how many shares a trigger asks for. Adding one is one function.

A strategy is number-agnostic: size(side, price, anchor, ratio, qty, cash, value) -> shares, with `side`
+1 to buy and -1 to sell. On each side of the anchor its size x price^2 must be a quadratic in the price;
`thresholds` relies on it to solve for the next trade in closed form, so `sizing_strategy` checks it.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from volbal.errors import InvalidConfig
from volbal.kernel import BUY, SELL
from volbal.numbers import exact

Number = Any
Sizing = Callable[[int, Number, Number, Number, Number, Number, Number], Number]

STRATEGIES: dict[str, Sizing] = {}
DEFAULT_STRATEGY = "proportional"


def sizing_strategy(function: Sizing) -> Sizing:
    """Register a strategy under its function's name. Raises ValueError if it can't be solved for."""
    if not _is_quadratic(function):
        raise ValueError(f"{function.__name__}: size x price^2 must be a quadratic in the price")
    STRATEGIES[function.__name__] = function
    return function


def strategy_named(name: str) -> Sizing:
    """Return the registered strategy. Raises InvalidConfig for a name that is not registered."""
    try:
        return STRATEGIES[name]
    except KeyError:
        known = ", ".join(sorted(STRATEGIES))
        raise InvalidConfig(
            f"order_sizing_strategy: choose one of {known}.", field="order_sizing_strategy"
        ) from None


def quadratic_of(
    size: Sizing, side: int, anchor: Decimal, ratio: Decimal, qty: Decimal, cash: Decimal, effective: Decimal
) -> tuple[Decimal, Decimal, Decimal]:
    """Return (a, b, c) with size x price^2 = a price^2 + b price + c on the side's part of the prices.

    `effective` is cash plus receivable. Three samples determine the three coefficients.
    """
    base = anchor / 4 if side == BUY else anchor * 2
    y1, y2, y3 = (
        size(side, x, anchor, ratio, qty, cash, qty * x + effective) * x * x
        for x in (base, base * 2, base * 3)
    )
    a = (y3 - 2 * y2 + y1) / 2
    b = y2 - y1 - 3 * a
    return a / (base * base), b / base, y1 - a - b


def _is_quadratic(size: Sizing) -> bool:
    anchor, ratio, qty, cash = map(Decimal, ("80", "0.75", "7", "900"))
    with exact():
        for side, price in ((BUY, Decimal("72.5")), (SELL, Decimal("91.25"))):
            a, b, c = quadratic_of(size, side, anchor, ratio, qty, cash, cash)
            value = qty * price + cash
            direct = size(side, price, anchor, ratio, qty, cash, value) * price * price
            if abs(direct - (a * price * price + b * price + c)) > Decimal("1e-40"):
                return False
    return True


@sizing_strategy
def proportional(
    side: int, price: Number, anchor: Number, ratio: Number, qty: Number, cash: Number, value: Number
) -> Number:
    """Size grows with the distance from the anchor: |anchor/price - 1| x ratio x value/price."""
    return abs(anchor - price) * ratio * value / (price * price)


@sizing_strategy
def fixed_percentage(
    side: int, price: Number, anchor: Number, ratio: Number, qty: Number, cash: Number, value: Number
) -> Number:
    """Spend a fixed part of the cash, or sell a fixed part of the shares; at most all of it."""
    part = ratio if ratio < 1 else ratio / ratio
    return cash * part / price if side == BUY else qty * part


@sizing_strategy
def original(
    side: int, price: Number, anchor: Number, ratio: Number, qty: Number, cash: Number, value: Number
) -> Number:
    """The strategy's first form: (anchor/price) x ratio x value/price."""
    return anchor * ratio * value / (price * price)
