"""Recording why: events in the chain of a position, a tenant, or the whole installation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4

from accounts.models import Tenant
from accounts.transactions import Stamp
from positions.alerting import tell_of_event
from positions.chains import append, as_json
from positions.event_types import EventType
from positions.models import Event, EventScope, Position

Facts = Mapping[str, Any]

GLOBAL_CHAIN = "global"


def record_event(
    about: Position | Tenant | None,
    type_: EventType,
    message: str,
    *,
    stamp: Stamp,
    inputs: Facts | None = None,
    outputs: Facts | None = None,
    event_id: UUID | None = None,
) -> Event:
    """Append one event to the chain of a locked position, of a tenant, or (None) of the installation.

    An `event_id` that is made of what the event tells keeps it once, whoever tells it. The alert that it
    calls for, if any, is written with it.
    """
    event = Event(
        id=event_id or uuid4(),
        type=type_,
        message=message,
        ts=stamp.at,
        actor=stamp.actor,
        request_id=stamp.request_id,
        inputs=as_json(dict(inputs or {})),
        outputs=as_json(dict(outputs or {})),
        scope=EventScope.GLOBAL,
    )
    if isinstance(about, Position):
        event.scope, event.position, event.tenant_id = EventScope.POSITION, about, about.tenant_id
        append(position_chain(about), event)
    elif about is not None:
        event.scope, event.tenant = EventScope.TENANT, about
        append(tenant_chain(about.pk), event)
    else:
        append(GLOBAL_CHAIN, event)
    tell_of_event(event, about)
    return event


def position_chain(position: Position) -> str:
    """Name the chain of a position's events."""
    return chain_of(position.pk)


def chain_of(position_id: UUID) -> str:
    """Name the chain of the events of the position with this id."""
    return f"position/{position_id}"


def tenant_chain(tenant_id: UUID | None) -> str:
    """Name the chain of a tenant's own events; None is the installation's."""
    return GLOBAL_CHAIN if tenant_id is None else f"tenant/{tenant_id}"
