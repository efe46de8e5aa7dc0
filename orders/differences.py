"""What a broker says and our books don't: kept, told by pausing, and never repaired silently."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from accounts.transactions import Stamp, lock_one, require_unit_of_work
from orders.broker_accounts import BrokerAccount
from orders.connection_models import BrokerConnection
from orders.models import BrokerDifference, DifferenceKind, Order
from positions.chains import as_json
from positions.models import Position
from positions.services import pause
from volbal.errors import OutOfRange
from volbal.fields import read_text

LONGEST_REASON = 500
LONGEST_SUBJECT = 120
# They happened once. A person who has explained one need not do so again while the broker goes on telling it.
ONE_OFF = frozenset(
    {DifferenceKind.FOREIGN_ORDER, DifferenceKind.FOREIGN_EXECUTION, DifferenceKind.OTHER_EXECUTION}
)


def note_difference(
    kind: DifferenceKind,
    *,
    broker: str,
    subject: str,
    facts: Mapping[str, Any],
    found_at: datetime,
    account: str = "",
    tenant_id: UUID | None = None,
    position: Position | None = None,
) -> BrokerDifference | None:
    """Keep a difference, once as long as it is open, inside the caller's unit of work.

    `account` and `tenant_id` where the broker has accounts, `position` if it can only be one. None if it is
    one that somebody has explained for good; else whoever notes it pauses what it may concern.
    """
    require_unit_of_work()
    known, subject = as_json(dict(facts)), subject[:LONGEST_SUBJECT]
    same = BrokerDifference.objects.filter(broker=broker, account=account, kind=kind, subject=subject)
    explained = same.filter(resolved_at__isnull=False) if kind in ONE_OFF else ()
    if any(row.facts == known for row in explained):
        return None
    return BrokerDifference.objects.get_or_create(
        broker=broker,
        account=account,
        kind=kind,
        subject=subject,
        resolved_at=None,
        defaults={
            "position": position,
            "tenant_id": tenant_id if position is None else position.tenant_id,
            "facts": known,
            "found_at": found_at,
        },
    )[0]


def note_of_order(
    kind: DifferenceKind,
    order: Order,
    *,
    subject: str,
    facts: Mapping[str, Any],
    found_at: datetime,
    stamp: Stamp,
) -> None:
    """Keep a difference about a locked order and pause its position."""
    row = note_difference(
        kind,
        broker=order.broker,
        account=_account_of(order),
        subject=subject,
        facts={**order.facts(), "status": order.status, "filled_qty": order.filled_qty, **facts},
        found_at=found_at,
        position=order.position,
    )
    if row is not None:
        pause(order.position, f"the broker and the books differ: {kind.label}", stamp=stamp)


def note_at(
    account: BrokerAccount,
    kind: DifferenceKind,
    *,
    subject: str,
    facts: Mapping[str, Any],
    found_at: datetime,
) -> BrokerDifference | None:
    """Keep a difference about a broker, or an account at one, as `note_difference` does."""
    return note_difference(
        kind,
        broker=account.broker,
        account=account.subject,
        tenant_id=None if account.connection is None else account.connection.tenant_id,
        subject=subject,
        facts=facts,
        found_at=found_at,
    )


def open_differences(broker: str | None = None, account: str = "") -> Iterable[BrokerDifference]:
    """Return what nobody has explained yet, oldest first: of all brokers, or of one and its account."""
    rows = BrokerDifference.objects.filter(resolved_at__isnull=True).order_by("found_at", "id")
    return rows if broker is None else rows.filter(broker=broker, account=account)


def _account_of(order: Order) -> str:
    """Return the connection that an order's broker was reached by, "" without one."""
    rows = BrokerConnection.objects.in_force().filter(broker=order.broker, tenant=order.position.tenant_id)
    return next((str(pk) for pk in rows.values_list("pk", flat=True)), "")


def resolve_difference(*, difference_id: UUID, reason: str, stamp: Stamp) -> BrokerDifference:
    """Say what a difference was about. The first to do so is who did; positions stay paused until resumed.

    Raises NotFound, OutOfRange without a reason.
    """
    difference = lock_one(BrokerDifference.objects.filter(pk=difference_id), "difference")
    text = read_text(reason, longest=LONGEST_REASON, field="reason")
    if not stamp.actor:
        raise OutOfRange("Somebody must have resolved it.", field="actor")
    if difference.resolved_at is None:
        difference.resolved_at, difference.resolved_by, difference.resolution = stamp.at, stamp.actor, text
        difference.save(update_fields=["resolved_at", "resolved_by", "resolution"])
    return difference
