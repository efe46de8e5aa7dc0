"""An order that a person or a program asks for: the same limits, as refusals with a reason.

The system's own trades are cut to what the limits allow; what somebody asks for is done whole or not at all.
Source: docs/strategy.md, "Orders by hand".
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from volbal.errors import (
    BelowMin,
    DailyNotionalCap,
    DailyOrderCap,
    GuardrailBreach,
    MarketClosed,
    OrderOpen,
    OutlierQuote,
    OutOfRange,
    PositionPaused,
    SplitSuspected,
    StaleQuote,
    TradingHalted,
    VolbalError,
)
from volbal.fills import apply_fill, commission_on, notional_of, slipped_price
from volbal.guardrails import distance_outside, stock_pct
from volbal.limits import limits_for
from volbal.numbers import ZERO, down_to, in_exact_context, plain, to_twelve
from volbal.policy import kernel_cell, kernel_day, kernel_rules, qty_unit
from volbal.trigger import CODES
from volbal.values import (
    DayActivity,
    Fill,
    Gates,
    GuardrailConfig,
    OrderPolicyConfig,
    PositionState,
    Side,
    TriggerConfig,
)

# Rounding the commission may take the last steps away; further down there is another reason.
_MOST_STEPS = 3


@in_exact_context
def check_hand_order(
    *,
    position: PositionState,
    side: Side,
    qty: Decimal,
    price: Decimal | None,
    guardrail: GuardrailConfig,
    order_policy: OrderPolicyConfig,
    today: DayActivity,
    gates: Gates,
) -> Decimal:
    """Return the price that an order of `qty` shares is decided on, or raise the first reason against it.

    The reasons in order: OutOfRange (no whole number of steps or lots); TradingHalted, PositionPaused,
    MarketClosed, StaleQuote (also for no price), OutlierQuote, SplitSuspected, OrderOpen; DailyOrderCap;
    InsufficientCash, InsufficientShares; GuardrailBreach; DailyNotionalCap; BelowMin.
    """
    _check_unit(qty, order_policy)
    _check_gates(side, order_policy, gates)
    if price is None:
        raise StaleQuote("There is no fresh price to decide on.")
    _check_order_cap(guardrail, today)
    _check_size(position, side, qty, price, guardrail, order_policy, today)
    return price


@in_exact_context
def largest_hand_order(
    *,
    position: PositionState,
    side: Side,
    price: Decimal,
    guardrail: GuardrailConfig,
    order_policy: OrderPolicyConfig,
    today: DayActivity,
) -> Decimal:
    """Return the most shares that end inside the band and every other limit; 0 if there are none."""
    rules = kernel_rules(TriggerConfig(), guardrail, order_policy)
    day = kernel_day(today, guardrail, Gates())
    limits = limits_for(CODES[side], price, kernel_cell(position), rules, day)
    most = min(limits.upper, limits.own, limits.max_trade, limits.max_daily)
    unit = qty_unit(order_policy)
    largest = down_to(to_twelve(most / price), unit)
    for steps in range(_MOST_STEPS):
        qty = largest - steps * unit
        if qty > 0 and _fits(position, side, qty, price, guardrail, order_policy, today):
            return qty
    return ZERO


def _fits(*about: Any) -> bool:
    try:
        _check_size(*about)
    except VolbalError:
        return False
    return True


def _check_size(
    position: PositionState,
    side: Side,
    qty: Decimal,
    price: Decimal,
    guardrail: GuardrailConfig,
    order_policy: OrderPolicyConfig,
    today: DayActivity,
) -> None:
    fill_price = slipped_price(side, price, order_policy.slippage_bps)
    apply_fill(position, _fill(side, qty, fill_price, order_policy))
    _check_guardrails(position, _fill(side, qty, price, order_policy), guardrail)
    notional = notional_of(qty, price)
    _check_notional_cap(notional, guardrail, today)
    _check_minimums(qty, notional, order_policy)


def _fill(side: Side, qty: Decimal, price: Decimal, policy: OrderPolicyConfig) -> Fill:
    commission = commission_on(notional_of(qty, price), policy.commission_rate)
    return Fill(side=side, qty=qty, price=price, commission=commission)


def _check_unit(qty: Decimal, policy: OrderPolicyConfig) -> None:
    unit = qty_unit(policy)
    if qty <= 0 or qty % unit:
        raise OutOfRange(f"qty: above zero, in whole multiples of {plain(unit)} shares.", field="qty")


def _check_gates(side: Side, policy: OrderPolicyConfig, gates: Gates) -> None:
    closed: tuple[tuple[bool, type[VolbalError], str], ...] = (
        (gates.halted, TradingHalted, "Trading is halted."),
        (gates.paused, PositionPaused, "The position is paused; resume it first."),
        (
            not gates.market_open and not policy.allow_after_hours,
            MarketClosed,
            "The market is closed, and orders after hours are not allowed.",
        ),
        (gates.stale_quote, StaleQuote, "There is no fresh price to decide on."),
        (gates.outlier_quote, OutlierQuote, "The price jumped; it waits for a second sighting."),
        (gates.split_suspected, SplitSuspected, "The jump looks like a split that is not recorded yet."),
        (gates.open_order, OrderOpen, "An order of this position is still open."),
        (gates.reducing and side is Side.BUY, TradingHalted, "Only sells are allowed now."),
    )
    for is_closed, error, detail in closed:
        if is_closed:
            raise error(detail)


def _check_order_cap(guardrail: GuardrailConfig, today: DayActivity) -> None:
    cap = guardrail.max_orders_per_day
    if cap is not None and today.orders >= cap:
        raise DailyOrderCap(f"Today's {cap} orders are used up.", max_orders_per_day=cap)


def _check_guardrails(position: PositionState, fill: Fill, guardrail: GuardrailConfig) -> None:
    """An order may lead back to a band that the cell has left, even if not all the way; never further out."""
    before = stock_pct(position, fill.price)
    after = stock_pct(apply_fill(position, fill), fill.price)
    distance = distance_outside(after, guardrail)
    if after is not None and distance > 0 and distance > distance_outside(before, guardrail):
        raise GuardrailBreach(
            f"Stock would be {plain(after)} %, outside {plain(guardrail.min_stock_pct)} % to "
            f"{plain(guardrail.max_stock_pct)} %.",
            stock_pct_after=after,
        )
    _check_trade_cap(position, fill, guardrail)


def _check_trade_cap(position: PositionState, fill: Fill, guardrail: GuardrailConfig) -> None:
    cap = guardrail.max_trade_pct_of_position
    if cap is None:
        return
    value = position.qty * fill.price + position.get_effective_cash()
    if fill.qty * fill.price * 100 > cap * value:
        raise GuardrailBreach(
            f"One trade may be {plain(cap)} % of the position, and this is more.",
            max_trade_pct_of_position=cap,
        )


def _check_notional_cap(notional: Decimal, guardrail: GuardrailConfig, today: DayActivity) -> None:
    cap = guardrail.max_daily_notional
    if cap is not None and today.notional + notional > cap:
        left = max(cap - today.notional, Decimal(0))
        raise DailyNotionalCap(
            f"Today {plain(left)} of {plain(cap)} is left, and this is {plain(notional)}.", left=left
        )


def _check_minimums(qty: Decimal, notional: Decimal, policy: OrderPolicyConfig) -> None:
    if qty < policy.min_qty or notional < policy.min_notional:
        raise BelowMin(
            f"{plain(qty)} shares for {plain(notional)} is under the smallest trade "
            f"({plain(policy.min_qty)} shares, {plain(policy.min_notional)}).",
            notional=notional,
        )
