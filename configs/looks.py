"""What settings come to: warnings and runway of one cell, and whom a tenant's settings concern."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from accounts.models import Tenant
from accounts.transactions import unit_of_work
from configs.layers import changes_below, layers_of
from configs.lint import LintWarning, lint
from configs.models import Scope
from configs.reading import read_settings
from configs.resolver import EffectiveConfig
from configs.runway import Runway, runway
from configs.services import check_change
from positions.models import Position
from volbal.values import PositionState

MOST_CELLS = 20
Said = Mapping[str, Mapping[str, object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What settings mean for one cell; `runway` is None without an anchor."""

    warnings: list[LintWarning]
    runway: Runway | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Warned:
    """A cell for which a change brings warnings that were not there before."""

    position: Position
    warnings: list[LintWarning]


@dataclass(frozen=True, slots=True, kw_only=True)
class Below:
    """Whom a tenant's change concerns: how many cells, and those that get new warnings, a few of them."""

    affected: int
    warned: list[Warned]


def outcome_of(state: PositionState, effective: EffectiveConfig) -> Outcome:
    """Return the warnings and the runway of a cell under these settings."""
    rules = (effective.trigger, effective.guardrail, effective.order_policy)
    reach = None if state.anchor_price is None else runway(state, *rules)
    return Outcome(warnings=lint(state, effective), runway=reach)


def look_at_own(position: Position, said: Said) -> Outcome:
    """Return what a cell's settings would come to. Raises what saving them would raise."""
    _check(said, Scope.POSITION, position_id=position.pk)
    layers = layers_of(position, _kept(said, Scope.POSITION))
    return outcome_of(position.state(), layers.effective)


def look_below(tenant: Tenant, said: Said) -> Below:
    """Return whom a tenant's settings would concern. Raises what saving them would raise."""
    _check(said, Scope.TENANT, tenant_id=tenant.pk)
    changes = changes_below(tenant, _kept(said, Scope.TENANT))
    warned = []
    for change in changes:
        state = change.position.state()
        known = {(one.code, one.side) for one in lint(state, change.before)}
        new = [one for one in lint(state, change.after) if (one.code, one.side) not in known]
        if new:
            warned.append(Warned(position=change.position, warnings=new))
    return Below(affected=len(changes), warned=warned[:MOST_CELLS])


def _check(said: Said, scope: Scope, **owner: UUID) -> None:
    """Ask the service whether it would take the settings; nothing is changed."""
    with unit_of_work():
        for group, values in said.items():
            check_change(group=group, scope=scope, values=values, **owner)


def _kept(said: Said, scope: Scope) -> dict[str, dict[str, Any]]:
    return {group: read_settings(group, scope, values) for group, values in said.items()}
