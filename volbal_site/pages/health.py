"""The page that says whether everything that should run does, and what to do if it doesn't."""

from __future__ import annotations

import platform
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import django
from django.db import connection, models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.models import Role
from accounts.page_access import has_role, page, tenant_seen, user_of
from accounts.prepared import Prepared, Slot
from alerts.models import Alert
from orders.order_lists import open_differences
from volbal_site.pages.signs import (
    LOOK,
    WRONG,
    Sign,
    books_sign,
    broker_signs,
    feed_signs,
    program_signs,
    tick_sign,
    worker_sign,
)

PACKAGE = "volatility-balancing"
MOST_ALERTS = 5
_TENANT: Any = Slot("tenant", models.UUIDField())
_WAITING = Prepared(
    lambda: Alert.objects.visible_to(_TENANT).waiting().order_by("-created_at")[: MOST_ALERTS + 1]
)


@page()
@require_safe
def health(request: HttpRequest) -> HttpResponse:
    return render(request, "pages/health.html", {**_signs(request), "versions": versions()})


@page(poll=True)
@require_safe
def health_now(request: HttpRequest) -> HttpResponse:
    return render(request, "pages/health_now.html", _signs(request))


def _signs(request: HttpRequest) -> dict[str, Any]:
    now, tenant = timezone.now(), tenant_seen(request)
    groups = [
        ("What runs by itself", [worker_sign(now), tick_sign(now)]),
        ("Prices", feed_signs(tenant, now)),
        ("Brokers", broker_signs(tenant, _differing(request), now)),
        ("Books", [books_sign(now)]),
        ("What the program stands on", program_signs()),
    ]
    signs: list[Sign] = [sign for _, found in groups for sign in found]
    alerts = _WAITING.rows(tenant=tenant.pk)
    return {
        "groups": [(title, found) for title, found in groups if found],
        "wrong": [sign for sign in signs if sign.tone == WRONG],
        "to_look_at": [sign for sign in signs if sign.tone == LOOK],
        "alerts": alerts[:MOST_ALERTS],
        "more_alerts": len(alerts) > MOST_ALERTS,
        "at": now,
    }


def _differing(request: HttpRequest) -> list[str]:
    """Return the brokers of open differences, as far as this member is shown them."""
    if not has_role(request, Role.OWNER):
        return []
    shown = open_differences(tenant_seen(request), is_staff=user_of(request).is_staff)
    return [one.broker for one in shown]


@cache
def versions() -> list[tuple[str, str]]:
    """Return what runs here, by name; it doesn't change while it runs."""
    return [
        ("Volatility Balancing", _own_version()),
        ("Python", platform.python_version()),
        ("Django", django.get_version()),
        (connection.display_name, _database_version()),
    ]


def _own_version() -> str:
    try:
        return version(PACKAGE)
    except PackageNotFoundError:
        return "from a checkout"


def _database_version() -> str:
    return ".".join(str(part) for part in connection.get_database_version())
