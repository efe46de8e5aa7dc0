"""The core's own door: one JSON line with everything in, one JSON line with the decision out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from decimal import Decimal
from typing import Any

from volbal import strict_json
from volbal.decision import decide
from volbal.errors import MalformedJson, MissingField, OutOfRange, UnknownField, VolbalError
from volbal.fields import GROUPS, read_decimal, read_group, read_price, read_ticker
from volbal.numbers import ZERO, plain
from volbal.policy import check_config
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

LINE_KEYS = {"position", "quote", *GROUPS, "today", "market_open", "open_order"}
POSITION_KEYS = {"ticker", "qty", "cash", "dividend_receivable", "anchor_price"}
ANSWER_FIELDS = tuple(field.name for field in fields(Decision) if field.name != "outcome")


def answer_line(line: bytes) -> tuple[str, bool]:
    """Answer one line: (JSON text, whether the line was good)."""
    try:
        return json.dumps(decision_as_json(decide_line(line))), True
    except VolbalError as error:
        return json.dumps({"error": {"code": error.code, "detail": error.detail}}), False


def decide_line(line: bytes) -> Decision:
    """Read one line and decide. Raises a BadInput error that says what is wrong with it."""
    return decide(**read_line(line))


def read_line(line: bytes) -> dict[str, Any]:
    """Return what `decide` asks for, by its names. Raises a BadInput error."""
    raw = strict_json.loads(line)
    if not isinstance(raw, dict):
        raise MalformedJson("A line is one JSON object.")
    _refuse_unknown(raw, LINE_KEYS, "")
    configs = {group: read_group(group, _object(raw, group)) for group in GROUPS}
    trigger = TriggerConfig(**configs["trigger"])
    guardrail = GuardrailConfig(**configs["guardrail"])
    policy = OrderPolicyConfig(**configs["order_policy"])
    check_config(trigger, guardrail, policy)
    return {
        "position": _position(_object(raw, "position", required=True)),
        "quote": _quote(_object(raw, "quote", required=True)),
        "trigger": trigger,
        "guardrail": guardrail,
        "order_policy": policy,
        "today": _today(_object(raw, "today")),
        "gates": Gates(
            market_open=_flag(raw, "market_open", default=True),
            open_order=_flag(raw, "open_order", default=False),
        ),
    }


def decision_as_json(decision: Decision) -> dict[str, Any]:
    """Return the decision's public fields; decimals as plain strings."""
    return {name: _public(getattr(decision, name)) for name in ANSWER_FIELDS}


def _public(value: object) -> object:
    return plain(value) if isinstance(value, Decimal) else value


def _position(raw: Mapping[str, object]) -> PositionState:
    _refuse_unknown(raw, POSITION_KEYS, "position.")
    anchor = raw.get("anchor_price")
    return PositionState(
        ticker=read_ticker(raw["ticker"]) if "ticker" in raw else "",
        qty=read_decimal(_required(raw, "position", "qty"), places=8, field="position.qty"),
        cash=read_decimal(_required(raw, "position", "cash"), places=6, field="position.cash"),
        dividend_receivable=read_decimal(
            raw.get("dividend_receivable", "0"), places=6, field="position.dividend_receivable"
        ),
        anchor_price=None if anchor is None else read_price(anchor, field="position.anchor_price"),
    )


def _quote(raw: Mapping[str, object]) -> MarketQuote:
    _refuse_unknown(raw, {"price"}, "quote.")
    return MarketQuote(price=read_price(_required(raw, "quote", "price"), field="quote.price"))


def _today(raw: Mapping[str, object]) -> DayActivity:
    _refuse_unknown(raw, {"orders", "notional"}, "today.")
    orders = read_decimal(raw.get("orders", "0"), places=0, field="today.orders")
    notional = read_decimal(raw.get("notional", "0"), places=6, field="today.notional")
    return DayActivity(orders=int(orders), notional=notional or ZERO)


def _object(raw: Mapping[str, object], key: str, *, required: bool = False) -> Mapping[str, object]:
    if key not in raw and not required:
        return {}
    value = _required(raw, "", key)
    if not isinstance(value, dict):
        raise OutOfRange(f"{key}: must be an object.", field=key)
    return value


def _required(raw: Mapping[str, object], group: str, key: str) -> object:
    if key not in raw:
        raise MissingField(f"{group}{'.' if group else ''}{key} is missing.", field=key)
    return raw[key]


def _flag(raw: Mapping[str, object], key: str, *, default: bool) -> bool:
    value = raw.get(key, default)
    if not isinstance(value, bool):
        raise OutOfRange(f"{key}: must be true or false.", field=key)
    return value


def _refuse_unknown(raw: Mapping[str, object], known: set[str], prefix: str) -> None:
    for key in raw:
        if key not in known:
            raise UnknownField(f"{prefix}{key[:40]}: there is no such field.", field=key[:40])
