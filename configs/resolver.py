"""What holds for a position: the most specific value per field, and where it came from."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from configs.models import (
    CommissionRate,
    CommissionScope,
    GuardrailConfig,
    OrderPolicyConfig,
    Scope,
    SettingRow,
    TriggerConfig,
)
from positions.models import Position
from volbal import values
from volbal.fields import GROUPS, NO_LIMIT_WORD
from volbal.numbers import plain

MODELS: dict[str, type[SettingRow]] = {
    "trigger": TriggerConfig,
    "guardrail": GuardrailConfig,
    "order_policy": OrderPolicyConfig,
}
DEFAULTS: dict[str, object] = {
    "trigger": values.TriggerConfig(),
    "guardrail": values.GuardrailConfig(),
    "order_policy": values.OrderPolicyConfig(),
}
COMMISSION_RATE = "commission_rate"
DEFAULT_COMMISSION_RATE = values.OrderPolicyConfig().commission_rate

# One group's rows by the id of their tenant or position, None for GLOBAL.
RowsByOwner = Mapping[UUID | None, SettingRow]
# Owners from the most specific to GLOBAL: (position, tenant, None), (tenant, None) or (None,).
Path = tuple[UUID | None, ...]
RateKey = tuple[UUID | None, str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectiveConfig:
    """The settings that hold, and the scope each came from: scopes[group][field]."""

    trigger: values.TriggerConfig
    guardrail: values.GuardrailConfig
    order_policy: values.OrderPolicyConfig
    scopes: dict[str, dict[str, str]]


def effective_config(position: Position) -> EffectiveConfig:
    """Resolve every setting of one position in at most four queries.

    A field that no scope sets has the core's default and scope GLOBAL.
    """
    return effective_configs([position])[position.pk]


def effective_configs(positions: Collection[Position]) -> dict[UUID, EffectiveConfig]:
    """Resolve the settings of many positions, by id, in four queries. Keep to a few hundred at a time."""
    rows = {group: by_owner(model._default_manager.about(positions)) for group, model in MODELS.items()}
    own = rows["order_policy"]
    inheriting = [p for p in positions if p.pk not in own or getattr(own[p.pk], COMMISSION_RATE) is None]
    rates = _rates(
        CommissionRate.objects.about({p.tenant_id for p in inheriting}, {p.ticker for p in inheriting})
        if inheriting
        else ()
    )
    return {
        position.pk: resolve(
            rows, (position.pk, position.tenant_id, None), rates, (position.tenant_id, position.ticker)
        )
        for position in positions
    }


def get_commission_rate(tenant_id: UUID | None = None, ticker: str | None = None) -> Decimal:
    """Return the rate (a fraction of the notional) without a position: asset, tenant, GLOBAL, else 0.0001."""
    tenant_ids = [] if tenant_id is None else [tenant_id]
    rates = _rates(CommissionRate.objects.about(tenant_ids, [] if ticker is None else [ticker]))
    return _commission((tenant_id, ticker), rates)[0]


def commission_rates_of(tenant_id: UUID) -> list[CommissionRate]:
    """Return the rates that are set for a tenant: GLOBAL first, its own, then its tickers'.

    GLOBAL is always there; a row that isn't in the database stands for the core's default.
    """
    rates = list(CommissionRate.objects.of_tenant(tenant_id).order_by("scope", "ticker"))
    if not rates or rates[0].scope != CommissionScope.GLOBAL:
        rates.insert(0, CommissionRate(scope=CommissionScope.GLOBAL, rate=DEFAULT_COMMISSION_RATE))
    return rates


def as_public(effective: EffectiveConfig) -> dict[str, dict[str, dict[str, Any]]]:
    """Return {group: {field: {"value", "scope"}}} for pages and API; no limit is written "none"."""
    return {
        group: {
            name: {
                "value": public_value(getattr(getattr(effective, group), name)),
                "scope": effective.scopes[group][name],
            }
            for name in fields
        }
        for group, fields in GROUPS.items()
    }


def public_value(value: object) -> object:
    """Write one setting's value: decimals as plain strings, no limit as "none"."""
    if value is None:
        return NO_LIMIT_WORD
    return plain(value) if isinstance(value, Decimal) else value


def by_owner(rows: Iterable[SettingRow]) -> dict[UUID | None, SettingRow]:
    """Index one group's rows by whose they are."""
    return {row.owner_key: row for row in rows}


def resolve(
    rows: Mapping[str, RowsByOwner],
    path: Path,
    rates: Mapping[RateKey, CommissionRate] | None = None,
    asset: RateKey = (None, None),
) -> EffectiveConfig:
    """Merge rows already read along `path`, and the commission rates of `asset` (tenant id, ticker)."""
    merged = {group: _merge(group, rows[group], path) for group in GROUPS}
    policy, scopes = merged["order_policy"]
    if COMMISSION_RATE not in policy:
        policy[COMMISSION_RATE], scopes[COMMISSION_RATE] = _commission(asset, rates or {})
    return EffectiveConfig(
        trigger=values.TriggerConfig(**merged["trigger"][0]),
        guardrail=values.GuardrailConfig(**merged["guardrail"][0]),
        order_policy=values.OrderPolicyConfig(**policy),
        scopes={group: scopes for group, (_, scopes) in merged.items()},
    )


def _merge(group: str, rows: RowsByOwner, path: Path) -> tuple[dict[str, Any], dict[str, str]]:
    """Return (what is set along the path, the scope of every field)."""
    chosen: dict[str, Any] = {}
    scopes = dict.fromkeys(GROUPS[group], str(Scope.GLOBAL))
    for row in (rows[owner] for owner in path if owner in rows):
        for name in GROUPS[group]:
            value = getattr(row, name)
            if value is not None and name not in chosen:
                chosen[name] = None if value == NO_LIMIT_WORD else value
                scopes[name] = row.scope
    return chosen, scopes


def _rates(rates: Iterable[CommissionRate]) -> dict[RateKey, CommissionRate]:
    return {(rate.tenant_id, rate.ticker): rate for rate in rates}


def _commission(asset: RateKey, rates: Mapping[RateKey, CommissionRate]) -> tuple[Decimal, str]:
    """Return (rate, scope), the most specific first."""
    tenant_id, _ = asset
    for key in (asset, (tenant_id, None), (None, None)):
        row = rates.get(key)
        if row is not None and row.rate is not None:
            return row.rate, row.scope
    return DEFAULT_COMMISSION_RATE, str(CommissionScope.GLOBAL)
