"""`/problems/`: the pages that a problem's `type` leads to."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from volbal_site.problem_texts import PROBLEMS

CSP = "default-src 'none'; style-src 'self'; img-src 'self'; frame-ancestors 'none'; base-uri 'none'"


@login_not_required
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    return _page(request, "problems/index.html", {"problems": sorted(PROBLEMS.items(), key=_by_status)})


@login_not_required
@require_safe
def page(request: HttpRequest, code: str) -> HttpResponse:
    if code not in PROBLEMS:
        raise Http404
    return _page(request, "problems/page.html", {"code": code, "text": PROBLEMS[code]})


def _by_status(item: tuple[str, tuple[object, ...]]) -> tuple[object, str]:
    return item[1][0], item[0]


def _page(request: HttpRequest, template: str, context: dict[str, object]) -> HttpResponse:
    response = render(request, template, context)
    response["Content-Security-Policy"] = CSP
    return response
