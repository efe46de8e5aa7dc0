"""The `/v1` API: every room's calls under one roof, one way in for JSON, one way out for errors."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.operation import Operation

from configs.api import router as settings
from dividends.api import router as dividends
from market.api import router as market
from orders.api import router as orders
from orders.switch_api import router as switches
from positions.api import router as positions
from simulation.api import router as performance
from simulation.run_api import router as simulations
from volbal.errors import VolbalError
from volbal_site.docs_page import Docs
from volbal_site.export_api import router as exports
from volbal_site.health import router as health
from volbal_site.openapi import Document, completed
from volbal_site.problems import of_bug, of_error, of_unavailable, of_validation, plain_problem
from volbal_site.reading import StrictParser, only_what_is_asked
from volbal_site.writing import JsonRenderer


class DocumentedAPI(NinjaAPI):
    """Ninja's API with a document that says everything a caller has to know."""

    _document: dict[str, Any] | None = None

    def get_openapi_schema(self, **options: Any) -> Any:
        """Return the document, which is made once and not to be changed."""
        if self._document is None:
            self._document = completed(Document(self, "v1/"))
        return self._document

    def get_openapi_operation_id(self, operation: Operation) -> str:
        return str(operation.view_func.__name__)


api = DocumentedAPI(
    title="Volatility Balancing",
    version="1",
    parser=StrictParser(),
    renderer=JsonRenderer(),
    docs=Docs(),
    urls_namespace="v1",
)
api.add_decorator(only_what_is_asked)
api.add_router("", health)
api.add_router("", positions)
api.add_router("", settings)
api.add_router("", orders)
api.add_router("", switches)
api.add_router("", dividends)
api.add_router("", market)
api.add_router("", performance)
api.add_router("", simulations)
api.add_router("", exports)


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


@api.exception_handler(RequestDataTooBig)
def _too_large(request: HttpRequest, error: RequestDataTooBig) -> HttpResponse:
    return plain_problem(request, 413)


@api.exception_handler(SuspiciousOperation)
@api.exception_handler(UnreadablePostError)
def _suspicious(request: HttpRequest, error: Exception) -> HttpResponse:
    return plain_problem(request, 400)


@api.exception_handler(OperationalError)
@api.exception_handler(InterfaceError)
def _unavailable(request: HttpRequest, error: Exception) -> HttpResponse:
    return of_unavailable(request, error)


@api.exception_handler(Exception)
def _bug(request: HttpRequest, error: Exception) -> HttpResponse:
    return of_bug(request, error)
