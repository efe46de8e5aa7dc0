"""What went wrong, as a page."""

from __future__ import annotations

from typing import NamedTuple

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.csrf import requires_csrf_token

from accounts.form_memory import keep_entries
from volbal.errors import VolbalError


class Words(NamedTuple):
    """What a status is called, what it means and what to do."""

    title: str
    text: str


RETRY_AFTER_S = 5
WORDS = {
    400: Words(
        "This request can't be understood", "Something about it is not as it should be. Nothing was done."
    ),
    403: Words("This is not for you", "Your role doesn't allow it. Ask an owner of the account."),
    404: Words("There is nothing here", "It was never there, or it isn't yours to see."),
    405: Words("This can't be done that way", "Go back and use the buttons of the page. Nothing was done."),
    409: Words("This can't be done now", "It clashes with something that already happened."),
    422: Words("This can't be done", "Nothing was changed."),
    429: Words(
        "Too many tries",
        "For your safety this is closed for ten minutes, also to the right password. Nothing else is"
        " affected: trading goes on as before.",
    ),
    500: Words(
        "Something went wrong on our side",
        "It was written down and will be looked at. What you sent was not done by halves: either all of it"
        " or nothing.",
    ),
    503: Words(
        "The books can't be reached just now",
        "Nothing was changed. Wait a few seconds and load the page again.",
    ),
}


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _page(request, 400)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _page(request, 403, str(exception or ""))


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _page(request, 404)


def too_many(request: HttpRequest) -> HttpResponse:
    response = _page(request, 429)
    response["Retry-After"] = "600"
    return response


def bug(request: HttpRequest) -> HttpResponse:
    return _page(request, 500)


def unavailable(request: HttpRequest) -> HttpResponse:
    response = _page(request, 503)
    response["Retry-After"] = str(RETRY_AFTER_S)
    return response


def refused(request: HttpRequest, error: VolbalError, status: int) -> HttpResponse:
    """Answer a refusal that no form shows."""
    if status in (403, 404):
        return _page(request, status)
    return _page(request, status, error.detail, title=error.title)


@requires_csrf_token
def form_too_old(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form whose token is out of date; from our own page it goes back to that form as it was."""
    if _comes_from_here(request) and keep_entries(request):
        messages.warning(
            request, "This form was open for too long, so nothing was done. Check it and send it again."
        )
        return redirect(request.get_full_path())
    return _page(request, 403, "The form was open for too long, or came from another site. Nothing was done.")


def _comes_from_here(request: HttpRequest) -> bool:
    """Only our own pages may fill in a form, also one that a person then sends."""
    return request.headers.get("Origin") == f"{request.scheme}://{request.get_host()}"


def _page(request: HttpRequest, status: int, text: str = "", *, title: str = "") -> HttpResponse:
    words = WORDS[status]
    request.is_bare = True  # type: ignore[attr-defined]  # the frame asks the database nothing
    context = {
        "status": status,
        "title": title or words.title,
        "text": text or words.text,
        "request_id": getattr(request, "request_id", ""),
        "is_bare": True,
    }
    return render(request, "error.html", context, status=status)
