"""The guardrails: how much may be traded so that the stock share stays inside its band."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from volbal import kernel
from volbal.fills import deltas_of
from volbal.numbers import ZERO, in_exact_context, to_six
from volbal.policy import decimal_arithmetic, kernel_cell, kernel_day, kernel_rules
from volbal.trigger import CODES, SIDES
from volbal.values import (
    DayActivity,
    Fill,
    Gates,
    GuardrailConfig,
    GuardrailDecision,
    OrderPolicyConfig,
    PositionState,
    Side,
    TradeIntent,
    TriggerConfig,
    TriggerDecision,
)

BREACH_POINTS = Decimal("0.5")

REASONS = {
    kernel.HOLD: "inside_band",
    kernel.SKIP_REDUCING: "reducing",
    kernel.SKIP_ORDER_CAP: "daily_order_cap",
    kernel.SKIP_GUARDRAIL: "guardrail",
    kernel.SKIP_INSUFFICIENT: "insufficient",
    kernel.SKIP_NOTIONAL_CAP: "daily_notional_cap",
    kernel.SKIP_BELOW_MIN: "below_min",
    kernel.REJECT_BELOW_MIN: "below_min",
}
TRADE_REASONS = {
    (kernel.BUY, True): "trigger_down",
    (kernel.SELL, True): "trigger_up",
    (kernel.BUY, False): "guardrail_low",
    (kernel.SELL, False): "guardrail_high",
}
LIMIT_NAMES = {
    kernel.BY_SIZING: "sizing",
    kernel.BY_MAX_TRADE: "max_trade_pct_of_position",
    kernel.BY_MAX_DAILY: "max_daily_notional",
    kernel.BY_MIN_QTY: "min_qty",
    kernel.BY_MIN_NOTIONAL: "min_notional",
}
SIDED_LIMIT_NAMES = {
    (kernel.BUY, kernel.BY_LOWER): "min_stock_pct",
    (kernel.BUY, kernel.BY_UPPER): "max_stock_pct",
    (kernel.BUY, kernel.BY_OWN): "cash",
    (kernel.SELL, kernel.BY_LOWER): "max_stock_pct",
    (kernel.SELL, kernel.BY_UPPER): "min_stock_pct",
    (kernel.SELL, kernel.BY_OWN): "shares",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FillVerdict:
    """Whether a finished order left the band further behind: stock % before and after, in points."""

    breached: bool
    stock_pct_before: Decimal | None
    stock_pct_after: Decimal | None


def reason_of(outcome: kernel.Outcome) -> str:
    """Name why the rules decided so."""
    if outcome.verdict == kernel.TRADE:
        return TRADE_REASONS[outcome.side, outcome.by_trigger]
    return REASONS[outcome.verdict]


def limit_name(outcome: kernel.Outcome) -> str | None:
    """Name the limit that decided the size; None where no size was looked for."""
    if outcome.limit == kernel.NO_LIMIT:
        return None
    return LIMIT_NAMES.get(outcome.limit) or SIDED_LIMIT_NAMES[outcome.side, outcome.limit]


@in_exact_context
def stock_pct(state: PositionState, price: Decimal) -> Decimal | None:
    """Return 100 x stock / (stock + effective cash), 6 places half-even; None when there is nothing."""
    stock = state.qty * price
    value = stock + state.get_effective_cash()
    return to_six(stock * 100 / value) if value else None


def distance_outside(pct: Decimal | None, config: GuardrailConfig) -> Decimal:
    """Return how many points a stock share lies outside the band; 0 inside it, or where there is nothing."""
    if pct is None:
        return ZERO
    return max(config.min_stock_pct - pct, pct - config.max_stock_pct, ZERO)


class GuardrailEvaluator:
    """Sizes a trade inside the guardrails, and judges one that was made."""

    @staticmethod
    @in_exact_context
    def evaluate(
        position_state: PositionState,
        trigger_decision: TriggerDecision,
        config: GuardrailConfig,
        price: Decimal,
        order_policy: OrderPolicyConfig | None = None,
        today: DayActivity | None = None,
    ) -> GuardrailDecision:
        """Return the trade that trigger and band allow at `price`, or the first reason against it.

        Raises InvalidConfig for an unknown sizing strategy. Source: docs/strategy.md, "Guardrails".
        """
        policy = order_policy or OrderPolicyConfig()
        outcome = kernel.decide_triggered(
            CODES[trigger_decision.side],
            price,
            kernel_cell(position_state),
            kernel_rules(TriggerConfig(), config, policy),
            kernel_day(today or DayActivity(), config, Gates()),
            decimal_arithmetic(policy),
        )
        reason, limit = reason_of(outcome), limit_name(outcome)
        side = SIDES[outcome.side]
        if outcome.verdict != kernel.TRADE or side is None:
            return GuardrailDecision(allowed=False, reason=reason, binding_limit=limit)
        intent = TradeIntent(side=side, qty=outcome.qty, reason=reason)
        return GuardrailDecision(allowed=True, reason=reason, binding_limit=limit, trade_intent=intent)

    @staticmethod
    @in_exact_context
    def validate_after_fill(
        position_state: PositionState,
        side: Side,
        fill_qty: Decimal,
        price: Decimal,
        commission: Decimal,
        config: GuardrailConfig,
    ) -> FillVerdict:
        """Judge a finished order by the state before it; both shares are taken at the fill's price.

        A breach is more than 0.5 points outside the band *and* further out than before.
        Source: docs/strategy.md, "After a fill".
        """
        qty_delta, cash_delta = deltas_of(Fill(side=side, qty=fill_qty, price=price, commission=commission))
        filled = replace(
            position_state, qty=position_state.qty + qty_delta, cash=position_state.cash + cash_delta
        )
        before, after = stock_pct(position_state, price), stock_pct(filled, price)
        distance = distance_outside(after, config)
        breached = distance > BREACH_POINTS and distance > distance_outside(before, config)
        return FillVerdict(breached=breached, stock_pct_before=before, stock_pct_after=after)
