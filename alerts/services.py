"""Alerts of states that last: raised once while they last, cleared when they are over; seen by a person."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from accounts.transactions import Stamp, require_unit_of_work
from alerts.models import Alert, AlertKind
from alerts.outbox import nudge_to_send

# What comes back as soon as this was never really over: it is the same alert, not news.
COMES_BACK_WITHIN = timedelta(minutes=15)
LONGEST_LABEL = 160


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What an alert is about: a position, a tenant, or without either everyone."""

    label: str = "everyone"
    tenant_id: UUID | None = None
    position_id: UUID | None = None
    is_replayed: bool = False


EVERYONE = Subject()


def alert_about(
    subject: Subject,
    *,
    kind: AlertKind,
    message: str,
    at: datetime,
    key: str = "",
    event_id: UUID | None = None,
) -> Alert:
    """Return an alert that is not yet written."""
    return Alert(
        kind=kind,
        key=key,
        event_id=event_id,
        message=message,
        at=at,
        tenant_id=subject.tenant_id,
        position_id=subject.position_id,
        label=subject.label[:LONGEST_LABEL],
        is_replayed=subject.is_replayed,
    )


def raise_alert(
    *, kind: AlertKind, key: str, message: str, at: datetime, subject: Subject = EVERYONE
) -> bool:
    """Say that something is wrong, inside the caller's unit of work; return whether that is news.

    While an alert of this kind and key is open, and for 15 minutes after it was cleared, it is the same one.
    """
    require_unit_of_work()
    if not key:
        raise ValueError("a state that lasts needs a key, by which it is cleared")
    same = Alert.objects.filter(kind=kind, key=key)
    if same.filter(cleared_at=None).exists() or _reopened(kind, key, at):
        return False
    alert = alert_about(subject, kind=kind, message=message, at=at, key=key)
    Alert.objects.bulk_create([alert], ignore_conflicts=True)  # another unit may have been faster
    nudge_to_send(alert)
    return Alert.objects.filter(pk=alert.pk).exists()


def clear_alert(*, kind: AlertKind, key: str, at: datetime) -> bool:
    """Say that it is over; return whether an alert was open."""
    require_unit_of_work()
    return Alert.objects.filter(kind=kind, key=key, cleared_at=None).exclude(key="").update(cleared_at=at) > 0


def mark_seen(*, alert_ids: Iterable[UUID], tenant_id: UUID, stamp: Stamp) -> int:
    """Say that a person has seen some of a tenant's alerts; return how many had not been.

    Those about everyone are not one tenant's to put away, and other tenants' ids change nothing.
    """
    require_unit_of_work()
    unseen = Alert.objects.filter(pk__in=list(alert_ids), tenant_id=tenant_id, seen_at=None)
    return unseen.update(seen_at=stamp.at, seen_by=stamp.actor)


def _reopened(kind: AlertKind, key: str, at: datetime) -> bool:
    last = (
        Alert.objects.filter(kind=kind, key=key, cleared_at__gt=at - COMES_BACK_WITHIN)
        .order_by("-cleared_at")
        .select_for_update()
        .first()
    )
    if last is None:
        return False
    # Routed again, in case it was over before it was sent; what was sent already is not sent again.
    last.cleared_at, last.routed_at = None, None
    last.save(update_fields=["cleared_at", "routed_at"])
    return True
