"""How many requests each address gets, how they end and how long they take, for `/metrics`.

Kept in the memory of the process that answers; several of them count together (`counting_together.py`).
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from prometheus_client import CollectorRegistry, Histogram, disable_created_metrics
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from volbal_site.counting_together import SHARED_FOLDER

GetResponse = Callable[[HttpRequest], HttpResponse]

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
NO_ROUTE = "none"

# A process is replaced now and then, and nobody asks since when it counts.
disable_created_metrics()  # type: ignore[no-untyped-call]
_times = Histogram(
    "volbal_http_request_seconds",
    "Requests and how long they took, by the address as urls.py writes it.",
    ["method", "route", "status"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
    registry=None,
)


def request_times(get_response: GetResponse) -> GetResponse:
    """Count every request and measure it. No label ever holds what the caller made up."""

    def middleware(request: HttpRequest) -> HttpResponse:
        start = time.perf_counter()
        response = get_response(request)
        match = request.resolver_match
        labels = (
            request.method if request.method in METHODS else "other",
            NO_ROUTE if match is None else match.route,
            str(response.status_code),
        )
        _times.labels(*labels).observe(time.perf_counter() - start)
        return response

    return middleware


def request_figures() -> Collector:
    """Return the counts and times of this process, or of all that share a folder."""
    if SHARED_FOLDER in os.environ:
        return MultiProcessCollector(CollectorRegistry())  # type: ignore[no-untyped-call]
    return _times
