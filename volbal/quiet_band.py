"""Between which prices nothing happens: where neither a threshold is reached nor the band is left.

Source: docs/strategy.md, "Where nothing happens".
"""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from volbal.numbers import MAX_PRICE, PRICE_TICK, in_exact_context
from volbal.values import GuardrailConfig, PositionState, TriggerConfig

_TICKS = 10**6


class QuietBand(NamedTuple):
    """Prices in millionths of a dollar, both included, at which the rules hold."""

    first: int
    last: int

    def contains(self, price: Decimal) -> bool:
        """Whether the rules hold at `price`, in dollars, of at most 6 places."""
        return self.first <= in_ticks(price) <= self.last


def in_ticks(price: Decimal) -> int:
    """Return a price in millionths of a dollar. It has at most 6 places."""
    return int(price.scaleb(6))


@in_exact_context
def quiet_band(
    position: PositionState, trigger: TriggerConfig, guardrail: GuardrailConfig
) -> QuietBand | None:
    """Return the prices at which `decide` answers HOLD, as long as no gate is closed; None if there are none.

    They are all the prices between two: the trigger holds in an interval round the anchor, and the stock
    share rises with the price.
    """
    anchor = position.anchor_price
    if anchor is None:
        return None
    first = _beyond(anchor * (100 - trigger.down_threshold_pct) / 100)
    last = _short_of(anchor * (100 + trigger.up_threshold_pct) / 100)
    rails = prices_inside(position.qty, position.get_effective_cash(), guardrail)
    if rails is None:
        return None
    first, last = max(first, rails.first), min(last, rails.last)
    return QuietBand(first, last) if first <= last else None


def prices_inside(qty: Decimal, cash: Decimal, guardrail: GuardrailConfig) -> QuietBand | None:
    """Return the prices at which the stock share is inside the guardrails, bounds included.

    `cash` is effective cash, in dollars. Call inside `exact()`.
    """
    low, high = guardrail.min_stock_pct, guardrail.max_stock_pct
    first, last = in_ticks(PRICE_TICK), in_ticks(MAX_PRICE)
    if qty == 0:
        return None if low > 0 and cash > 0 else QuietBand(first, last)
    first = max(first, _ceiling(low * cash, qty * (100 - low)))
    if high < 100:
        last = min(last, int(high * cash * _TICKS // (qty * (100 - high))))
    return QuietBand(first, last)


def _ceiling(dividend: Decimal, divisor: Decimal) -> int:
    """Return dividend / divisor in ticks, rounded up."""
    whole, rest = divmod(dividend * _TICKS, divisor)
    return int(whole) + (rest > 0)


def _beyond(threshold: Decimal) -> int:
    """Return the first tick above a threshold."""
    return int(threshold * _TICKS // 1) + 1


def _short_of(threshold: Decimal) -> int:
    """Return the last tick below a threshold."""
    whole, rest = divmod(threshold * _TICKS, 1)
    return int(whole) - (rest == 0)
