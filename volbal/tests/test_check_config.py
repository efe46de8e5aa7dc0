"""docs/strategy.md, "Settings": which settings are refused, alone and together."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from volbal.errors import InvalidConfig
from volbal.fields import PRESETS
from volbal.policy import check_config
from volbal.tests.builders import GROUPS, decide_at
from volbal.values import GuardrailConfig, OrderPolicyConfig, TriggerConfig


def check(**settings: Any) -> None:
    values = {name: Decimal(value) if _is_number(name, value) else value for name, value in settings.items()}
    trigger = {name: value for name, value in values.items() if name in GROUPS["trigger"]}
    guardrail = {name: value for name, value in values.items() if name in GROUPS["guardrail"]}
    policy = {name: value for name, value in values.items() if name in GROUPS["order_policy"]}
    check_config(TriggerConfig(**trigger), GuardrailConfig(**guardrail), OrderPolicyConfig(**policy))


def _is_number(name: str, value: Any) -> bool:
    return isinstance(value, str) and name not in ("action_below_min", "order_sizing_strategy")


REFUSED = [
    {"up_threshold_pct": "0"},
    {"up_threshold_pct": "-3"},
    {"up_threshold_pct": "100"},
    {"down_threshold_pct": "0"},
    {"down_threshold_pct": "-3"},
    {"down_threshold_pct": "100"},
    {"min_stock_pct": "-1"},
    {"max_stock_pct": "101"},
    {"max_stock_pct": "100.000001"},
    {"min_stock_pct": "75"},
    {"min_stock_pct": "75.000001"},
    {"min_stock_pct": "50", "max_stock_pct": "50"},
    {"min_stock_pct": "80", "max_stock_pct": "20"},
    {"max_trade_pct_of_position": "-1"},
    {"max_daily_notional": "-1"},
    {"max_orders_per_day": -1},
    {"min_qty": "-1"},
    {"min_notional": "-1"},
    {"lot_size": "-1"},
    {"qty_step": "-1"},
    {"rebalance_ratio": "0"},
    {"rebalance_ratio": "-1"},
    {"commission_rate": "-0.0001"},
    {"commission_rate": "1"},
    {"slippage_bps": "-1"},
    {"slippage_bps": "10000"},
    {"action_below_min": "ignore"},
    {"action_below_min": "HOLD"},
    {"order_sizing_strategy": "kelly"},
    {"lot_size": "1", "qty_step": "0.3"},
    {"lot_size": "0.1", "qty_step": "1"},
    {"lot_size": "10", "qty_step": "3"},
]
ACCEPTED = [
    {},
    {"up_threshold_pct": "99.999999", "down_threshold_pct": "0.000001"},
    {"min_stock_pct": "0", "max_stock_pct": "100"},
    {"min_stock_pct": "74.999999"},
    {"max_trade_pct_of_position": "0", "max_daily_notional": "0", "max_orders_per_day": 0},
    {"max_trade_pct_of_position": None, "max_daily_notional": None, "max_orders_per_day": None},
    {"commission_rate": "0"},
    {"commission_rate": "0.99999999"},
    {"lot_size": "10", "qty_step": "0.1"},
    {"lot_size": "0", "qty_step": "0.3"},
    {"lot_size": "0.3", "qty_step": "0.3"},
    {"lot_size": "0.00000001"},
    {"slippage_bps": "9999.9999"},
    *[{"action_below_min": word} for word in ("hold", "reject", "clip")],
    *[{"order_sizing_strategy": word} for word in ("proportional", "fixed_percentage", "original")],
]


@pytest.mark.parametrize("settings", REFUSED, ids=str)
def test_settings_that_make_no_sense_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(InvalidConfig) as caught:
        check(**settings)
    assert caught.value.code == "invalid-config"
    assert any(name in caught.value.detail for name in settings)


@pytest.mark.parametrize("settings", REFUSED, ids=str)
def test_the_door_refuses_them_too(settings: dict[str, Any]) -> None:
    with pytest.raises(InvalidConfig):
        decide_at("100", **settings)


@pytest.mark.parametrize("settings", ACCEPTED, ids=str)
def test_settings_at_the_edge_of_sense_are_accepted(settings: dict[str, Any]) -> None:
    check(**settings)
    assert decide_at("100", **settings)["action"]


def test_the_presets_are_those_of_the_contract() -> None:
    assert set(PRESETS) == {"classic", "gentle", "active"}
    flat = {
        name: {key: str(value) for group in groups.values() for key, value in group.items()}
        for name, groups in PRESETS.items()
    }
    assert flat["classic"] == {}
    assert flat["gentle"] == {
        "up_threshold_pct": "5",
        "down_threshold_pct": "5",
        "min_stock_pct": "30",
        "max_stock_pct": "70",
        "rebalance_ratio": "0.5",
    }
    assert flat["active"] == {
        "up_threshold_pct": "1.5",
        "down_threshold_pct": "1.5",
        "min_stock_pct": "20",
        "max_stock_pct": "80",
        "rebalance_ratio": "1.6667",
    }
    for settings in flat.values():
        check(**settings)


def test_the_defaults_are_those_of_the_contract() -> None:
    trigger, guardrail, policy = TriggerConfig(), GuardrailConfig(), OrderPolicyConfig()
    assert (trigger.up_threshold_pct, trigger.down_threshold_pct) == (3, 3)
    assert (guardrail.min_stock_pct, guardrail.max_stock_pct) == (25, 75)
    assert (guardrail.max_trade_pct_of_position, guardrail.max_daily_notional) == (None, None)
    assert guardrail.max_orders_per_day == 5
    assert (policy.min_qty, policy.min_notional, policy.lot_size, policy.qty_step) == (0, 100, 0, 0)
    assert (policy.action_below_min, policy.order_sizing_strategy) == ("hold", "proportional")
    assert (policy.rebalance_ratio, policy.commission_rate) == (Decimal("1.6667"), Decimal("0.0001"))
    assert policy.allow_after_hours is False
