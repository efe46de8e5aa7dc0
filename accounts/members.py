"""Who works for a tenant, and as what."""

from __future__ import annotations

from uuid import UUID

from accounts.errors import LastOwner
from accounts.models import Membership, Role
from accounts.transactions import lock_all, require_unit_of_work, the_row


def change_role(*, tenant_id: UUID, membership_id: int, role: Role) -> Membership:
    """Give a member another role. Raises NotFound; LastOwner if nobody could configure any more."""
    member, owners = _locked(tenant_id, membership_id)
    if role != Role.OWNER and owners == {member.pk}:
        raise LastOwner("Somebody must stay owner. Make another member owner first.")
    member.role = role
    member.save(update_fields=["role"])
    return member


def remove_member(*, tenant_id: UUID, membership_id: int) -> Membership:
    """Let somebody work for the tenant no longer. Raises NotFound, LastOwner."""
    member, owners = _locked(tenant_id, membership_id)
    if owners == {member.pk}:
        raise LastOwner("Somebody must stay owner. Make another member owner first.")
    member.delete()
    return member


def _locked(tenant_id: UUID, membership_id: int) -> tuple[Membership, set[int]]:
    """Lock all members, so that two owners can't remove each other; return one, and who the owners are."""
    require_unit_of_work()
    members = {member.pk: member for member in lock_all(Membership.objects.filter(tenant_id=tenant_id))}
    owners = {pk for pk, member in members.items() if member.role == Role.OWNER}
    return the_row(members.get(membership_id), "member"), owners
