"""The shapes of settings in the API."""

from __future__ import annotations

from typing import Any

from ninja import Schema

from accounts.api_types import DecimalOut, InSchema


class SettingOut(Schema):
    """One setting that holds, and the scope it comes from; no limit is written "none"."""

    value: str | bool | int
    scope: str


class LintOut(Schema):
    """A setting that can't lead to a trade, and the number that would."""

    code: str
    field: str
    side: str | None
    message: str
    works_at: DecimalOut | None
    works_with_value: DecimalOut | None


class ConfigOut(Schema):
    """Every setting that holds for a cell, by group, and warnings."""

    trigger: dict[str, SettingOut]
    guardrail: dict[str, SettingOut]
    order_policy: dict[str, SettingOut]
    lint: list[LintOut]


class ConfigChange(InSchema):
    """A cell's own settings: the named are set, null inherits again, "none" is no limit; the rest stays."""

    trigger: dict[str, Any] = {}
    guardrail: dict[str, Any] = {}
    order_policy: dict[str, Any] = {}
