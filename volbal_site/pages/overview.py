"""The overview: how things stand, and every cell at a glance."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.page_access import page


@require_safe
@page()
def overview(request: HttpRequest) -> HttpResponse:
    return render(request, "pages/overview.html")
