"""Handing alerts to the channels: from the outbox to one delivery a target."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from accounts.transactions import unit_of_work
from alerts.models import Alert, AlertChannel, AlertDelivery, DeliveryState

# How long after it was raised an alert is worth sending.
WORTH_SENDING = timedelta(hours=24)
KEPT_FOR = timedelta(days=90)
ROUTED_AT_ONCE = 500
DONE = (DeliveryState.DELIVERED, DeliveryState.UNCLEAR, DeliveryState.GIVEN_UP)


def route_alerts(at: datetime) -> int:
    """Give every alert of the outbox a delivery for each channel that wants it; return how many were routed.

    Opens its own unit of work, if there is anything to do. `at` is by the wall clock.
    """
    if not Alert.objects.unrouted().exists():
        return 0
    with unit_of_work():
        waiting = Alert.objects.unrouted().order_by("created_at", "pk")
        # Another worker routes those that it has locked.
        alerts = list(waiting.select_for_update(skip_locked=True)[:ROUTED_AT_ONCE])
        channels = list(AlertChannel.objects.filter(is_active=True))
        AlertDelivery.objects.bulk_create(_deliveries(alerts, channels, at), ignore_conflicts=True)
        Alert.objects.filter(pk__in=[alert.pk for alert in alerts]).update(routed_at=at)
        _forget_old(at)
    return len(alerts)


def is_worth_sending(alert: Alert, at: datetime) -> bool:
    """Whether an alert is recent, and about something that isn't over already."""
    is_over = bool(alert.key) and alert.cleared_at is not None
    return not is_over and alert.created_at > at - WORTH_SENDING


def _deliveries(
    alerts: Sequence[Alert], channels: Sequence[AlertChannel], at: datetime
) -> Iterator[AlertDelivery]:
    for alert in alerts:
        if not is_worth_sending(alert, at):
            continue
        for via in channels:
            if _wants(via, alert):
                yield AlertDelivery(
                    alert=alert, via=via, channel=via.channel, target=via.target, next_try_at=at
                )


def _wants(channel: AlertChannel, alert: Alert) -> bool:
    is_theirs = alert.tenant_id is None or alert.tenant_id == channel.tenant_id
    return is_theirs and alert.kind in channel.kinds


def _forget_old(at: datetime) -> None:
    """Addresses are not kept longer than they are of use; the alerts themselves stay."""
    AlertDelivery.objects.filter(state__in=DONE, next_try_at__lt=at - KEPT_FOR).delete()
