"""Pages about orders: stopping trading, and letting it go on."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from accounts.models import Role
from accounts.page_access import page, tenant_seen, user_stamp
from accounts.page_forms import ActionForm
from accounts.page_once import Done, form_page
from orders.models import Order, TradingState
from orders.sends import wait_after_turn
from orders.switches import LONGEST_REASON, turn
from positions.models import Position, PositionStatus

STOPS = (
    (TradingState.HALTED, "Everything: nothing is bought and nothing is sold"),
    (TradingState.REDUCING, "Purchases only: shares may still be sold"),
)


class StopForm(ActionForm):
    """What to stop, and why."""

    state = forms.ChoiceField(
        label="What is to stop?", choices=STOPS, initial=TradingState.HALTED, widget=forms.RadioSelect
    )
    reason = forms.CharField(
        label="Why?", max_length=LONGEST_REASON, help_text="Kept in the history, with your name."
    )


class ResumeForm(ActionForm):
    """Why trading may go on."""

    reason = forms.CharField(
        label="Why may it go on?", max_length=LONGEST_REASON, help_text="Kept in the history, with your name."
    )


@page(Role.TRADER)
def stop_trading(request: HttpRequest) -> HttpResponse:
    """Asks first, but for no password: stopping must never wait for one."""
    tenant = tenant_seen(request)

    def act(said: dict[str, Any]) -> Done:
        state = TradingState(said["state"])
        turn(state, reason=said["reason"], stamp=user_stamp(request), tenant_id=tenant.pk)
        what = "Trading is stopped" if state == TradingState.HALTED else "Purchases are stopped"
        return Done(message=f"{what}: {said['reason']}", location=reverse("overview"), event="trading-turned")

    return form_page(
        request,
        "orders/stop.html",
        StopForm,
        act,
        _counts(request),
        after=lambda: wait_after_turn(TradingState.HALTED, tenant_id=tenant.pk),
    )


@page(Role.OWNER, password_again=True)
def resume_trading(request: HttpRequest) -> HttpResponse:
    tenant = tenant_seen(request)

    def act(said: dict[str, Any]) -> Done:
        turn(TradingState.ACTIVE, reason=said["reason"], stamp=user_stamp(request), tenant_id=tenant.pk)
        return Done(
            message=f"Trading goes on: {said['reason']}", location=reverse("overview"), event="trading-turned"
        )

    return form_page(request, "orders/resume.html", ResumeForm, act, _counts(request))


def _counts(request: HttpRequest) -> dict[str, int]:
    """Return how many cells and open orders the switch concerns."""
    cells = Position.objects.of_tenant(tenant_seen(request)).filter(status=PositionStatus.ACTIVE)
    return {
        "cells": cells.count(),
        "open_orders": Order.objects.open().filter(tenant=tenant_seen(request)).count(),
    }
