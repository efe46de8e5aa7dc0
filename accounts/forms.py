"""Forms about members, invitations and keys."""

from __future__ import annotations

from django import forms

from accounts.models import Role, Scope
from accounts.page_forms import ActionForm

ROLES = (
    (Role.VIEWER, "Viewer: sees everything, changes nothing"),
    (Role.TRADER, "Trader: opens cells, trades, moves cash, stops trading"),
    (Role.OWNER, "Owner: also settings, keys and members, and resumes trading"),
)
SCOPES = (
    (Scope.READ, "read: see everything"),
    (Scope.TRADE, "trade: open cells, order, move cash, change a cell's settings"),
    (Scope.BROKER, "broker: report executions"),
    (Scope.ADMIN, "admin: dividends, splits, commissions, corrections, resuming"),
)


class ConfirmForm(ActionForm):
    """Nothing to fill in: sending it is the answer."""


class InvitationForm(ActionForm):
    """Whom to let in, and as what."""

    role = forms.ChoiceField(label="Role", choices=ROLES, initial=Role.VIEWER, widget=forms.RadioSelect)
    note = forms.CharField(
        label="For whom?", max_length=100, required=False, help_text="For your own list; they don't see it."
    )


class RoleForm(ActionForm):
    """What a member may do from now on."""

    role = forms.ChoiceField(label="Role", choices=ROLES, widget=forms.RadioSelect)


class ApiKeyForm(ActionForm):
    """What a new key is called, and what it may be used for."""

    name = forms.CharField(
        label="Name", max_length=100, required=False, help_text="What will use it, so that you know it later."
    )
    scopes = forms.MultipleChoiceField(
        label="What may it do?",
        choices=SCOPES,
        widget=forms.CheckboxSelectMultiple,
        help_text="No scope includes another.",
    )
