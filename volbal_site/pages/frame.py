"""What stands around every page."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from accounts.models import Membership, Role
from accounts.page_access import find_membership, has_role
from volbal_site.pages.nav import MAIN, current, items, settings_items
from volbal_site.pages.situation import situation_of

THEMES = ("auto", "light", "dark")
THEME_COOKIE = "theme"


def frame(request: HttpRequest) -> dict[str, Any]:
    """Return what the frame of a page shows; for strangers and errors it asks the database nothing."""
    membership = _membership(request)
    theme = request.COOKIES.get(THEME_COOKIE, "auto")
    main = items(MAIN)
    shell = settings_items(may_configure=has_role(request, Role.OWNER))
    return {
        "theme": theme if theme in THEMES else "auto",
        "nav": main,
        "nav_now": current(main, request.path),
        "settings_nav": shell,
        "settings_now": current(shell, request.path),
        "membership": membership,
        "may_sign_up": settings.ALLOW_SIGNUP,
        "memberships": getattr(request, "memberships", []),
        "may_trade": has_role(request, Role.TRADER),
        "may_configure": has_role(request, Role.OWNER),
        "situation": SimpleLazyObject(lambda: situation_of(membership.tenant)) if membership else None,
    }


def _membership(request: HttpRequest) -> Membership | None:
    """Return what the page found out, else (pages of django-allauth) look it up."""
    is_asked = hasattr(request, "membership") or getattr(request, "is_bare", False)
    if not is_asked and request.user.is_authenticated:
        find_membership(request)
    return getattr(request, "membership", None)
