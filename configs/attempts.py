"""What the rules make of a trade exactly at its threshold: the ground that `lint` stands on."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from configs.resolver import EffectiveConfig
from volbal import kernel
from volbal.limits import deciding_limit, limits_for
from volbal.numbers import PRICE_TICK, down_to, to_twelve, up_to
from volbal.policy import decimal_arithmetic, kernel_cell, kernel_day, kernel_rules
from volbal.values import DayActivity, Gates, PositionState, Side

SIDE_CODES = {Side.BUY: kernel.BUY, Side.SELL: kernel.SELL}


class Attempt(NamedTuple):
    """One side's trade at `price`, its threshold, with today's caps unused.

    `limit` is what decides the size, `left` the notional that it leaves, before lots and minimums;
    `own` what the cell can pay for or deliver; `value` the cell's, all in dollars at `price`.
    `least_qty` is the smallest number of shares that is whole lots and meets both minimums.
    """

    side: Side
    price: Decimal
    outcome: kernel.Outcome
    limit: int
    left: Decimal
    own: Decimal
    value: Decimal
    least_qty: Decimal

    @property
    def least(self) -> Decimal:
        """The smallest notional that trades."""
        return self.least_qty * self.price


def attempt_at_threshold(
    side: Side, state: PositionState, anchor: Decimal, effective: EffectiveConfig
) -> Attempt | None:
    """Ask the rules; None if the trigger's side is not the one they would take there.

    Call inside `exact()`.
    """
    price = threshold_price(side, anchor, effective)
    if price <= 0:
        return None
    policy, cell = effective.order_policy, kernel_cell(state.set_anchor_price(anchor))
    rules = kernel_rules(effective.trigger, effective.guardrail, policy)
    day, ops = kernel_day(DayActivity(), effective.guardrail, Gates()), decimal_arithmetic(policy)
    outcome = kernel.decide(price, cell, rules, day, ops)
    if outcome.side != SIDE_CODES[side] or not outcome.by_trigger:
        return None
    value = cell.qty * price + state.get_effective_cash()
    size = ops.size(outcome.side, price, anchor, rules.ratio, cell.qty, cell.cash, value)
    limits = limits_for(outcome.side, price, cell, rules, day)
    limit, left = deciding_limit(size * price, limits, ops)
    least_qty = up_to(to_twelve(max(rules.min_qty, rules.min_notional / price, rules.unit)), rules.unit)
    return Attempt(side, price, outcome, limit, left, limits.own, value, least_qty)


def threshold_price(side: Side, anchor: Decimal, effective: EffectiveConfig) -> Decimal:
    """Return the first 6-place price at which the trigger asks for this side."""
    if side is Side.BUY:
        return down_to(anchor * (100 - effective.trigger.down_threshold_pct) / 100, PRICE_TICK)
    return up_to(anchor * (100 + effective.trigger.up_threshold_pct) / 100, PRICE_TICK)
