"""What stands around every page."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.functional import SimpleLazyObject
from django.utils.safestring import SafeString

from accounts.models import Membership, Role
from accounts.page_access import find_membership, has_role
from volbal_site.pages.nav import MAIN, Item, current, items, settings_items
from volbal_site.pages.situation import situation_of

THEMES = ("auto", "light", "dark")
THEME_COOKIE = "theme"


def frame(request: HttpRequest) -> dict[str, Any]:
    """Return what the frame of a page shows; for strangers and errors it asks the database nothing."""
    membership = _membership(request)
    theme = request.COOKIES.get(THEME_COOKIE, "auto")
    return {
        "theme": theme if theme in THEMES else "auto",
        "nav": _drawn(items(MAIN), request.path),
        "settings_nav": SimpleLazyObject(lambda: _settings(request)),
        "membership": membership,
        "may_sign_up": settings.ALLOW_SIGNUP,
        "memberships": getattr(request, "memberships", []),
        "may_trade": has_role(request, Role.TRADER),
        "may_configure": has_role(request, Role.OWNER),
        "situation": SimpleLazyObject(lambda: situation_of(membership.tenant)) if membership else None,
    }


def _settings(request: HttpRequest) -> SafeString:
    return _drawn(settings_items(may_configure=has_role(request, Role.OWNER)), request.path)


def _drawn(found: list[Item], path: str) -> SafeString:
    """Return the list of pages that stands on every page, drawn once for each of them."""
    return _drawn_at(tuple(found), current(found, path))


@cache
def _drawn_at(found: tuple[Item, ...], now: str) -> SafeString:
    return render_to_string("pages/nav_list.html", {"items": found, "now": now})


def _membership(request: HttpRequest) -> Membership | None:
    """Return what the page found out, else (pages of django-allauth) look it up."""
    is_asked = hasattr(request, "membership") or getattr(request, "is_bare", False)
    if not is_asked and request.user.is_authenticated:
        find_membership(request)
    return getattr(request, "membership", None)
