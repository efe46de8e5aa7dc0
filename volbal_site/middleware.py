"""What every request passes through."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from volbal_site.problems import CONTENT_TYPE, of_error, plain_problem

GetResponse = Callable[[HttpRequest], HttpResponse]

REQUEST_ID = re.compile(r"[A-Za-z0-9._\-]{1,64}\Z")
API_PREFIX = "/v1/"
LARGEST_BODY = 64 * 1024
WITH_BODY = frozenset({"POST", "PUT", "PATCH"})


def request_id(get_response: GetResponse) -> GetResponse:
    """Give every request an id, the caller's if it is a plain one, and say it in the answer."""

    def middleware(request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        request.request_id = given if REQUEST_ID.match(given) else str(uuid.uuid4())  # type: ignore[attr-defined]
        response = get_response(request)
        response.setdefault("X-Request-ID", request.request_id)  # type: ignore[attr-defined]
        return response

    return middleware


def api_edge(get_response: GetResponse) -> GetResponse:
    """Refuse bodies that no call takes, and answer every refusal under /v1 as a problem."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if not request.path.startswith(API_PREFIX):
            return get_response(request)
        request.refusal_of = of_error  # type: ignore[attr-defined]  # rooms below keep refusals too
        refused = _refused_body(request)
        response = refused or get_response(request)
        if response.status_code >= 400 and response["Content-Type"] != CONTENT_TYPE:
            return plain_problem(request, response.status_code)
        return response

    return middleware


def _refused_body(request: HttpRequest) -> HttpResponse | None:
    if request.method not in WITH_BODY:
        return None
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not length.isdigit() or int(length[:12]) > LARGEST_BODY:
        return plain_problem(request, 413)
    if length != "0" and request.content_type != "application/json":
        return plain_problem(request, 415)
    return None
