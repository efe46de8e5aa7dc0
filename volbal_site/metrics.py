"""`/metrics`, in Prometheus's text format, for whoever has METRICS_TOKEN. Others find nothing."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from volbal_site.figures import DatabaseFigures
from volbal_site.request_times import request_figures


@login_not_required
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer all figures. Loopback is no permission: behind a proxy everybody comes from there."""
    if not _is_allowed(request):
        raise Http404
    return _figures(request)


@require_safe
def _figures(request: HttpRequest) -> HttpResponse:
    registry = CollectorRegistry()
    registry.register(request_figures())
    registry.register(DatabaseFigures())
    return HttpResponse(
        generate_latest(registry), content_type=CONTENT_TYPE_LATEST, headers={"Cache-Control": "no-store"}
    )


def _is_allowed(request: HttpRequest) -> bool:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    known = settings.METRICS_TOKEN
    return bool(known) and scheme.lower() == "bearer" and constant_time_compare(token, known)
