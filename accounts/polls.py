"""Parts of pages that ask whether there is anything new."""

from __future__ import annotations

import hashlib

from django.http import HttpRequest, HttpResponse

SEEN = "seen"


def version_of(*facts: object) -> str:
    """Return a short text that differs when any of the facts does; their `repr` is what counts."""
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:16]


def unchanged_since(request: HttpRequest, version: str) -> HttpResponse | None:
    """Return an answer that changes nothing on the page if it shows this version already, else None."""
    return HttpResponse(status=204) if request.GET.get(SEEN) == version else None
