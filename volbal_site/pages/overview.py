"""The overview: how things stand, and every cell at a glance."""

from __future__ import annotations

from threading import Lock
from typing import Any

from django.core.cache import cache
from django.db import models
from django.db.models import Count, Max, Q, Value
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_safe

from accounts.models import Tenant
from accounts.one_moment import one_moment
from accounts.page_access import membership_of, page, tenant_seen
from accounts.polls import unchanged_since, version_of
from accounts.prepared import Prepared, Slot
from alerts.models import Alert
from orders.models import RulesVersion, TradingSwitch
from orders.tick_models import EVERYONE
from positions.models import Position
from volbal_site.pages.cells import cells_of
from volbal_site.pages.situation import stop_over
from volbal_site.pages.verdict import verdict_of

MOST_ALERTS = 8
# How long a part that was drawn is shown again, unless something was done meanwhile: figures change without
# anybody doing anything, and everyone who looks polls.
KEPT_S = 2
# What is drawn once is shown to several people; the token of a form is each one's own.
TOKEN_HERE = "token-of-whoever-sees-this"  # noqa: S105
VERSION_HERE = "version-of-this"

_drawing = Lock()


@page()
@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    return render(request, "pages/overview.html", {"live": _for(request, _drawn(request))})


@page(poll=True)
@require_safe
def overview_live(request: HttpRequest) -> HttpResponse:
    html = _drawn(request)
    return unchanged_since(request, version_of(html)) or HttpResponse(_for(request, html))


def _drawn(request: HttpRequest) -> str:
    """Draw the part that renews itself, or take it as it was drawn for somebody else just now."""
    key = f"overview:{version_of(*_done_lately(request))}"
    html: str | None = cache.get(key)
    if html is None:
        with _drawing:  # whoever comes meanwhile waits for what is being drawn
            html = cache.get(key)
            if html is None:
                html = str(render_to_string("pages/overview_live.html", _shown(request), request))
                cache.set(key, html, KEPT_S)
    return html


def _for(request: HttpRequest, html: str) -> SafeString:
    """Put in what is this visitor's own."""
    own = html.replace(VERSION_HERE, version_of(html)).replace(TOKEN_HERE, get_token(request))
    return mark_safe(own)  # noqa: S308  drawn by a template


def _done_lately(request: HttpRequest) -> tuple[object, ...]:
    """Return what differs after anything that a person does, and for whom it is drawn; four small queries."""
    tenant = tenant_seen(request)
    return (
        tenant.pk,
        membership_of(request).role,
        request.GET.get("page", "1")[:9],
        _CELLS_CHANGED.rows(tenant=tenant.pk),
        _RULES_CHANGED.rows(tenant=tenant.pk),
        _SWITCHES_TURNED.rows(),
        _ALERTS_WAITING.rows(tenant=tenant.pk),
    )


def _shown(request: HttpRequest) -> dict[str, Any]:
    tenant, now = tenant_seen(request), timezone.now()
    with one_moment():
        cells = cells_of(tenant, page_number=request.GET.get("page", 1), at=now)
    alerts = _alerts(tenant)
    return {
        "cells": cells,
        "totals": cells.totals,
        "verdict": verdict_of(cells.totals, stop_over(tenant), now),
        "alerts": alerts[:MOST_ALERTS],
        "more_alerts": len(alerts) > MOST_ALERTS,
        "version": VERSION_HERE,
        "token": TOKEN_HERE,
    }


def _alerts(tenant: Tenant) -> list[Alert]:
    """Return what waits for somebody, newest first, one more than is shown."""
    waiting = Alert.objects.visible_to(tenant.pk).waiting()
    return list(waiting.order_by("-created_at")[: MOST_ALERTS + 1])


# What everybody who has the page open asks every few seconds.
_TENANT = Slot("tenant", models.UUIDField())
_CELLS_CHANGED = Prepared(
    lambda: _all(Position.objects.filter(tenant=_TENANT), last=Max("updated_at")).values_list("last")
)
_RULES_CHANGED = Prepared(
    lambda: (
        RulesVersion.objects.filter(Q(owner=EVERYONE) | Q(owner=_TENANT))
        .order_by("owner")
        .values_list("owner", "version")
    )
)
_SWITCHES_TURNED = Prepared(
    lambda: _all(TradingSwitch.objects.all(), last=Max("changed_at")).values_list("last")
)
_ALERTS_WAITING = Prepared(
    lambda: _all(
        Alert.objects.filter(Q(tenant=_TENANT) | Q(tenant=None)).waiting(),
        count=Count("pk"),
        last=Max("created_at"),
    ).values_list("count", "last")
)


def _all(rows: models.QuerySet[Any], **found: models.Aggregate) -> models.QuerySet[Any]:
    """Sum all rows up, as `aggregate` would, in a queryset."""
    summed: models.QuerySet[Any] = rows.order_by().values(all=Value(1)).annotate(**found)
    return summed
