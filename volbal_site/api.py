"""The `/v1` API: every room's calls under one roof, one way in for JSON, one way out for errors."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from django.db import DatabaseError, connection
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.parser import Parser
from ninja.renderers import BaseRenderer
from ninja.responses import NinjaJSONEncoder, Status

from configs.api import router as settings
from dividends.api import router as dividends
from market.api import router as market
from orders.api import router as orders
from orders.switch_api import router as switches
from positions.api import router as positions
from volbal import strict_json
from volbal.errors import VolbalError
from volbal_site.problems import of_bug, of_error, of_validation, plain_problem


class StrictParser(Parser):
    """Reads bodies with the core's reader: numbers as text, no NaN, no key twice, no depth."""

    def parse_body(self, request: HttpRequest) -> Any:
        """Return the body. Raises MalformedJson."""
        return strict_json.loads(request.body)


class JsonRenderer(BaseRenderer):
    """Writes JSON as `accounts.api_types.as_json` does: no blanks, times to the microsecond."""

    media_type = "application/json"

    def render(self, request: HttpRequest, data: Any, *, response_status: int) -> str:
        return json.dumps(data, cls=_Encoder, separators=(",", ":"), ensure_ascii=False)


class _Encoder(NinjaJSONEncoder):
    def default(self, o: Any) -> Any:
        return o.isoformat().replace("+00:00", "Z") if isinstance(o, datetime) else super().default(o)


api = NinjaAPI(
    title="Volatility Balancing",
    version="1",
    parser=StrictParser(),
    renderer=JsonRenderer(),
    urls_namespace="v1",
    description="Cells that sell a little when a share has risen and buy a little when it has fallen.",
)
api.add_router("", positions)
api.add_router("", settings)
api.add_router("", orders)
api.add_router("", switches)
api.add_router("", dividends)
api.add_router("", market)


@api.get("/healthz", auth=None, tags=["health"], summary="Is it alive?", response={200: dict, 503: dict})
def healthz(request: HttpRequest) -> Status[dict[str, str]]:
    try:
        connection.ensure_connection()
    except DatabaseError:
        return Status(503, {"status": "no database"})
    return Status(200, {"status": "ok"})


@api.exception_handler(VolbalError)
def _refused(request: HttpRequest, error: VolbalError) -> HttpResponse:
    return of_error(request, error)


@api.exception_handler(ValidationError)
def _invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    return of_validation(request, error)


@api.exception_handler(AuthenticationError)
def _unauthenticated(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    return plain_problem(request, 401)


@api.exception_handler(Http404)
def _not_found(request: HttpRequest, error: Http404) -> HttpResponse:
    return plain_problem(request, 404)


@api.exception_handler(HttpError)
def _http(request: HttpRequest, error: HttpError) -> HttpResponse:
    if isinstance(error.__cause__, VolbalError):  # what the parser found wrong with the body
        return of_error(request, error.__cause__)
    return plain_problem(request, error.status_code, str(error))


@api.exception_handler(Exception)
def _bug(request: HttpRequest, error: Exception) -> HttpResponse:
    return of_bug(request, error)
