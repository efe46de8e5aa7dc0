"""What was changed in one row of settings, by whom and when, as the events keep it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from configs.models import CommissionRate, SettingRow
from configs.rows import MODELS
from configs.services import COMMISSION_GROUP
from positions.event_types import EventType
from positions.events import tenant_chain
from positions.history import told
from positions.models import Event

GROUP_OF = {model: group for group, model in MODELS.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class PastChange:
    """One change: the changed fields alone, as the event wrote them; None inherited."""

    at: datetime
    actor: str
    request_id: str
    before: dict[str, Any]
    after: dict[str, Any]


def changes_of(row: SettingRow | CommissionRate) -> Iterator[PastChange]:
    """Yield what happened to the row, newest first."""
    if isinstance(row, CommissionRate):
        events = _changes(COMMISSION_GROUP, row.tenant_id, None)
        events = (event for event in events if event.inputs["ticker"] == row.ticker)
    else:
        events = _changes(GROUP_OF[type(row)], row.tenant_id, row.position_id)
    for event in events:
        yield PastChange(
            at=event.ts,
            actor=event.actor,
            request_id=event.request_id,
            before=event.inputs["before"],
            after=event.outputs["after"],
        )


def _changes(group: str, tenant_id: UUID | None, position_id: UUID | None) -> Iterator[Event]:
    """Read the changes of one group in one chain: the position's, else the tenant's, else the global one."""
    events = told(EventType.CONFIG_CHANGED).filter(inputs__group=group).order_by("-seq")
    if position_id is not None:
        return events.filter(position_id=position_id).iterator()
    return events.filter(chain=tenant_chain(tenant_id)).iterator()
