"""Settings that can't trade, said before someone waits for a trade that won't come."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from configs.attempts import Attempt, attempt_at_threshold
from configs.resolver import EffectiveConfig
from volbal import kernel
from volbal.fills import notional_of
from volbal.numbers import (
    ONE_SHARE_STEP,
    PRICE_TICK,
    down_to,
    in_exact_context,
    plain,
    qty_down,
    to_twelve,
    up_to,
)
from volbal.values import OrderPolicyConfig, PositionState, Side

CENT = Decimal("0.01")
SHORT_OF = {
    Side.BUY: ("lot_exceeds_cash", "the cash buys"),
    Side.SELL: ("lot_exceeds_shares", "there are"),
}
TOO_SMALL = (kernel.SKIP_BELOW_MIN, kernel.REJECT_BELOW_MIN)


@dataclass(frozen=True, slots=True, kw_only=True)
class LintWarning:
    """One setting that keeps one side (None: both) from trading at its threshold, and what would work.

    `works_at` is the value of `field` nearest to the present one that works, None if there is none.
    `works_with_value` is the cell's value in dollars, in its present mix, from which the setting works.
    """

    code: str
    field: str
    side: Side | None
    message: str
    works_at: Decimal | None
    works_with_value: Decimal | None = None


@in_exact_context
def lint(
    position: PositionState, effective: EffectiveConfig, price: Decimal | None = None
) -> list[LintWarning]:
    """Return what keeps the cell from trading when the price reaches a threshold.

    `price`, in dollars per share, is the present one; the anchor stands in for it, and it for the anchor.
    Without either there is nothing to say.
    """
    anchor = position.anchor_price if position.anchor_price is not None else price
    if anchor is None:
        return []
    if effective.guardrail.max_orders_per_day == 0:
        return [_no_orders()]
    here = position.qty * (anchor if price is None else price) + position.get_effective_cash()
    attempts = (attempt_at_threshold(side, position, anchor, effective) for side in Side)
    return [warning for attempt in attempts if attempt for warning in _obstacle(attempt, effective, here)]


def _obstacle(attempt: Attempt, effective: EffectiveConfig, here: Decimal) -> Iterator[LintWarning]:
    """Yield the setting in the way, if one is. A cell at its rail or without cash is no setting's fault."""
    if attempt.outcome.verdict == kernel.SKIP_NOTIONAL_CAP:
        yield _cap(attempt, effective, "max_daily_notional", attempt.least)
    if attempt.outcome.verdict not in TOO_SMALL or attempt.limit == kernel.BY_UPPER:
        return
    policy, sized = effective.order_policy, attempt.outcome.sized_qty
    unit = policy.lot_size or policy.qty_step
    if unit * attempt.price > attempt.own:
        yield _lot(attempt, effective, here, attempt.own)
    elif attempt.limit == kernel.BY_MAX_TRADE:
        yield _cap(attempt, effective, "max_trade_pct_of_position", attempt.least * 100 / attempt.value)
    elif attempt.limit == kernel.BY_MAX_DAILY:
        yield _cap(attempt, effective, "max_daily_notional", attempt.least)
    elif sized == 0 and unit:
        yield _lot(attempt, effective, here, attempt.left)
    else:
        yield from _minimums(attempt, effective, here)


def _no_orders() -> LintWarning:
    return LintWarning(
        code="no_orders_allowed",
        field="max_orders_per_day",
        side=None,
        message="max_orders_per_day is 0, so nothing is ever traded. It works with 1 or more.",
        works_at=Decimal(1),
    )


def _cap(attempt: Attempt, effective: EffectiveConfig, field: str, needed: Decimal) -> LintWarning:
    works_at = up_to(needed, PRICE_TICK)
    return LintWarning(
        code=f"{field}_too_small",
        field=field,
        side=attempt.side,
        message=(
            f"{_when(attempt)} {field} {plain(getattr(effective.guardrail, field))} leaves less than the "
            f"smallest trade. It works with {plain(works_at)} or more."
        ),
        works_at=works_at,
    )


def _lot(attempt: Attempt, effective: EffectiveConfig, here: Decimal, notional: Decimal) -> LintWarning:
    """Warn of a lot, or step, that is more than `notional` dollars' worth of shares."""
    policy = effective.order_policy
    field = "lot_size" if policy.lot_size else "qty_step"
    code, source = "lot_too_large", "the rules ask for"
    if notional == attempt.own:
        code, source = SHORT_OF[attempt.side]
    qty = qty_down(to_twelve(notional / attempt.price))
    works_at, value = _lot_that_works(attempt, policy), _value_needed(attempt, here)
    return LintWarning(
        code=code,
        field=field,
        side=attempt.side,
        message=(
            f"{_when(attempt)} {source} {plain(qty)} shares, less than {field} "
            f"{plain(getattr(policy, field))}. {_remedy(works_at, value)}"
        ),
        works_at=works_at,
        works_with_value=value,
    )


def _lot_that_works(attempt: Attempt, policy: OrderPolicyConfig) -> Decimal | None:
    """Return the largest lot that the trade fills; None if even the whole of it is under a minimum."""
    step = policy.qty_step if policy.lot_size and policy.qty_step else ONE_SHARE_STEP
    qty = down_to(to_twelve(attempt.left / attempt.price), step)
    meets = qty >= policy.min_qty and notional_of(qty, attempt.price) >= policy.min_notional
    return qty if qty and meets else None


def _minimums(attempt: Attempt, effective: EffectiveConfig, here: Decimal) -> Iterator[LintWarning]:
    policy, qty = effective.order_policy, attempt.outcome.sized_qty
    notional = notional_of(qty, attempt.price)
    if qty < policy.min_qty:
        yield _minimum(attempt, effective, here, "min_qty", qty)
    if notional < policy.min_notional:
        yield _minimum(attempt, effective, here, "min_notional", notional)


def _minimum(
    attempt: Attempt, effective: EffectiveConfig, here: Decimal, field: str, reached: Decimal
) -> LintWarning:
    value = _value_needed(attempt, here)
    least = plain(getattr(effective.order_policy, field))
    return LintWarning(
        code=f"{field}_too_large",
        field=field,
        side=attempt.side,
        message=(
            f"{_when(attempt)} the trade would be {plain(reached)}, less than {field} {least}. "
            f"{_remedy(reached, value)}"
        ),
        works_at=reached,
        works_with_value=value,
    )


def _value_needed(attempt: Attempt, here: Decimal) -> Decimal:
    """Return the value in dollars, up to the cent: shares and cash grown alike grow every trade alike."""
    return up_to(here * attempt.least / attempt.left, CENT)


def _when(attempt: Attempt) -> str:
    verb = "buy" if attempt.side is Side.BUY else "sell"
    return f"At {plain(attempt.price)}, where it would {verb}:"


def _remedy(works_at: Decimal | None, value: Decimal) -> str:
    worth = f"in a cell worth {plain(value)}"
    return f"It works {worth}." if works_at is None else f"It works with {plain(works_at)}, or {worth}."
