"""Plain functions that build inputs: an ordinary cell of 100 shares and 10,000 cash, anchor 100."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from volbal.decision import decide
from volbal.door import decide_line, decision_as_json
from volbal.values import (
    DayActivity,
    Decision,
    Gates,
    GuardrailConfig,
    MarketQuote,
    OrderPolicyConfig,
    PositionState,
    TriggerConfig,
)

GROUPS = {
    "position": {"ticker", "qty", "cash", "dividend_receivable", "anchor_price"},
    "trigger": {"up_threshold_pct", "down_threshold_pct"},
    "guardrail": {
        "min_stock_pct",
        "max_stock_pct",
        "max_trade_pct_of_position",
        "max_daily_notional",
        "max_orders_per_day",
    },
    "order_policy": {
        "min_qty",
        "min_notional",
        "lot_size",
        "qty_step",
        "action_below_min",
        "rebalance_ratio",
        "order_sizing_strategy",
        "allow_after_hours",
        "commission_rate",
        "slippage_bps",
    },
    "today": {"orders", "notional"},
}


def make_line(
    price: Any = "100", *, market_open: bool = True, open_order: bool = False, **settings: Any
) -> dict[str, Any]:
    """Build an input line; every setting goes to the group that has it."""
    settings = {"qty": "100", "cash": "10000", "anchor_price": "100", **settings}
    line: dict[str, Any] = {"quote": {"price": price}, "market_open": market_open, "open_order": open_order}
    for group, names in GROUPS.items():
        chosen = {name: settings.pop(name) for name in sorted(names & settings.keys())}
        if chosen:
            line[group] = chosen
    assert not settings, settings
    return line


def answer(line: dict[str, Any]) -> dict[str, Any]:
    """Send a line through the core's own door."""
    return decision_as_json(decide_line(json.dumps(line).encode()))


def decide_at(price: Any = "100", **settings: Any) -> dict[str, Any]:
    """Build a line and answer it."""
    return answer(make_line(price, **settings))


def make_state(
    qty: str = "100", cash: str = "10000", receivable: str = "0", anchor: str | None = "100"
) -> PositionState:
    """Build a position."""
    return PositionState(
        ticker="KO",
        qty=Decimal(qty),
        cash=Decimal(cash),
        dividend_receivable=Decimal(receivable),
        anchor_price=None if anchor is None else Decimal(anchor),
    )


def decide_with_gates(
    price: str = "97",
    *,
    state: PositionState | None = None,
    today: DayActivity | None = None,
    guardrail: GuardrailConfig | None = None,
    policy: OrderPolicyConfig | None = None,
    **gates: bool,
) -> Decision:
    """Decide at a price (97 buys) with the named gates set, all else ordinary."""
    return decide(
        position=state or make_state(),
        quote=MarketQuote(price=Decimal(price)),
        trigger=TriggerConfig(),
        guardrail=guardrail or GuardrailConfig(),
        order_policy=policy or OrderPolicyConfig(),
        today=today or DayActivity(),
        gates=Gates(**gates),
    )
