"""Noticing that no worker is there, and telling of it without one."""

from __future__ import annotations

from django.utils import timezone

from accounts.transactions import unit_of_work
from alerts.delivery import Clock, deliver_alerts
from alerts.models import Alert, AlertKind
from alerts.pulses import WORKER, worker_silence
from alerts.services import clear_alert, raise_alert

# Attempts to send at one look: what waits longer waits for the next.
AT_ONCE = 10


def watch_worker(*, clock: Clock = timezone.now) -> None:
    """Raise the alert that no worker is heard of, or clear it.

    Who calls this is no worker, so while there is none it also sends what waits to be sent. Opens its own
    units of work. May run twice, or in many processes at once.
    """
    silence = worker_silence(clock())
    if silence is None:
        if _is_told():
            with unit_of_work():
                clear_alert(kind=AlertKind.HEARTBEAT, key=WORKER, at=clock())
        return
    if not _is_told():
        with unit_of_work():
            raise_alert(
                kind=AlertKind.HEARTBEAT,
                key=WORKER,
                message=f"{silence[0].upper()}{silence[1:]}: nothing is evaluated or sent to brokers.",
                at=clock(),
            )
    deliver_alerts(clock=clock, limit=AT_ONCE)


def _is_told() -> bool:
    return Alert.objects.filter(kind=AlertKind.HEARTBEAT, key=WORKER, cleared_at=None).exists()
