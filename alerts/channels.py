"""Who is sent what: a tenant's channels, and the operator's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from accounts.transactions import Stamp, lock_one, require_unit_of_work
from alerts.addresses import read_target
from alerts.models import AlertChannel, AlertKind, DeliveryState
from volbal.errors import OutOfRange


def open_channel(
    *,
    channel: str,
    target: str,
    stamp: Stamp,
    tenant_id: UUID | None = None,
    kinds: Sequence[str] = tuple(AlertKind.values),
) -> AlertChannel:
    """Send some kinds of a tenant's alerts (without a tenant: the operator's) to an address from now on.

    `alerts.signing.webhook_secret` then says what signs a webhook. Raises InvalidTarget, OutOfRange for an
    unknown kind or an address that is there already.
    """
    require_unit_of_work()
    target = read_target(channel, target)
    where: dict[str, Any] = {"tenant_id": tenant_id, "channel": channel, "target": target}
    if AlertChannel.objects.filter(**where).exists():
        raise OutOfRange("target: alerts are sent there already.", field="target")
    return AlertChannel.objects.create(kinds=read_kinds(kinds), changed_by=stamp.actor, **where)


def close_channel(*, channel_id: UUID, tenant_id: UUID) -> None:
    """Send nothing more to one of a tenant's addresses; what waits to be sent there is forgotten.

    Raises NotFound.
    """
    channel = lock_one(AlertChannel.objects.filter(pk=channel_id, tenant_id=tenant_id), "channel")
    waiting = (DeliveryState.WAITING, DeliveryState.SENDING)
    channel.deliveries.filter(state__in=waiting).delete()
    channel.delete()


def renew_secret(*, channel_id: UUID, stamp: Stamp) -> AlertChannel:
    """Sign with a new secret from now on; the old one is worth nothing any more. Raises NotFound."""
    channel = lock_one(AlertChannel.objects.filter(pk=channel_id), "channel")
    channel.secret_number += 1
    channel.changed_by = stamp.actor
    channel.save(update_fields=["secret_number", "changed_by"])
    return channel


def read_kinds(kinds: Sequence[str]) -> list[str]:
    """Return kinds in their own order, each once. Raises OutOfRange for an unknown one."""
    unknown = set(kinds) - set(AlertKind.values)
    if unknown:
        raise OutOfRange(f"kinds: there is no {sorted(unknown)[0]}.", field="kinds")
    return [kind for kind in AlertKind.values if kind in set(kinds)]
