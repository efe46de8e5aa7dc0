"""What workers do for alerts, and that they say that they are there."""

from __future__ import annotations

from django.utils import timezone

from accounts.background import background_task
from accounts.transactions import unit_of_work
from alerts.delivery import deliver_alerts
from alerts.outbox import DELIVER
from alerts.pulses import WORKER, note_pulse


@background_task(DELIVER)
def deliver() -> None:
    """Send what waits to be sent."""
    deliver_alerts()


@background_task("alerts.heartbeat")
def heartbeat() -> None:
    """Note that a message of the timetable has found its way to a worker and into the database."""
    with unit_of_work():
        note_pulse(WORKER, timezone.now())
