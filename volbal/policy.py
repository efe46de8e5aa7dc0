"""Configurations into the kernel's numbers, and which combinations make sense."""

from __future__ import annotations

from decimal import Decimal

from volbal import kernel
from volbal.errors import InvalidConfig
from volbal.numbers import (
    ONE_SHARE_STEP,
    ZERO,
    cut_to,
    down_to,
    exact,
    is_power_of_ten,
    to_six,
    to_twelve,
    up_to,
)
from volbal.sizing import strategy_named
from volbal.values import (
    BelowMin,
    DayActivity,
    Gates,
    GuardrailConfig,
    OrderPolicyConfig,
    PositionState,
    TriggerConfig,
)

NO_LIMIT = Decimal(-1)
BELOW_MIN_CODES = {
    BelowMin.HOLD: kernel.MIN_HOLD,
    BelowMin.REJECT: kernel.MIN_REJECT,
    BelowMin.CLIP: kernel.MIN_CLIP,
}


def qty_unit(policy: OrderPolicyConfig) -> Decimal:
    """Return the smallest amount of shares that may be traded: lot, else step, else 8 places."""
    return policy.lot_size or policy.qty_step or ONE_SHARE_STEP


def kernel_rules(
    trigger: TriggerConfig, guardrail: GuardrailConfig, policy: OrderPolicyConfig
) -> kernel.Rules:
    """Flatten the three configurations for the kernel."""
    max_trade, max_daily = guardrail.max_trade_pct_of_position, guardrail.max_daily_notional
    return kernel.complete_rules(
        up_pct=trigger.up_threshold_pct,
        down_pct=trigger.down_threshold_pct,
        low_pct=guardrail.min_stock_pct,
        high_pct=guardrail.max_stock_pct,
        max_trade_pct=NO_LIMIT if max_trade is None else max_trade,
        max_daily=NO_LIMIT if max_daily is None else max_daily,
        ratio=policy.rebalance_ratio,
        rate=policy.commission_rate,
        slippage=policy.slippage_bps / 10_000,
        min_qty=policy.min_qty,
        min_notional=policy.min_notional,
        unit=qty_unit(policy),
        below_min=BELOW_MIN_CODES[BelowMin(policy.action_below_min)],
    )


def kernel_cell(state: PositionState) -> kernel.Cell:
    """Flatten a position for the kernel. An absent anchor must have been dealt with before."""
    return kernel.Cell(
        anchor=ZERO if state.anchor_price is None else state.anchor_price,
        qty=state.qty,
        cash=state.cash,
        receivable=state.dividend_receivable,
    )


def kernel_day(today: DayActivity, guardrail: GuardrailConfig, gates: Gates) -> kernel.Day:
    """Flatten today's activity: the order cap counts orders that are open or have a fill."""
    cap = guardrail.max_orders_per_day
    return kernel.Day(
        notional=today.notional,
        capped=cap is not None and today.orders >= cap,
        reducing=gates.reducing,
    )


def decimal_arithmetic(policy: OrderPolicyConfig) -> kernel.Arithmetic:
    """Return exact Decimal rounding with the policy's sizing strategy."""
    return kernel.Arithmetic(
        fixed=to_twelve,
        money=to_six,
        down=cut_to if is_power_of_ten(qty_unit(policy)) else down_to,
        up=up_to,
        size=strategy_named(policy.order_sizing_strategy),
    )


def check_config(trigger: TriggerConfig, guardrail: GuardrailConfig, policy: OrderPolicyConfig) -> None:
    """Refuse settings that make no sense, alone or together.

    Raises InvalidConfig naming the field. Source: docs/strategy.md, "Settings".
    """
    for name in ("up_threshold_pct", "down_threshold_pct"):
        _require(0 < getattr(trigger, name) < 100, name, " must be above 0 and below 100.")
    low, high = guardrail.min_stock_pct, guardrail.max_stock_pct
    _require(0 <= low < high <= 100, "min_stock_pct", " must be below max_stock_pct, both within 0 and 100.")
    for name in ("max_trade_pct_of_position", "max_daily_notional", "max_orders_per_day"):
        limit = getattr(guardrail, name)
        _require(limit is None or limit >= 0, name, " may not be negative.")
    for name in ("min_qty", "min_notional", "lot_size", "qty_step"):
        _require(getattr(policy, name) >= 0, name, " may not be negative.")
    _require(policy.rebalance_ratio > 0, "rebalance_ratio", " must be above 0.")
    _require(0 <= policy.commission_rate < 1, "commission_rate", " must be at least 0 and below 1.")
    _require(0 <= policy.slippage_bps < 10_000, "slippage_bps", " must be at least 0 and below 10000.")
    _require(policy.action_below_min in list(BelowMin), "action_below_min", ": choose hold, reject or clip.")
    strategy_named(policy.order_sizing_strategy)
    _check_lot(policy)


def _check_lot(policy: OrderPolicyConfig) -> None:
    step = policy.qty_step or ONE_SHARE_STEP
    with exact():
        _require(policy.lot_size % step == 0, "lot_size", " must be a multiple of qty_step.")


def _require(condition: bool, field: str, message: str) -> None:
    if not condition:
        raise InvalidConfig(f"{field}{message}", field=field)
