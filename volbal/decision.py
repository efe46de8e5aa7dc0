"""The decision: gates first, then trigger, band, size, caps, rounding and minimums."""

from __future__ import annotations

from decimal import Decimal

from volbal import explain, kernel
from volbal.errors import OutOfRange
from volbal.fills import commission_on, notional_of
from volbal.guardrails import limit_name, reason_of, stock_pct
from volbal.numbers import MAX_PRICE, ZERO, in_exact_context, to_six
from volbal.policy import decimal_arithmetic, kernel_cell, kernel_day, kernel_rules
from volbal.thresholds import nearest_trade
from volbal.trigger import SIDES
from volbal.values import (
    Action,
    DayActivity,
    Decision,
    Gates,
    GuardrailConfig,
    MarketQuote,
    OrderPolicyConfig,
    PositionState,
    Side,
    TriggerConfig,
)

_HUNDRED = Decimal(100)


def closed_gate(state: PositionState, policy: OrderPolicyConfig, gates: Gates) -> str | None:
    """Return the first reason that forbids any trade, or None. Source: docs/strategy.md, "Checks"."""
    checks = (
        ("halted", gates.halted),
        ("paused", gates.paused),
        ("no_anchor", state.anchor_price is None),
        ("market_closed", not gates.market_open and not policy.allow_after_hours),
        ("stale_quote", gates.stale_quote),
        ("outlier_quote", gates.outlier_quote),
        ("split_suspected", gates.split_suspected),
        ("duplicate", gates.open_order),
    )
    return next((reason for reason, closed in checks if closed), None)


@in_exact_context
def decide(
    *,
    position: PositionState,
    quote: MarketQuote | None,
    trigger: TriggerConfig,
    guardrail: GuardrailConfig,
    order_policy: OrderPolicyConfig,
    today: DayActivity,
    gates: Gates,
) -> Decision:
    """Decide what to do with one position at one price.

    `quote` None (it could not be fetched) needs `gates.stale_quote` or an earlier closed gate.
    Raises InvalidConfig for an unknown sizing strategy and OutOfRange when the trade's notional is too
    large for the books. Settings are taken as valid: `policy.check_config` checks them.
    Source: docs/strategy.md.
    """
    closed = closed_gate(position, order_policy, gates)
    if closed is None and quote is None:
        closed = "stale_quote"
    if closed is not None or quote is None:
        return _closed(closed or "stale_quote", position, quote)
    cell, rules = kernel_cell(position), kernel_rules(trigger, guardrail, order_policy)
    day, ops = kernel_day(today, guardrail, gates), decimal_arithmetic(order_policy)
    return _decision(
        kernel.decide(quote.price, cell, rules, day, ops),
        position,
        quote.price,
        trigger,
        guardrail,
        order_policy,
        buy_at=nearest_trade(kernel.BUY, quote.price, cell, rules, day, ops),
        sell_at=nearest_trade(kernel.SELL, quote.price, cell, rules, day, ops),
    )


def _closed(reason: str, state: PositionState, quote: MarketQuote | None) -> Decision:
    before = None if quote is None else stock_pct(state, quote.price)
    return Decision(
        action=Action.SKIP,
        reason=reason,
        side=None,
        raw_qty=ZERO,
        qty=ZERO,
        notional=ZERO,
        commission=ZERO,
        stock_pct_before=before,
        stock_pct_after=before,
        binding_limit=None,
        buy_at=None,
        sell_at=None,
        explanation=explain.of_gate(reason),
    )


def _decision(
    outcome: kernel.Outcome,
    state: PositionState,
    price: Decimal,
    trigger: TriggerConfig,
    guardrail: GuardrailConfig,
    policy: OrderPolicyConfig,
    *,
    buy_at: Decimal | None,
    sell_at: Decimal | None,
) -> Decision:
    side = SIDES[outcome.side]
    action = _action(outcome, side)
    notional = notional_of(outcome.qty, price)
    if notional > MAX_PRICE:
        raise OutOfRange("The trade's notional has more digits than the books keep.", notional=notional)
    commission = commission_on(notional, policy.commission_rate)
    before = stock_pct(state, price)
    after = _pct_after(state, price, outcome, notional, commission) if outcome.qty else before
    reason, limit = reason_of(outcome), limit_name(outcome)
    if side is None:
        sentence = explain.of_hold(state, price, trigger)
    elif outcome.verdict == kernel.TRADE:
        sentence = explain.of_trade(action, reason, outcome.qty, price, state, (before, after), limit)
    else:
        sentence = explain.of_refusal(
            reason, side.value.lower(), state, price, outcome.sized_qty, before, guardrail, policy
        )
    return Decision(
        action=action,
        reason=reason,
        side=side,
        raw_qty=outcome.raw_qty,
        qty=outcome.qty,
        notional=notional,
        commission=commission,
        stock_pct_before=before,
        stock_pct_after=after,
        binding_limit=limit,
        buy_at=buy_at,
        sell_at=sell_at,
        explanation=sentence,
        outcome=outcome,
    )


def _action(outcome: kernel.Outcome, side: Side | None) -> Action:
    if side is None:
        return Action.HOLD
    if outcome.verdict == kernel.TRADE:
        return Action(side.value)
    return Action.REJECT if outcome.verdict == kernel.REJECT_BELOW_MIN else Action.SKIP


def _pct_after(
    state: PositionState, price: Decimal, outcome: kernel.Outcome, notional: Decimal, commission: Decimal
) -> Decimal | None:
    """Return the stock share after the trade at the decided price, commission paid."""
    stock = (state.qty + outcome.side * outcome.qty) * price
    value = stock + state.get_effective_cash() - outcome.side * notional - commission
    return to_six(stock * _HUNDRED / value) if value > 0 else None
