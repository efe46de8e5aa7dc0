"""Settings layer by layer: what a cell or a tenant says itself, and what it would inherit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from accounts.models import Tenant
from configs.models import Scope
from configs.resolver import EffectiveConfig, Path, Rate, RateKey, SaidBy, resolve, sorted_out
from configs.rows import rows_about, rows_about_one, rows_of_tenant
from positions.models import Position, PositionStatus
from volbal.fields import GROUPS, NO_LIMIT_WORD

# What one scope says, by group and field; None inherits, "none" is no limit.
Values = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Layers:
    """One scope's own values, what holds without them, and what holds with them."""

    own: Values
    inherited: EffectiveConfig
    effective: EffectiveConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A cell whose settings would change, and what would hold."""

    position: Position
    before: EffectiveConfig
    after: EffectiveConfig


def layers_of(position: Position, own: Values | None = None) -> Layers:
    """Return a cell's layers, with `own` instead of what it says itself; one query."""
    said, rates = sorted_out(rows_about_one(position))
    path: Path = (position.pk, position.tenant_id, None)
    return _layers(said, path, own, Scope.POSITION, rates, (position.tenant_id, position.ticker))


def layers_of_tenant(tenant: Tenant, own: Values | None = None) -> Layers:
    """Return a tenant's layers, with `own` instead of what it says itself."""
    said, rates = sorted_out(rows_of_tenant(tenant.pk))
    return _layers(said, (tenant.pk, None), own, Scope.TENANT, rates, (tenant.pk, None))


def effective_for_new(tenant: Tenant, ticker: str, own: Values) -> EffectiveConfig:
    """Return what would hold for a new cell of the tenant that said `own`."""
    said, rates = sorted_out(rows_of_tenant(tenant.pk, ticker))
    new = uuid4()
    return resolve(
        _instead(said, new, own, Scope.POSITION), (new, tenant.pk, None), rates, (tenant.pk, ticker)
    )


def changes_below(tenant: Tenant, own: Values) -> list[Change]:
    """Return the cells, not closed, for which something else would hold if the tenant said `own`."""
    positions = list(
        Position.objects.of_tenant(tenant).exclude(status=PositionStatus.CLOSED).order_by("number")
    )
    said, rates = sorted_out(rows_about(positions) if positions else ())
    instead = _instead(said, tenant.pk, own, Scope.TENANT)
    changes = []
    for position in positions:
        path, asset = (position.pk, tenant.pk, None), (tenant.pk, position.ticker)
        before, after = resolve(said, path, rates, asset), resolve(instead, path, rates, asset)
        if _rules(before) != _rules(after):
            changes.append(Change(position=position, before=before, after=after))
    return changes


def value_in(effective: EffectiveConfig, group: str, name: str) -> Any:
    """Return one value as a row would say it: no limit is "none"."""
    value = getattr(getattr(effective, group), name)
    return NO_LIMIT_WORD if value is None else value


def _layers(
    said: Mapping[str, SaidBy],
    path: Path,
    own: Values | None,
    scope: Scope,
    rates: Mapping[RateKey, Rate],
    asset: RateKey,
) -> Layers:
    owner = path[0]
    if own is None:
        empty: tuple[dict[str, Any], str] = ({}, scope)
        own = {group: said[group].get(owner, empty)[0] for group in GROUPS}
    without = _instead(said, owner, {}, scope)
    return Layers(
        own={group: {name: own.get(group, {}).get(name) for name in GROUPS[group]} for group in GROUPS},
        inherited=resolve(without, path, rates, asset),
        effective=resolve(_instead(said, owner, own, scope), path, rates, asset),
    )


def _instead(said: Mapping[str, SaidBy], owner: Any, own: Values, scope: Scope) -> Mapping[str, SaidBy]:
    """Return what is said if `owner` said `own` and nothing else."""
    return {
        group: {
            **said[group],
            owner: ({name: own.get(group, {}).get(name) for name in GROUPS[group]}, scope.value),
        }
        for group in GROUPS
    }


def _rules(effective: EffectiveConfig) -> tuple[object, ...]:
    return effective.trigger, effective.guardrail, effective.order_policy
