"""Settings as people read them: what each is called, what it says, and where it comes from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from configs.words import GROUP_TITLES, SCOPES, SETTINGS
from volbal.fields import GROUPS
from volbal.numbers import parse_decimal
from volbal_site.templatetags.amounts import money, pct, rate, shares

CHOICES = {
    "hold": "it waits",
    "reject": "told as rejected",
    "clip": "the least is traded",
    "proportional": "proportional to the move",
    "fixed_percentage": "a fixed part",
    "original": "by the price itself",
}
WORDED = frozenset({"action_below_min", "order_sizing_strategy"})
_HOW = {
    "max_daily_notional": money,
    "min_notional": money,
    "commission_rate": rate,
}
_NOTHING_AT_ZERO = {"min_qty": "none", "min_notional": "none", "lot_size": "no lots", "qty_step": "8 places"}


class Setting(NamedTuple):
    """One setting: what it is called, what it says, and where it comes from."""

    label: str
    text: str
    origin: str
    is_own: bool


class SettingGroup(NamedTuple):
    """Settings that belong together."""

    title: str
    settings: list[Setting]


def groups_of(values: Mapping[str, Any], scopes: Mapping[str, Mapping[str, str]]) -> Iterator[SettingGroup]:
    """Yield all settings in words. A field that `scopes` doesn't name is from everyone's settings."""
    for group, fields in GROUPS.items():
        settings = [
            _setting(name, values[group][name], scopes.get(group, {}).get(name, "GLOBAL")) for name in fields
        ]
        yield SettingGroup(GROUP_TITLES[group], settings)


def setting_text(name: str, value: Any) -> str:
    """Write a setting's value with its unit. Decimals may be text, as events keep them."""
    if value is None or value == "none":
        return "no limit"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if name in WORDED:
        return CHOICES.get(value, str(value))
    number = value if isinstance(value, Decimal) else parse_decimal(str(value), places=12)
    if not number and name in _NOTHING_AT_ZERO:
        return _NOTHING_AT_ZERO[name]
    return _with_unit(name, number)


def _with_unit(name: str, number: Decimal) -> str:
    if name in _HOW:
        return str(_HOW[name](number))
    if name.endswith("_pct") or name == "max_trade_pct_of_position":
        return pct(number, _places(number))
    return _suffixed(name, shares(number))


def _suffixed(name: str, plain: str) -> str:
    if name in ("min_qty", "lot_size", "qty_step"):
        return f"{plain} shares"
    return f"{plain} basis points" if name == "slippage_bps" else plain


def _places(number: Decimal) -> int:
    """Return as many places as the number has."""
    exponent = number.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _setting(name: str, value: Any, scope: str) -> Setting:
    return Setting(SETTINGS[name].label, setting_text(name, value), SCOPES[scope], scope == "POSITION")
