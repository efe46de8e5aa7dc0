"""The shapes of settings in the API."""

from __future__ import annotations

from typing import Any

from ninja import Schema

from accounts.api_types import DecimalOut, InSchema, SignedRateIn, TickerIn
from configs.models import CommissionScope


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


class CommissionIn(InSchema):
    """A commission rate to set, a fraction of the notional (0.0001 is 1 bp); null inherits again."""

    scope: CommissionScope
    ticker: TickerIn | None = None
    rate: SignedRateIn | None


class CommissionOut(Schema):
    """A commission rate at one scope, a fraction of the notional; null inherits."""

    scope: str
    ticker: str | None
    rate: DecimalOut | None


class CommissionPage(Schema):
    """One page of the rates that are set: GLOBAL, the tenant's, then by ticker."""

    items: list[CommissionOut]
    count: int
