"""One plain sentence for a decision, with its numbers."""

from __future__ import annotations

from decimal import Decimal

from volbal.numbers import plain
from volbal.trigger import move_pct
from volbal.values import Action, GuardrailConfig, OrderPolicyConfig, PositionState, TriggerConfig

CENT = Decimal("0.01")

GATE_SENTENCES = {
    "halted": "Nothing was done: trading is halted.",
    "paused": "Nothing was done: the position is paused.",
    "no_anchor": "Nothing was done: there is no anchor price to compare with.",
    "market_closed": "Nothing was done: the market is closed.",
    "stale_quote": "Nothing was done: there is no fresh price.",
    "outlier_quote": "Nothing was done: the price jumped and waits for a second sighting.",
    "split_suspected": "Nothing was done: the jump looks like a split that is not recorded yet.",
    "duplicate": "Nothing was done: an order of this position is still open.",
}
LIMIT_WORDS = {
    "sizing": "the sizing strategy sets the size",
    "min_stock_pct": "the lower guardrail sets the size",
    "max_stock_pct": "the upper guardrail sets the size",
    "cash": "the cash sets the size",
    "shares": "the shares held set the size",
    "max_trade_pct_of_position": "the cap on one trade sets the size",
    "max_daily_notional": "the cap on a day's trading sets the size",
    "min_qty": "raised to the smallest quantity",
    "min_notional": "raised to the smallest notional",
}


def of_gate(reason: str) -> str:
    """Explain a decision that no price could have changed."""
    return GATE_SENTENCES[reason]


def of_hold(state: PositionState, price: Decimal, trigger: TriggerConfig) -> str:
    """Explain waiting inside the thresholds and the band."""
    if state.anchor_price is None:
        return of_gate("no_anchor")
    waits = hold_form(plain(price), trigger)
    return waits.format(move_pct(state.anchor_price, price), plain(state.anchor_price))


def hold_form(price: str, trigger: TriggerConfig) -> str:
    """Return that sentence with a place for the move from the anchor, and one for the anchor."""
    return (
        f"Waits: {price} is {{}} from the anchor {{}}; it buys at -{plain(trigger.down_threshold_pct)} % "
        f"and sells at +{plain(trigger.up_threshold_pct)} %."
    )


def of_trade(
    action: Action,
    reason: str,
    qty: Decimal,
    price: Decimal,
    state: PositionState,
    pcts: tuple[Decimal | None, Decimal | None],
    limit: str | None,
) -> str:
    """Explain a trade: what, why, what decided the size, and where it leads."""
    verb = "Buys" if action is Action.BUY else "Sells"
    before, after = pcts
    return (
        f"{verb} {plain(qty)} at {plain(price)}: {_cause(reason, state, price, before)}; "
        f"{LIMIT_WORDS[limit or 'sizing']}; stock goes from {_pct(before)} to {_pct(after)}."
    )


def of_refusal(
    reason: str,
    side_word: str,
    state: PositionState,
    price: Decimal,
    sized_qty: Decimal,
    before: Decimal | None,
    guardrail: GuardrailConfig,
    policy: OrderPolicyConfig,
) -> str:
    """Explain why a trade that was asked for is not made."""
    wanted = f"Would {side_word} at {plain(price)}, but "
    if reason == "below_min" and not sized_qty:
        return wanted + "the size rounds to nothing."
    if reason == "below_min":
        return wanted + (
            f"{plain(sized_qty)} shares, {_dollars(sized_qty * price)}, are under the smallest trade "
            f"({plain(policy.min_qty)} shares, {_dollars(policy.min_notional)})."
        )
    if before is None:
        return wanted + "there is neither stock nor cash."
    if reason == "guardrail":
        rail = guardrail.max_stock_pct if side_word == "buy" else guardrail.min_stock_pct
        return wanted + f"stock is {_pct(before)} and the guardrail is {plain(rail)} %."
    nothing_left = "there is no cash to pay with." if side_word == "buy" else "there are no shares to sell."
    return (
        wanted
        + {
            "reducing": "only sells are allowed now.",
            "daily_order_cap": f"today's {guardrail.max_orders_per_day} orders are used up.",
            "daily_notional_cap": "today's notional is used up.",
            "insufficient": nothing_left,
        }[reason]
    )


def _cause(reason: str, state: PositionState, price: Decimal, before: Decimal | None) -> str:
    if reason in ("guardrail_low", "guardrail_high"):
        rail = "below the lower" if reason == "guardrail_low" else "above the upper"
        return f"stock at {_pct(before)} is {rail} guardrail"
    if state.anchor_price is None:
        return "no anchor"
    return f"the price is {move_pct(state.anchor_price, price)} from the anchor {plain(state.anchor_price)}"


def _pct(value: Decimal | None) -> str:
    return "nothing" if value is None else f"{plain(value.quantize(CENT))} %"


def _dollars(value: Decimal) -> str:
    return f"${value.quantize(CENT)}"
