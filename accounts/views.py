"""Pages about who works here: the tenant chosen."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from accounts.page_access import CHOSEN_TENANT, page


@page()
@require_POST
def choose_tenant(request: HttpRequest) -> HttpResponse:
    request.session[CHOSEN_TENANT] = request.POST.get("tenant", "")
    return redirect("/")
