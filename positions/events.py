"""Recording why: events in the chain of a position, a tenant, or the whole installation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from accounts.models import Tenant
from accounts.transactions import Stamp
from positions.chains import append, as_json
from positions.event_types import EventType
from positions.models import Event, EventScope, Position

Facts = Mapping[str, Any]


def record_event(
    position: Position,
    type_: EventType,
    message: str,
    *,
    stamp: Stamp,
    inputs: Facts | None = None,
    outputs: Facts | None = None,
) -> Event:
    """Append one event to a locked position's chain."""
    event = _event(type_, message, stamp, inputs, outputs)
    event.scope, event.position, event.tenant_id = EventScope.POSITION, position, position.tenant_id
    return append(position_chain(position), event)


def record_tenant_event(
    tenant: Tenant,
    type_: EventType,
    message: str,
    *,
    stamp: Stamp,
    inputs: Facts | None = None,
    outputs: Facts | None = None,
) -> Event:
    """Append one event to a tenant's chain."""
    event = _event(type_, message, stamp, inputs, outputs)
    event.scope, event.tenant = EventScope.TENANT, tenant
    return append(f"tenant/{tenant.pk}", event)


def record_global_event(
    type_: EventType,
    message: str,
    *,
    stamp: Stamp,
    inputs: Facts | None = None,
    outputs: Facts | None = None,
) -> Event:
    """Append one event to the installation's chain."""
    event = _event(type_, message, stamp, inputs, outputs)
    event.scope = EventScope.GLOBAL
    return append("global", event)


def position_chain(position: Position) -> str:
    """Name the chain of a position's events."""
    return f"position/{position.pk}"


def _event(
    type_: EventType, message: str, stamp: Stamp, inputs: Facts | None, outputs: Facts | None
) -> Event:
    return Event(
        type=type_,
        message=message,
        ts=stamp.at,
        actor=stamp.actor,
        request_id=stamp.request_id,
        inputs=as_json(dict(inputs or {})),
        outputs=as_json(dict(outputs or {})),
    )
