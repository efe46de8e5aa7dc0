"""What belongs to no room: the frame's own requests."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST, require_safe

from accounts.models import Role
from accounts.page_access import has_role, page
from volbal_site.pages.frame import THEME_COOKIE, THEMES
from volbal_site.pages.nav import settings_items

A_YEAR_S = 365 * 24 * 60 * 60


@page(poll=True)
@require_GET
def situation(request: HttpRequest) -> HttpResponse:
    return render(request, "pages/situation.html#situation")


@page()
@require_safe
def settings_home(request: HttpRequest) -> HttpResponse:
    """Lead to the first page of the settings that is this visitor's to see."""
    return redirect(settings_items(may_configure=has_role(request, Role.OWNER))[0].address)


@login_not_required
@require_safe
def chart_notice(request: HttpRequest) -> HttpResponse:
    return render(request, "pages/notice.html")


@login_not_required
@require_POST
def choose_theme(request: HttpRequest) -> HttpResponse:
    back = request.POST.get("next", "/")
    is_ours = url_has_allowed_host_and_scheme(back, allowed_hosts=None)
    response = redirect(back if is_ours else "/")
    theme = request.POST.get("theme")
    if theme in THEMES:
        response.set_cookie(
            THEME_COOKIE, theme, A_YEAR_S, httponly=True, samesite="Lax", secure=settings.SECURE_COOKIES
        )
    return response
