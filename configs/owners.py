"""Whose settings: resolved and locked once, then written to and told in the right history."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from accounts.models import Tenant
from accounts.transactions import Stamp, read_one, require_unit_of_work
from configs.models import Scope, TriggerConfig
from positions.event_types import EventType
from positions.events import record_event
from positions.models import Position
from positions.services import lock_open_position
from volbal.errors import InvalidConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Everyone (GLOBAL), a tenant, or a position (locked)."""

    scope: Scope
    tenant: Tenant | None = None
    position: Position | None = None

    def __str__(self) -> str:
        return f"{self.scope} {self.position or self.tenant or ''}".strip()

    def columns(self) -> dict[str, Any]:
        """Return what a row of settings says about its owner."""
        return {"scope": self.scope, "tenant": self.tenant, "position": self.position}

    def record_change(
        self, message: str, *, inputs: Mapping[str, Any], outputs: Mapping[str, Any], stamp: Stamp
    ) -> None:
        """Append a `config_changed` event to the owner's history."""
        about = self.position or self.tenant
        record_event(about, EventType.CONFIG_CHANGED, message, stamp=stamp, inputs=inputs, outputs=outputs)


def lock_owner(scope: str, tenant_id: UUID | None, position_id: UUID | None) -> Owner:
    """Lock whose settings are to change, and then all settings.

    Raises InvalidConfig if the ids don't fit the scope, NotFound, PositionClosed.
    """
    fits = {
        Scope.GLOBAL: tenant_id is None and position_id is None,
        Scope.TENANT: tenant_id is not None and position_id is None,
        Scope.POSITION: tenant_id is None and position_id is not None,
    }
    if not fits.get(scope):  # type: ignore[call-overload]
        raise InvalidConfig("GLOBAL takes no tenant and no position, TENANT a tenant, POSITION a position.")
    position = lock_open_position(position_id) if position_id else None
    lock_settings()
    return Owner(scope=Scope(scope), tenant=_tenant(tenant_id) if tenant_id else None, position=position)


def lock_settings() -> None:
    """Let one change of settings run at a time, whatever its scope.

    Two changes that are each valid may be invalid together (GLOBAL raises the minimum while a tenant
    lowers the maximum), and no row of theirs is common to both. The GLOBAL trigger row is the mutex; it
    is made, empty, when it is first needed. It comes after the position's lock; deciding never takes it.
    """
    require_unit_of_work()
    TriggerConfig.objects.select_for_update(no_key=True).get_or_create(scope=Scope.GLOBAL)


def _tenant(tenant_id: UUID) -> Tenant:
    """Read a tenant. It is not locked: every event of its positions refers to it and would have to wait."""
    return read_one(Tenant.objects.filter(pk=tenant_id), "tenant")
