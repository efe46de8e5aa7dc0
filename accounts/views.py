"""Pages about who works here: members, invitations, the tenant one works for."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.forms import ConfirmForm, InvitationForm, RoleForm
from accounts.invitations import CAME_WITH, accept, find_invitation, invite, withdraw
from accounts.members import change_role, remove_member
from accounts.models import Invitation, Membership, Role
from accounts.page_access import CHOSEN_TENANT, page, tenant_seen, user_of, user_stamp
from accounts.page_once import Done, form_page
from accounts.prepared import Prepared, Slot
from accounts.shown_once import show_once, shown
from accounts.transactions import read_one, unit_of_work

LINK = "invitation_link"
_TENANT = Slot("tenant", models.UUIDField())
_MEMBERS = Prepared(
    lambda: Membership.objects.filter(tenant=_TENANT).select_related("user").order_by("user__username")
)
_OFFERED = Prepared(
    lambda: Invitation.objects.filter(
        tenant=_TENANT,
        accepted_at=None,
        withdrawn_at=None,
        expires_at__gt=Slot("now", models.DateTimeField()),
    ).order_by("-created_at")
)


@page()
@require_POST
def choose_tenant(request: HttpRequest) -> HttpResponse:
    request.session[CHOSEN_TENANT] = request.POST.get("tenant", "")
    return redirect("/")


@page(Role.OWNER)
@require_safe
def members(request: HttpRequest) -> HttpResponse:
    tenant = tenant_seen(request)
    return render(
        request,
        "accounts/members.html",
        {
            "members": _MEMBERS.rows(tenant=tenant.pk),
            "invitations": _OFFERED.rows(tenant=tenant.pk, now=timezone.now()),
            "link": shown(request, LINK),
        },
    )


@page(Role.OWNER, password_again=True)
def new_invitation(request: HttpRequest) -> HttpResponse:
    tenant = tenant_seen(request)

    def act(said: dict[str, Any]) -> Done:
        role = Role(said["role"])
        _, secret = invite(tenant_id=tenant.pk, role=role, note=said["note"], stamp=user_stamp(request))
        link = request.build_absolute_uri(reverse("join", args=[secret]))
        show_once(request, LINK, link)
        return Done(message=f"Invitation made for a {role.label.lower()}.", location=reverse("members"))

    return form_page(request, "accounts/invite.html", InvitationForm, act)


@page(Role.OWNER)
def withdraw_invitation(request: HttpRequest, invitation_id: UUID) -> HttpResponse:
    tenant = tenant_seen(request)
    found = read_one(Invitation.objects.filter(tenant=tenant, pk=invitation_id), "invitation")

    def act(said: dict[str, Any]) -> Done:
        withdraw(tenant_id=tenant.pk, invitation_id=found.pk, stamp=user_stamp(request))
        return Done(message="The invitation is withdrawn.", location=reverse("members"))

    return form_page(request, "accounts/withdraw.html", ConfirmForm, act, {"invitation": found})


@page(Role.OWNER, password_again=True)
def member_role(request: HttpRequest, membership_id: int) -> HttpResponse:
    member = _member(request, membership_id)

    def act(said: dict[str, Any]) -> Done:
        role = Role(said["role"])
        change_role(tenant_id=member.tenant_id, membership_id=member.pk, role=role)
        return Done(message=f"{member.user} is {role.label.lower()} now.", location=reverse("members"))

    initial = {"role": member.role}
    return form_page(request, "accounts/role.html", RoleForm, act, {"member": member}, initial=initial)


@page(Role.OWNER, password_again=True)
def member_removed(request: HttpRequest, membership_id: int) -> HttpResponse:
    member = _member(request, membership_id)

    def act(said: dict[str, Any]) -> Done:
        remove_member(tenant_id=member.tenant_id, membership_id=member.pk)
        return Done(message=f"{member.user} is no member any more.", location=reverse("members"))

    return form_page(request, "accounts/remove.html", ConfirmForm, act, {"member": member})


@login_not_required
def join(request: HttpRequest, secret: str) -> HttpResponse:
    """Where an invitation's link leads: with a login one joins, without one logs in or opens an account."""
    invitation = find_invitation(secret, timezone.now())
    if invitation is None:
        return render(request, "accounts/join_closed.html", status=404)
    if not request.user.is_authenticated:
        request.session[CAME_WITH] = secret
        return render(request, "accounts/join.html", {"invitation": invitation})
    if request.method != "POST":
        return render(request, "accounts/join.html", {"invitation": invitation})
    with unit_of_work():
        membership = accept(secret=secret, user=user_of(request), stamp=user_stamp(request))
    request.session.pop(CAME_WITH, None)
    request.session[CHOSEN_TENANT] = str(membership.tenant_id)
    messages.success(
        request, f"You work for {invitation.tenant} now, as {membership.get_role_display().lower()}."
    )
    return redirect("/")


def _member(request: HttpRequest, membership_id: int) -> Membership:
    found = Membership.objects.filter(tenant=tenant_seen(request), pk=membership_id).select_related("user")
    return read_one(found, "member")
