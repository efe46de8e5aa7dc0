"""Pages of settings: a cell's own, the account's, and commission rates."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from accounts.models import Role, Tenant
from accounts.page_access import has_role, page, tenant_seen, user_stamp
from accounts.page_forms import ActionForm, RateField
from accounts.page_once import Done, form_page
from accounts.transactions import Stamp
from configs.errors import SettingsChanged
from configs.layers import Layers, layers_of, layers_of_tenant
from configs.looks import look_at_own, look_below, outcome_of
from configs.models import CommissionScope, Scope
from configs.owners import lock_owner
from configs.page_forms import SettingsForm, settings_in, version_of_own
from configs.resolver import commission_rates_of
from configs.services import change_commission, change_config
from configs.words import PRESETS, SETTINGS
from positions.cell_pages import about, cell_of, cell_stamp
from positions.models import Position, PositionStatus
from volbal.fields import read_ticker

WORDS = {"presets": PRESETS}


@page(to_send=Role.OWNER)
def position_settings(request: HttpRequest, position_id: UUID) -> HttpResponse:
    """A cell's own settings, over what it inherits."""
    position = cell_of(request, position_id)
    layers = layers_of(position)
    stamp = cell_stamp(request, position.market_provider)
    is_open = position.status != PositionStatus.CLOSED

    def act(said: dict[str, Any]) -> Done:
        lock_owner(Scope.POSITION, None, position_id)
        message = _save(said, layers_of(position), Scope.POSITION, stamp, position_id=position_id)
        return Done(message=message, location=request.path, event="position-changed")

    def look(said: dict[str, Any]) -> dict[str, Any]:
        return {"outcome": look_at_own(position, settings_in(said)), "is_new": True}

    return form_page(
        request,
        "configs/position.html",
        SettingsForm,
        act,
        about(position, outcome=outcome_of(position.state(), layers.effective), **WORDS),
        look=look,
        layers=layers,
        may_save=is_open and has_role(request, Role.OWNER),
        has_rate=True,
    )


@page(to_send=Role.OWNER)
def tenant_config(request: HttpRequest) -> HttpResponse:
    """What all cells of the account inherit."""
    tenant = tenant_seen(request)

    def act(said: dict[str, Any]) -> Done:
        lock_owner(Scope.TENANT, tenant.pk, None)
        message = _save(
            said, layers_of_tenant(tenant), Scope.TENANT, user_stamp(request), tenant_id=tenant.pk
        )
        return Done(message=message, location=request.path, event="position-changed")

    def look(said: dict[str, Any]) -> dict[str, Any]:
        return {"below": look_below(tenant, settings_in(said)), "is_new": True}

    return form_page(
        request,
        "configs/tenant.html",
        SettingsForm,
        act,
        {**_cells(tenant), **WORDS},
        look=look,
        layers=layers_of_tenant(tenant),
        may_save=has_role(request, Role.OWNER),
        has_rate=False,
    )


class CommissionForm(ActionForm):
    """A rate for everything, or for one ticker."""

    ticker = forms.CharField(
        label="Ticker",
        max_length=12,
        required=False,
        help_text="Empty: the account's rate, for every ticker.",
    )
    rate = RateField(
        label="Commission",
        required=False,
        help_text="In percent of what is traded. Empty inherits again.",
    )


@page(to_send=Role.OWNER)
def commissions(request: HttpRequest) -> HttpResponse:
    """What trades cost, for the account and by ticker."""
    tenant = tenant_seen(request)

    def act(said: dict[str, Any]) -> Done:
        ticker = read_ticker(said["ticker"]) if said["ticker"] else None
        scope = CommissionScope.TENANT_ASSET if ticker else CommissionScope.TENANT
        row = change_commission(
            scope=scope, rate=said["rate"], ticker=ticker, tenant_id=tenant.pk, stamp=user_stamp(request)
        )
        what = "inherits again" if row.rate is None else "is set"
        return Done(message=f"The commission {_whose(ticker)} {what}.", location=reverse("commissions"))

    context = {"rates": commission_rates_of(tenant.pk), **_cells(tenant)}
    return form_page(
        request, "configs/commissions.html", CommissionForm, act, context, initial=_chosen(request)
    )


def _whose(ticker: str | None) -> str:
    return f"of {ticker}" if ticker else "of the account"


def _chosen(request: HttpRequest) -> dict[str, str]:
    """Links in the table say which ticker they mean."""
    return {"ticker": request.GET.get("ticker", "")[:12]}


def _save(said: dict[str, Any], layers: Layers, scope: Scope, stamp: Stamp, **owner: UUID) -> str:
    """Save what differs from the locked owner's own values; return what to say of it."""
    if said["seen"] != version_of_own(layers.own):
        raise SettingsChanged(
            "Somebody changed these settings after this page was shown. Nothing was saved over that: look at"
            " them, then save yours if you still want to."
        )
    changed = []
    for group, values in settings_in(said).items():
        row = change_config(group=group, scope=scope, values=values, stamp=stamp, **owner)
        changed += [name for name in values if getattr(row, name) != layers.own[group][name]]
    names = ", ".join(SETTINGS[name].label for name in changed)
    return f"Saved: {names}." if changed else "Nothing was changed: these settings were as you sent them."


def _cells(tenant: Tenant) -> dict[str, Any]:
    open_cells = Position.objects.of_tenant(tenant).exclude(status=PositionStatus.CLOSED)
    return {"cells": open_cells.count()}
