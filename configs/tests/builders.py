"""Settings for tests, saved the way the application saves them."""

from __future__ import annotations

from dataclasses import fields
from decimal import Decimal
from typing import Any

from accounts.models import Tenant
from accounts.transactions import unit_of_work
from configs.models import CommissionRate, SettingRow
from configs.resolver import EffectiveConfig
from configs.services import change_commission, change_config
from positions.models import Position
from positions.tests.builders import make_stamp
from volbal import values


def set_global(group: str, **settings: object) -> SettingRow:
    """Change settings at GLOBAL scope."""
    with unit_of_work():
        return change_config(group=group, scope="GLOBAL", values=settings, stamp=make_stamp())


def set_tenant(tenant: Tenant, group: str, **settings: object) -> SettingRow:
    """Change settings at TENANT scope."""
    with unit_of_work():
        return change_config(
            group=group, scope="TENANT", tenant_id=tenant.pk, values=settings, stamp=make_stamp()
        )


def set_position(position: Position, group: str, **settings: object) -> SettingRow:
    """Change settings at POSITION scope."""
    with unit_of_work():
        return change_config(
            group=group, scope="POSITION", position_id=position.pk, values=settings, stamp=make_stamp()
        )


def set_rate(
    scope: str, rate: str | None, tenant: Tenant | None = None, ticker: str | None = None
) -> CommissionRate:
    """Change a commission rate."""
    with unit_of_work():
        return change_commission(
            scope=scope,
            rate=None if rate is None else Decimal(rate),
            tenant_id=None if tenant is None else tenant.pk,
            ticker=ticker,
            stamp=make_stamp(),
        )


def make_effective(**settings: Any) -> EffectiveConfig:
    """Return effective settings without a database: the defaults, and what is named."""

    def group(kind: type) -> Any:
        names = {field.name for field in fields(kind)}
        return kind(**{name: value for name, value in settings.items() if name in names})

    return EffectiveConfig(
        trigger=group(values.TriggerConfig),
        guardrail=group(values.GuardrailConfig),
        order_policy=group(values.OrderPolicyConfig),
        scopes={},
    )
