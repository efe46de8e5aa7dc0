"""How far the price can go one way before the cell is pinned at a rail."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from volbal.decision import decide
from volbal.errors import OutOfRange
from volbal.fills import apply_fill, commission_on, notional_of, slipped_price
from volbal.numbers import in_exact_context, to_six
from volbal.values import (
    DayActivity,
    Decision,
    Fill,
    Gates,
    GuardrailConfig,
    MarketQuote,
    OrderPolicyConfig,
    PositionState,
    Side,
    TriggerConfig,
)

MOST_TRADES = 200
PINNED = ("min_stock_pct", "max_stock_pct", "cash", "shares")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """One way: the price of the last trade that was followed, its distance in %, and how many there were.

    `pinned_by` is the limit that cut the last trade short: a guardrail, or cash or shares that ran out.
    None: there was no further trade, or more than MOST_TRADES of them.
    """

    price: Decimal | None
    move_pct: Decimal | None
    trades: int
    pinned_by: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Runway:
    """Both ways: `up` while the price only rises, `down` while it only falls."""

    up: Reach
    down: Reach


@lru_cache(maxsize=1024)
def runway(
    state: PositionState, trigger: TriggerConfig, guardrail: GuardrailConfig, policy: OrderPolicyConfig
) -> Runway:
    """Follow the next trade, and the next, from the anchor on; each a day of its own, filled at once.

    Takes thirty decisions, and is asked the same again whenever a page is looked at. Without an anchor there
    are no trades. Raises InvalidConfig for an unknown sizing strategy.
    """
    rules = (trigger, guardrail, policy)
    return Runway(up=_follow(Side.SELL, state, rules), down=_follow(Side.BUY, state, rules))


Rules = tuple[TriggerConfig, GuardrailConfig, OrderPolicyConfig]


def _follow(side: Side, state: PositionState, rules: Rules) -> Reach:
    start = here = state.anchor_price
    trades, pinned_by = 0, None
    while here is not None and pinned_by is None and trades < MOST_TRADES:
        step = _next(side, state, here, rules)
        if step is None:
            break
        here, decision = step
        state, trades = _filled(state, here, decision, rules[2]), trades + 1
        pinned_by = decision.binding_limit if decision.binding_limit in PINNED else None
    if start is None or here is None or not trades:
        return Reach(price=None, move_pct=None, trades=0, pinned_by=None)
    return Reach(price=here, move_pct=_move_pct(start, here), trades=trades, pinned_by=pinned_by)


def _next(side: Side, state: PositionState, here: Decimal, rules: Rules) -> tuple[Decimal, Decision] | None:
    """Return the next price beyond `here` that trades on this side, and what is decided there."""
    try:
        decision = _decide(state, here, rules)
        price = decision.sell_at if side is Side.SELL else decision.buy_at
        return None if price is None else (price, _decide(state, price, rules))
    except OutOfRange:  # prices so high that the books can't keep the trade
        return None


def _decide(state: PositionState, price: Decimal, rules: Rules) -> Decision:
    trigger, guardrail, policy = rules
    return decide(
        position=state,
        quote=MarketQuote(price=price),
        trigger=trigger,
        guardrail=guardrail,
        order_policy=policy,
        today=DayActivity(),
        gates=Gates(),
    )


def _filled(
    state: PositionState, price: Decimal, decision: Decision, policy: OrderPolicyConfig
) -> PositionState:
    """Return the state after the decided trade: filled with slippage, the anchor at the fill's price."""
    side = Side(decision.action)
    paid = slipped_price(side, price, policy.slippage_bps)
    commission = commission_on(notional_of(decision.qty, paid), policy.commission_rate)
    fill = Fill(side=side, qty=decision.qty, price=paid, commission=commission)
    return apply_fill(state, fill).set_anchor_price(paid)


@in_exact_context
def _move_pct(start: Decimal, price: Decimal) -> Decimal:
    return to_six((price - start) * 100 / start)
