"""Who may see a page: a member of a tenant, with a role, who lately gave a password where that counts."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from allauth.account.internal.flows.reauthentication import is_reauthentication_required
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from accounts.form_memory import keep_entries
from accounts.models import Membership, Role, Tenant, User
from accounts.prepared import Prepared, Slot
from accounts.transactions import Stamp

View = Callable[..., HttpResponse]

RANK = {Role.VIEWER: 0, Role.TRADER: 1, Role.OWNER: 2}
CHOSEN_TENANT = "tenant"
# Read for every page.
_MEMBERSHIPS = Prepared(
    lambda: (
        Membership.objects.filter(user=Slot("user", models.IntegerField()))
        .select_related("tenant")
        .order_by("tenant__name")
    )
)


def page(
    role: Role = Role.VIEWER,
    *,
    to_send: Role | None = None,
    poll: bool = False,
    password_again: bool = False,
) -> Callable[[View], View]:
    """Declare who sees a view: members of the tenant with at least this role.

    `to_send`: the role that its form takes, where more may see it than may send it.
    `poll`: asked for by a page itself every few seconds, so that it keeps no session alive.
    `password_again`: who comes must have given the password in the last five minutes.
    """

    def declare(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            enter(request, role)
            if request.method == "POST" and to_send is not None:
                require_role(request, to_send)
            asked = password_asked(request) if password_again else None
            return asked or view(request, *args, **kwargs)

        guarded.needs_role = role  # type: ignore[attr-defined]
        guarded.is_poll = poll  # type: ignore[attr-defined]
        return guarded

    return declare


def password_asked(request: HttpRequest) -> HttpResponse | None:
    """Return the way to the page that asks for the password, None if it was given in the last five minutes.

    For views that must first find out whose the row is; the others declare `password_again`.
    """
    if not is_reauthentication_required(request, app="accounts"):
        return None
    keep_entries(request)
    back = urlencode({REDIRECT_FIELD_NAME: request.get_full_path()})
    return redirect(f"{reverse('account_reauthenticate')}?{back}")


def enter(request: HttpRequest, role: Role) -> None:
    """Find the tenant that the user works for. Raises PermissionDenied without a role that is enough."""
    find_membership(request)
    require_role(request, role)


def find_membership(request: HttpRequest) -> None:
    """Look up what the user is at which tenants, and which of them they work for now."""
    found = memberships_of(user_of(request))
    request.memberships = found  # type: ignore[attr-defined]
    request.membership = _chosen(request, found)  # type: ignore[attr-defined]


def require_role(request: HttpRequest, role: Role) -> None:
    """Raise PermissionDenied unless the user has at least this role at the tenant."""
    if not has_role(request, role):
        raise PermissionDenied(f"This is for a {role.label.lower()} of this account.")


def has_role(request: HttpRequest, role: Role) -> bool:
    """Return whether the user has at least this role at the tenant they work for."""
    membership: Membership | None = getattr(request, "membership", None)
    return membership is not None and RANK[Role(membership.role)] >= RANK[role]


def membership_of(request: HttpRequest) -> Membership:
    """Return what the user is at the tenant they work for; only inside a view that is a `page`."""
    return cast(Membership, request.membership)  # type: ignore[attr-defined]


def tenant_seen(request: HttpRequest) -> Tenant:
    """Return the tenant whose pages these are; only inside a view that is a `page`."""
    return membership_of(request).tenant


def user_of(request: HttpRequest) -> User:
    """Return who is logged in."""
    return cast(User, request.user)


def user_stamp(request: HttpRequest) -> Stamp:
    """Return now, the name of who is logged in, and the request's id."""
    return Stamp(
        at=timezone.now(),
        actor=request.user.get_username(),
        request_id=getattr(request, "request_id", ""),
    )


def memberships_of(user: User) -> list[Membership]:
    """Return what the user is at which tenants, their own first."""
    found = _MEMBERSHIPS.rows(user=user.pk)
    return sorted(found, key=lambda membership: membership.tenant.name != user.username)


def _chosen(request: HttpRequest, memberships: list[Membership]) -> Membership | None:
    wanted = request.session.get(CHOSEN_TENANT)
    first = memberships[0] if memberships else None
    return next((one for one in memberships if str(one.tenant_id) == wanted), first)
