"""What every request passes through."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Callable

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.encoding import escape_uri_path
from structlog.contextvars import bound_contextvars

from volbal_site.problems import CONTENT_TYPE, of_error, plain_problem

access = structlog.stdlib.get_logger("volbal_site.access")

GetResponse = Callable[[HttpRequest], HttpResponse]

REQUEST_ID = re.compile(r"[A-Za-z0-9._\-]{1,64}\Z")
API_PREFIX = "/v1/"
LARGEST_BODY = 64 * 1024
LENGTH = re.compile(r"[0-9]{1,18}", re.ASCII)
WITH_BODY = frozenset({"POST", "PUT", "PATCH"})
LONGEST_PATH = 200
WITHOUT_TLS = frozenset({"/v1/healthz", "/v1/readyz"})


def request_id(get_response: GetResponse) -> GetResponse:
    """Give every request an id, the caller's if it is a plain one; answer and log lines carry it."""

    def middleware(request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        request.request_id = given if REQUEST_ID.match(given) else str(uuid.uuid4())  # type: ignore[attr-defined]
        with bound_contextvars(request_id=request.request_id):  # type: ignore[attr-defined]
            response = get_response(request)
        response.setdefault("X-Request-ID", request.request_id)  # type: ignore[attr-defined]
        return response

    return middleware


def access_log(get_response: GetResponse) -> GetResponse:
    """Write one line a request: what was called and how it went, never what came with it."""

    def middleware(request: HttpRequest) -> HttpResponse:
        start = time.perf_counter()
        response = get_response(request)
        access.info(
            "request",
            method=request.method,
            path=escape_uri_path(request.path)[:LONGEST_PATH],
            status=response.status_code,
            ms=round((time.perf_counter() - start) * 1000, 1),
            key=getattr(request, "key_id", None),
        )
        return response

    return middleware


def api_edge(get_response: GetResponse) -> GetResponse:
    """Refuse bodies that no call takes, and answer every refusal under /v1 as a problem."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if not request.path.startswith(API_PREFIX):
            return get_response(request)
        request.META.pop("HTTP_COOKIE", None)  # a browser's login counts for nothing here
        request.refusal_of = of_error  # type: ignore[attr-defined]  # rooms below keep refusals too
        response = _refused_plain(request) or _refused_body(request) or get_response(request)
        if response.status_code >= 400 and response["Content-Type"] != CONTENT_TYPE:
            response = _as_problem(request, response)
        response.setdefault("Cache-Control", "no-store")
        return response

    return middleware


def _as_problem(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Say in our words what Django or the router refused; a 405 keeps its list of methods."""
    problem = plain_problem(request, response.status_code)
    if "Allow" in response:
        problem["Allow"] = response["Allow"]
    return problem


def _refused_plain(request: HttpRequest) -> HttpResponse | None:
    """Where TLS is a must, refuse what came without, but for the questions that need no key."""
    if not settings.HTTPS_ONLY or request.is_secure() or request.path in WITHOUT_TLS:
        return None
    return plain_problem(
        request, 403, "Only over HTTPS. A key that was sent without it is known: make another."
    )


def _refused_body(request: HttpRequest) -> HttpResponse | None:
    if request.method not in WITH_BODY:
        return None
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not LENGTH.fullmatch(length):
        return plain_problem(request, 400, "The header Content-Length is no number.")
    if int(length) > LARGEST_BODY:
        return plain_problem(request, 413)
    if length != "0" and request.content_type != "application/json":
        return plain_problem(request, 415)
    return None
