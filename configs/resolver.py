"""What holds for a position: the most specific value per field, and where it came from."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol
from uuid import UUID

from configs.models import CommissionRate, CommissionScope, Scope, SettingRow
from configs.rows import COMMISSION_RATE, RATES, Found, rows_about, rows_about_one, rows_between
from positions.models import Position
from volbal import values
from volbal.fields import GROUPS, NO_LIMIT_WORD
from volbal.numbers import plain

DEFAULTS: dict[str, object] = {
    "trigger": values.TriggerConfig(),
    "guardrail": values.GuardrailConfig(),
    "order_policy": values.OrderPolicyConfig(),
}
DEFAULT_COMMISSION_RATE = values.OrderPolicyConfig().commission_rate

# What is set in one group, with its scope, by the id of its tenant or position, None for GLOBAL.
Said = tuple[Mapping[str, Any], str]
SaidBy = Mapping[UUID | None, Said]
# Owners from the most specific to GLOBAL: (position, tenant, None), (tenant, None) or (None,).
Path = tuple[UUID | None, ...]
RateKey = tuple[UUID | None, str | None]
Rate = tuple[Decimal, str]


class HasSettings(Protocol):
    """A position, as far as its settings are concerned."""

    @property
    def pk(self) -> UUID: ...
    @property
    def tenant_id(self) -> UUID: ...
    @property
    def ticker(self) -> str: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectiveConfig:
    """The settings that hold, and the scope each came from: scopes[group][field]."""

    trigger: values.TriggerConfig
    guardrail: values.GuardrailConfig
    order_policy: values.OrderPolicyConfig
    scopes: dict[str, dict[str, str]]


def effective_config(position: Position) -> EffectiveConfig:
    """Resolve every setting of one position in one query.

    A field that no scope sets has the core's default and scope GLOBAL.
    """
    said, rates = sorted_out(rows_about_one(position))
    path, asset = (position.pk, position.tenant_id, None), (position.tenant_id, position.ticker)
    return resolve(said, path, rates, asset)


def settings_of_many(positions: Collection[Position]) -> SettingsOfMany:
    """Read what the settings of some positions are made of, in one query. Keep to a few hundred at a time."""
    return SettingsOfMany(rows_about(positions) if positions else ())


def settings_between(first: UUID, last: UUID) -> SettingsOfMany:
    """Read what the settings of all positions with ids from `first` to `last` are made of, in one query."""
    return SettingsOfMany(rows_between(first, last))


class SettingsOfMany:
    """What is set for many positions; each answer is made once for all that it holds for."""

    def __init__(self, rows: Iterable[Found]) -> None:
        self._said, self._rates = sorted_out(rows)
        self._owners = {owner for rows in self._said.values() for owner in rows}
        self._made: dict[Any, EffectiveConfig] = {}
        self._found: dict[Any, EffectiveConfig] = {}

    def has_own(self, position_id: UUID) -> bool:
        """Whether something is set for this very position."""
        return position_id in self._owners

    def of(self, position: HasSettings) -> EffectiveConfig:
        """Resolve the settings of a position that the rows are about."""
        asset = (position.tenant_id, position.ticker)
        whose = position.pk if self.has_own(position.pk) else asset
        if whose not in self._found:
            self._found[whose] = self._resolve(position.pk, asset)
        return self._found[whose]

    def _resolve(self, position_id: UUID, asset: RateKey) -> EffectiveConfig:
        # Positions that nobody has set anything for, but for the same others, have the same settings.
        path = tuple(owner for owner in (position_id, asset[0], None) if owner in self._owners)
        key = (path, _commission(asset, self._rates))
        if key not in self._made:
            self._made[key] = resolve(self._said, path, self._rates, asset)
        return self._made[key]


def get_commission_rate(tenant_id: UUID | None = None, ticker: str | None = None) -> Decimal:
    """Return the rate (a fraction of the notional) without a position: asset, tenant, GLOBAL, else 0.0001."""
    tenant_ids = [] if tenant_id is None else [tenant_id]
    rates = CommissionRate.objects.about(tenant_ids, [] if ticker is None else [ticker])
    return _commission((tenant_id, ticker), {(r.tenant_id, r.ticker): (r.rate, r.scope) for r in rates})[0]


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


def said_in(group: str, rows: Mapping[UUID | None, SettingRow]) -> SaidBy:
    """Return what rows of one group say, by whose they are."""
    return {
        owner: ({name: getattr(row, name) for name in GROUPS[group]}, row.scope)
        for owner, row in rows.items()
    }


def resolve(
    said: Mapping[str, SaidBy],
    path: Path,
    rates: Mapping[RateKey, Rate] | None = None,
    asset: RateKey = (None, None),
) -> EffectiveConfig:
    """Merge what is set along `path`, and the commission rates of `asset` (tenant id, ticker)."""
    merged = {group: _merge(group, said[group], path) for group in GROUPS}
    policy, scopes = merged["order_policy"]
    if COMMISSION_RATE not in policy:
        policy[COMMISSION_RATE], scopes[COMMISSION_RATE] = _commission(asset, rates or {})
    return EffectiveConfig(
        trigger=values.TriggerConfig(**merged["trigger"][0]),
        guardrail=values.GuardrailConfig(**merged["guardrail"][0]),
        order_policy=values.OrderPolicyConfig(**policy),
        scopes={group: scopes for group, (_, scopes) in merged.items()},
    )


def _merge(group: str, said: SaidBy, path: Path) -> tuple[dict[str, Any], dict[str, str]]:
    """Return (what is set along the path, the scope of every field)."""
    chosen: dict[str, Any] = {}
    scopes = dict.fromkeys(GROUPS[group], str(Scope.GLOBAL))
    for values_set, scope in (said[owner] for owner in path if owner in said):
        for name in GROUPS[group]:
            value = values_set[name]
            if value is not None and name not in chosen:
                chosen[name] = None if value == NO_LIMIT_WORD else value
                scopes[name] = scope
    return chosen, scopes


def sorted_out(rows: Iterable[Found]) -> tuple[Mapping[str, SaidBy], Mapping[RateKey, Rate]]:
    """Return what rows say about settings, by group and owner, and the commission rates by asset."""
    said: dict[str, dict[UUID | None, Said]] = {group: {} for group in GROUPS}
    rates: dict[RateKey, Rate] = {}
    for row in rows:
        if row.group == RATES:
            rates[row.tenant_id, row.ticker] = (row.values[COMMISSION_RATE], row.scope)
        else:
            said[row.group][row.position_id or row.tenant_id] = (row.values, row.scope)
    return said, rates


def _commission(asset: RateKey, rates: Mapping[RateKey, Rate]) -> tuple[Decimal, str]:
    """Return (rate, scope), the most specific first."""
    tenant_id, _ = asset
    for key in (asset, (tenant_id, None), (None, None)):
        if key in rates:
            return rates[key]
    return DEFAULT_COMMISSION_RATE, str(CommissionScope.GLOBAL)
