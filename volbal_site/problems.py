"""Errors as `application/problem+json` (RFC 9457): one table from families to statuses."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import structlog
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse
from django.utils.encoding import escape_uri_path
from ninja.errors import ValidationError

from accounts.errors import BadIdempotencyKey, Forbidden, NotFound, RateLimited
from market.errors import FeedError
from volbal.errors import BadInput, Conflict, MalformedJson, Refused, VolbalError
from volbal_site.problem_texts import PROBLEMS

log = structlog.stdlib.get_logger(__name__)

# The first family that fits gives the status.
STATUSES: tuple[tuple[type[VolbalError], int], ...] = (
    (MalformedJson, 400),
    (BadIdempotencyKey, 400),
    (Forbidden, 403),
    (NotFound, 404),
    (RateLimited, 429),
    (BadInput, 422),
    (Conflict, 409),
    (Refused, 422),
    (FeedError, 503),
)
# What the web server or the framework itself refuses.
PLAIN = {
    400: "bad-request",
    401: "unauthenticated",
    403: "forbidden",
    404: "not-found",
    405: "method-not-allowed",
    413: "payload-too-large",
    415: "unsupported-media-type",
    429: "rate-limited",
    500: "internal-error",
    503: "unavailable",
}
# pydantic's own words, in ours; a validator of ours brings its code along.
FIELD_CODES = {
    "missing": "missing-field",
    "extra_forbidden": "unknown-field",
    "greater_than_equal": "out-of-range",
    "less_than_equal": "out-of-range",
    "int_parsing": "invalid-number",
    "uuid_parsing": "not-found",
}
OUR_CODES = frozenset({"invalid-number", "out-of-range", "invalid-ticker", "invalid-config"})
CONTENT_TYPE = "application/problem+json"


def problem(
    request: HttpRequest,
    status: int,
    code: str,
    title: str,
    detail: str = "",
    errors: Sequence[Mapping[str, str]] = (),
) -> HttpResponse:
    """Build the answer; `type` is the address of a page that explains the code."""
    body: dict[str, Any] = {
        "type": _page_of(request, code),
        "title": title,
        "status": status,
        "detail": detail or title,
        "instance": escape_uri_path(request.path),
        "request_id": getattr(request, "request_id", ""),
        "errors": list(errors),
    }
    response = HttpResponse(json.dumps(body), status=status, content_type=CONTENT_TYPE)
    if status == 401:
        response["WWW-Authenticate"] = 'Bearer realm="v1"'
    if status in (429, 503):
        response["Retry-After"] = "1"
    return response


def plain_problem(request: HttpRequest, status: int, detail: str = "") -> HttpResponse:
    """Answer a status that no error of ours stands behind."""
    code = PLAIN.get(status, PLAIN[500 if status >= 500 else 400])
    return problem(request, status, code, PROBLEMS[code].title, detail)


def of_error(request: HttpRequest, error: VolbalError) -> HttpResponse:
    """Answer an error of the core or of a service."""
    status = status_of(error)
    field = error.facts.get("field")
    errors = [{"pointer": f"/{field}", "code": error.code}] if field else []
    response = problem(request, status, error.code, error.title, error.detail, errors)
    if "retry_after" in error.facts:
        response["Retry-After"] = str(error.facts["retry_after"])
    return response


def status_of(error: VolbalError) -> int:
    """Return the HTTP status of an error's family."""
    return next((status for family, status in STATUSES if isinstance(error, family)), 500)


def of_validation(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """Answer a request whose fields are wrong: the first one gives the code, all are listed."""
    found = [_field_error(one) for one in error.errors]
    if any(one["code"] == "not-found" for one in found):
        return plain_problem(request, 404)
    detail = "; ".join(f"{one['pointer'] or '/'}: {one['detail']}" for one in found)
    errors = [{"pointer": one["pointer"], "code": one["code"]} for one in found]
    code = found[0]["code"]
    return problem(request, 422, code, PROBLEMS[code].title, detail, errors)


def of_bug(request: HttpRequest, error: Exception) -> HttpResponse:
    """Answer a bug: log it, tell only the request's id."""
    log.exception("request_failed")
    return plain_problem(request, 500)


def of_unavailable(request: HttpRequest, error: Exception) -> HttpResponse:
    """Answer that the database is busy, full or away: nothing was written, and it may work again soon."""
    state = getattr(error.__cause__, "sqlstate", None)
    log.error("database_unavailable", error=type(error).__name__, sqlstate=state, reason=str(error)[:200])
    return plain_problem(request, 503)


def _page_of(request: HttpRequest, code: str) -> str:
    path = f"/problems/{code}"
    try:
        return request.build_absolute_uri(path)
    except DisallowedHost:  # the caller's idea of our name is what is wrong
        return path


def _field_error(error: Mapping[str, Any]) -> dict[str, str]:
    kind = str(error["type"])
    code = kind if kind in OUR_CODES else FIELD_CODES.get(kind, "out-of-range")
    path = [str(part) for part in error["loc"] if part not in ("body", "payload")]
    return {"pointer": "".join(f"/{part}" for part in path[-2:]), "code": code, "detail": str(error["msg"])}
