"""`/v1/docs`: the API's document as a page, by the Swagger UI that ninja brings along."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from ninja import NinjaAPI
from ninja.openapi.docs import DocsBase

# Swagger UI sets styles only by its scripts, and draws icons out of its style sheet.
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)


class Docs(DocsBase):
    """Swagger UI without an inline script, and with nothing from another host."""

    def render_page(self, request: HttpRequest, api: NinjaAPI, **kwargs: Any) -> HttpResponse:
        response = render(request, "v1/docs.html", {"document": self.get_openapi_url(api, kwargs)})
        response["Content-Security-Policy"] = CSP
        return response
