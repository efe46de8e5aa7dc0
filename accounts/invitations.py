"""Invitations: a link that lets whoever has it join a tenant, once."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import MutableMapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone

from accounts.errors import InvitationUsed
from accounts.models import Invitation, Membership, Role, Tenant, User
from accounts.transactions import Stamp, lock_one, read_one, require_unit_of_work
from volbal.errors import OutOfRange

VALID_FOR = timedelta(days=7)
LONGEST_NOTE = 100
# Where a session keeps the secret of the invitation that its user came with.
CAME_WITH = "invitation"


def invite(*, tenant_id: UUID, role: Role, note: str, stamp: Stamp) -> tuple[Invitation, str]:
    """Make an invitation for seven days; return it with its secret, which is kept nowhere.

    Raises OutOfRange for a note that can't be kept, NotFound.
    """
    require_unit_of_work()
    if len(note) > LONGEST_NOTE or not note.isprintable():
        raise OutOfRange(f"note: at most {LONGEST_NOTE} printable characters.", field="note")
    secret = secrets.token_urlsafe(32)
    invitation = Invitation.objects.create(
        tenant=read_one(Tenant.objects.filter(pk=tenant_id), "tenant"),
        role=role,
        note=note,
        secret_hash=_hash_of(secret),
        created_at=stamp.at,
        created_by=stamp.actor,
        expires_at=stamp.at + VALID_FOR,
    )
    return invitation, secret


def find_invitation(secret: str, at: datetime) -> Invitation | None:
    """Return the invitation that a link's secret belongs to, if it can still be accepted."""
    found = Invitation.objects.select_related("tenant").filter(secret_hash=_hash_of(secret)).first()
    return found if found is not None and found.is_open(at) else None


def is_invited(session: MutableMapping[str, Any]) -> bool:
    """Return whether the session's user came with an invitation that can still be accepted."""
    secret = session.get(CAME_WITH)
    return isinstance(secret, str) and find_invitation(secret, timezone.now()) is not None


def accept(*, secret: str, user: User, stamp: Stamp) -> Membership:
    """Make the user a member; whoever is one already keeps the higher of the two roles.

    Raises InvitationUsed for a link that can't be accepted any more, NotFound for one that never was.
    """
    invitation = lock_one(Invitation.objects.filter(secret_hash=_hash_of(secret)), "invitation")
    if not invitation.is_open(stamp.at):
        raise InvitationUsed("This invitation was used or withdrawn, or is too old. Ask for a new one.")
    invitation.accepted_at, invitation.accepted_by = stamp.at, user.get_username()
    invitation.save(update_fields=["accepted_at", "accepted_by"])
    membership, is_new = Membership.objects.get_or_create(
        user=user, tenant_id=invitation.tenant_id, defaults={"role": invitation.role}
    )
    if not is_new and Role.values.index(membership.role) < Role.values.index(invitation.role):
        membership.role = invitation.role
        membership.save(update_fields=["role"])
    return membership


def withdraw(*, tenant_id: UUID, invitation_id: UUID, stamp: Stamp) -> Invitation:
    """Make one of the tenant's invitations useless. Raises NotFound; InvitationUsed if it was accepted."""
    found = Invitation.objects.filter(pk=invitation_id, tenant_id=tenant_id)
    invitation = lock_one(found, "invitation")
    if invitation.accepted_at is not None:
        raise InvitationUsed(f"{invitation.accepted_by} has accepted it. Remove the member instead.")
    if invitation.withdrawn_at is None:
        invitation.withdrawn_at, invitation.withdrawn_by = stamp.at, stamp.actor
        invitation.save(update_fields=["withdrawn_at", "withdrawn_by"])
    return invitation


def _hash_of(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
