"""Addresses of pages that may not be there."""

from __future__ import annotations

from django.urls import NoReverseMatch, reverse


def link_to(name: str, *args: object) -> str:
    """Return the address of that name, "" if there is none."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""
