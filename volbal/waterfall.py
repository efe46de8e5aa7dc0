"""How a size came about, step by step: asked for, caps, guardrails, rounding, minimums.

It takes the same numbers apart that `decide` puts together; a test holds the two against each other. The
steps stand in the order of the pages. `decide` clamps guardrails before caps, which comes to the same size:
a limit from above is one wherever it stands, and the lower guardrail raises no further than the caps allow.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from volbal import kernel
from volbal.decision import closed_gate
from volbal.guardrails import LIMIT_NAMES, SIDED_LIMIT_NAMES
from volbal.limits import Limits, deciding_limit, limits_for, rounded_qty, without_room
from volbal.numbers import ZERO, in_exact_context
from volbal.policy import decimal_arithmetic, kernel_cell, kernel_day, kernel_rules
from volbal.units import affordable_qty
from volbal.values import (
    DayActivity,
    Gates,
    GuardrailConfig,
    MarketQuote,
    OrderPolicyConfig,
    PositionState,
    TriggerConfig,
)


class Stage(StrEnum):
    """The steps, in their order."""

    RAW = "raw"
    CAPS = "caps"
    GUARDRAIL = "guardrail"
    STEP = "step"
    MINIMUMS = "minimums"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What one stage left of the size.

    `qty` is in shares, to 12 places before the rounding and to 8 from there on. `limit` names what changed
    the size here, as `binding_limit` does, or `step` for the rounding; None if nothing did. Where a guardrail
    raises the size it is the cap that it was raised to, if one stood in the way.
    """

    stage: Stage
    qty: Decimal
    limit: str | None


class _Sizing(NamedTuple):
    """What all the steps of one size have in common."""

    side: int
    price: Decimal
    cell: kernel.Cell
    rules: kernel.Rules
    ops: kernel.Arithmetic
    limits: Limits


@in_exact_context
def waterfall(
    *,
    position: PositionState,
    quote: MarketQuote | None,
    trigger: TriggerConfig,
    guardrail: GuardrailConfig,
    order_policy: OrderPolicyConfig,
    today: DayActivity,
    gates: Gates,
) -> tuple[Step, ...]:
    """Return the steps of the size that `decide` finds for the same values.

    () behind a closed gate, on a HOLD, and where the size was not looked for (no value, only sells allowed,
    the day's orders used up). Where a limit leaves no room the steps end with it. Raises as `decide` does.
    """
    if quote is None or closed_gate(position, order_policy, gates) is not None:
        return ()
    cell, rules = kernel_cell(position), kernel_rules(trigger, guardrail, order_policy)
    day, ops = kernel_day(today, guardrail, gates), decimal_arithmetic(order_policy)
    outcome = kernel.decide(quote.price, cell, rules, day, ops)
    if outcome.verdict in (kernel.HOLD, kernel.SKIP_REDUCING, kernel.SKIP_ORDER_CAP):
        return ()
    value = position.qty * quote.price + position.get_effective_cash()
    if not value:
        return ()
    limits = limits_for(outcome.side, quote.price, cell, rules, day)
    sizing = _Sizing(outcome.side, quote.price, cell, rules, ops, limits)
    size = ZERO
    if outcome.by_trigger:
        size = ops.size(outcome.side, quote.price, cell.anchor, rules.ratio, cell.qty, cell.cash, value)
    raw = Step(stage=Stage.RAW, qty=outcome.raw_qty, limit=None)
    verdict, limit = without_room(limits, ops)
    if verdict != kernel.TRADE:
        stage = Stage.GUARDRAIL if limit == kernel.BY_UPPER else Stage.CAPS
        return (raw, Step(stage=stage, qty=ZERO, limit=_name(outcome.side, limit)))
    return (raw, *_clamped(sizing, size * quote.price), *_rounded(sizing, size * quote.price, outcome))


def _clamped(sizing: _Sizing, wanted: Decimal) -> tuple[Step, Step]:
    """Return what the caps leave, and then the guardrails."""
    cap, left = deciding_limit(wanted, _caps_alone(sizing, wanted), sizing.ops)
    limit, allowed = deciding_limit(wanted, sizing.limits, sizing.ops)
    capped, guarded = _shares(sizing, left), _shares(sizing, allowed)
    caps = None if cap == kernel.BY_SIZING else _name(sizing.side, cap)
    rail = None if guarded == capped else _name(sizing.side, limit)
    return (
        Step(stage=Stage.CAPS, qty=capped, limit=caps),
        Step(stage=Stage.GUARDRAIL, qty=guarded, limit=rail),
    )


def _caps_alone(sizing: _Sizing, wanted: Decimal) -> Limits:
    """Return the limits without the guardrails; a cap that ties with the upper one leaves it the word."""
    limits, fixed = sizing.limits, sizing.ops.fixed
    upper = fixed(limits.upper)
    caps = (wanted if fixed(cap) == upper else cap for cap in limits[2:])
    return Limits(wanted, wanted, *caps)


def _rounded(sizing: _Sizing, wanted: Decimal, outcome: kernel.Outcome) -> tuple[Step, Step]:
    """Return what whole steps leave, and then the minimums."""
    side, price, cell, rules, ops, limits = sizing
    limit, allowed = deciding_limit(wanted, limits, ops)
    qty = paid = rounded_qty(limit, allowed, price, rules.unit, limits, ops)
    if side == kernel.BUY:
        fill_price = ops.money(price * (1 + rules.slippage))
        paid = affordable_qty(qty, rules.unit, cell.cash, fill_price, rules.rate, ops)
    cut = "cash" if paid != qty else "step" if paid != _shares(sizing, allowed) else None
    least = _name(side, outcome.limit) if outcome.qty != paid else None
    return (
        Step(stage=Stage.STEP, qty=paid, limit=cut),
        Step(stage=Stage.MINIMUMS, qty=outcome.qty, limit=least),
    )


def _shares(sizing: _Sizing, notional: Decimal) -> Decimal:
    return Decimal(sizing.ops.fixed(notional / sizing.price))


def _name(side: int, limit: int) -> str:
    return LIMIT_NAMES.get(limit) or SIDED_LIMIT_NAMES[side, limit]
