"""What every page passes through, the API's calls not."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import structlog
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.deprecation import MiddlewareMixin
from django.utils.http import urlencode

from accounts.form_memory import keep_entries
from volbal.errors import VolbalError
from volbal_site.middleware import API_PREFIX, GetResponse
from volbal_site.pages import errors
from volbal_site.problems import status_of

log = structlog.stdlib.get_logger(__name__)

BEGAN_AT, SEEN_AT = "began_at", "seen_at"
# How exact `seen_at` is: it is written at most this often, because each time is a write to the database.
SEEN_EVERY_S = 60
ADMIN_PREFIX = "/admin/"


def never_stored(get_response: GetResponse) -> GetResponse:
    """Keep pages out of every cache, as they are about money; and browsers out of what is kept of a login."""

    def middleware(request: HttpRequest) -> HttpResponse:
        request.META.pop("HTTP_USER_AGENT", None)
        response = get_response(request)
        if not request.path.startswith(API_PREFIX):
            response.setdefault("Cache-Control", "no-store, private")
        return response

    return middleware


class EndingSessions(MiddlewareMixin):
    """Ends a login that was not used for half an hour, polls not counting, or is twelve hours old."""

    def process_view(self, request: HttpRequest, view: Callable[..., Any], *_: Any) -> None:
        if request.path.startswith(API_PREFIX) or not request.user.is_authenticated:
            return
        now = int(time.time())
        began = request.session.setdefault(BEGAN_AT, now)
        seen = request.session.setdefault(SEEN_AT, now)
        if now - seen >= settings.SESSION_IDLE_S or now - began >= settings.SESSION_COOKIE_AGE:
            logout(request)
            request.login_ended = True  # type: ignore[attr-defined]
        elif now - seen >= SEEN_EVERY_S and not getattr(view, "is_poll", False):
            request.session[SEEN_AT] = now


class LoginFirst(LoginRequiredMiddleware):
    """Shows nothing to strangers but what is declared for them; loses nothing that was typed meanwhile."""

    def process_view(self, request: HttpRequest, view_func: Any, *args: Any) -> HttpResponseBase | None:
        if request.path.startswith(API_PREFIX):  # keys, not logins
            return None
        return super().process_view(request, view_func, *args)

    def handle_no_permission(  # type: ignore[override]
        self, request: HttpRequest, view_func: Any
    ) -> HttpResponse:
        kept = keep_entries(request)
        if kept:
            messages.warning(
                request, "You were logged out, so nothing was done. Log in and your entries are back."
            )
        elif getattr(request, "login_ended", False):
            messages.info(request, "You were logged out because nothing was done for a while.")
        if request.headers.get("HX-Request") == "true":
            return _login_for_htmx(request, kept)
        return super().handle_no_permission(request, view_func)


class SecondFactorOfStaff(MiddlewareMixin):
    """Lets staff into the admin only with a second factor."""

    def process_view(self, request: HttpRequest, view: Callable[..., Any], *_: Any) -> HttpResponse | None:
        if not request.path.startswith(ADMIN_PREFIX) or not request.user.is_authenticated:
            return None
        if not getattr(request.user, "is_staff", False) or is_mfa_enabled(request.user):
            return None
        messages.warning(request, "Staff need a second factor. Set one up, and the administration opens.")
        return redirect("mfa_activate_totp")


class Refusals(MiddlewareMixin):
    """Answers what went wrong in a view with a page that says so."""

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if request.path.startswith(API_PREFIX):
            return None
        if isinstance(error, VolbalError):
            return errors.refused(request, error, status_of(error))
        if isinstance(error, OperationalError | InterfaceError):
            log.error("database_unavailable", error=type(error).__name__, reason=str(error)[:200])
            return errors.unavailable(request)
        return None


def _login_for_htmx(request: HttpRequest, kept: bool) -> HttpResponse:
    """Tell the page's script: it takes a form to the login, and leaves a page that only polls as it is."""
    login = reverse(settings.LOGIN_URL)
    if kept:
        return HttpResponse(
            status=204, headers={"HX-Redirect": f"{login}?{urlencode({'next': request.path})}"}
        )
    return HttpResponse(status=401, headers={"HX-Trigger": json.dumps({"session-ended": login})})
