"""Pages about API keys."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from accounts.api_keys import create_api_key, revoke_api_key
from accounts.forms import ApiKeyForm, ConfirmForm
from accounts.models import ApiKey, Role
from accounts.page_access import page, tenant_seen, user_stamp
from accounts.page_once import Done, form_page
from accounts.shown_once import show_once, shown
from accounts.transactions import read_one

KEY = "api_key"


@page(Role.OWNER)
@require_safe
def api_keys(request: HttpRequest) -> HttpResponse:
    keys = ApiKey.objects.filter(tenant=tenant_seen(request)).order_by("revoked_at", "-created_at")
    return render(request, "accounts/api_keys.html", {"keys": keys, "new_key": shown(request, KEY)})


@page(Role.OWNER, password_again=True)
def new_api_key(request: HttpRequest) -> HttpResponse:
    tenant = tenant_seen(request)

    def act(said: dict[str, Any]) -> Done:
        _, text = create_api_key(
            tenant_id=tenant.pk, scopes=said["scopes"], name=said["name"], stamp=user_stamp(request)
        )
        show_once(request, KEY, text)
        return Done(message="The key is made.", location=reverse("api_keys"))

    return form_page(request, "accounts/new_api_key.html", ApiKeyForm, act)


@page(Role.OWNER)
def revoke_key(request: HttpRequest, key_id: str) -> HttpResponse:
    tenant = tenant_seen(request)
    key = read_one(ApiKey.objects.filter(tenant=tenant, pk=key_id), "key")

    def act(said: dict[str, Any]) -> Done:
        revoke_api_key(tenant_id=tenant.pk, key_id=key_id, stamp=user_stamp(request))
        return Done(message=f"The key {key.name or key.pk} works no more.", location=reverse("api_keys"))

    return form_page(request, "accounts/revoke_key.html", ConfirmForm, act, {"key": key})
