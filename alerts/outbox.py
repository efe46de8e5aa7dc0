"""Alerts of events: collected in a unit of work and written at its end, or not at all."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import UUID

from accounts.nudges import nudge
from accounts.prepared import insert_rows
from accounts.transactions import current_unit
from alerts.models import Alert, AlertKind

# The workers' task that sends alerts.
DELIVER = "alerts.deliver"


class AlertWriter:
    """Collects what one unit of work has to tell, and writes it in order when the unit ends."""

    def __init__(self) -> None:
        self._steps: list[Alert | Callable[[], object]] = []

    def add(self, step: Alert | Callable[[], object]) -> None:
        """Keep an alert to be written, or a change of those written before it."""
        self._steps.append(step)

    def finish(self) -> None:
        """Write, as many alerts at once as stand side by side."""
        for are_alerts, steps in groupby(self._steps, lambda step: isinstance(step, Alert)):
            if are_alerts:
                _write([step for step in steps if isinstance(step, Alert)])
            else:
                for step in steps:
                    if callable(step):
                        step()

    def mark(self) -> int:
        """Return how much there is."""
        return len(self._steps)

    def roll_back_to(self, mark: int) -> None:
        """Forget what came since the mark."""
        del self._steps[mark:]


def nudge_to_send(alert: Alert) -> None:
    """Have a worker woken to send a new alert, if it is one to be sent."""
    if not alert.is_replayed:
        nudge(DELIVER)


def tell(alert: Alert) -> None:
    """Have an alert written when the unit of work ends."""
    current_unit().finisher(AlertWriter).add(alert)


def tell_over(kind: AlertKind, *, tenant_id: UUID | None, position_id: UUID | None, at: datetime) -> None:
    """Have the open alerts of a kind about exactly this position, tenant, or everyone cleared at its end."""

    about: dict[str, Any] = {"tenant_id": tenant_id, "position_id": position_id}

    def clear() -> None:
        Alert.objects.filter(kind=kind, cleared_at=None, **about).update(cleared_at=at)

    current_unit().finisher(AlertWriter).add(clear)


def _write(alerts: list[Alert]) -> None:
    insert_rows(alerts)
    for alert in alerts:
        nudge_to_send(alert)
