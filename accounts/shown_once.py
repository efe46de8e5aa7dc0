"""Secrets that are shown once: on the next page, and then never again."""

from __future__ import annotations

from django.http import HttpRequest

from accounts.cipher import decrypt, encrypt

PREFIX = "shown_once:"


def show_once(request: HttpRequest, name: str, text: str) -> None:
    """Keep a text for the page that comes next."""
    request.session[PREFIX + name] = encrypt(text)


def shown(request: HttpRequest, name: str) -> str:
    """Return the text and forget it; "" if there is none."""
    kept = request.session.pop(PREFIX + name, "")
    return decrypt(kept) if kept else ""
