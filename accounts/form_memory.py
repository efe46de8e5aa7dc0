"""What the session remembers of forms: the key of each, and what was typed when it couldn't be taken."""

from __future__ import annotations

import secrets
from collections.abc import Mapping

from django.http import HttpRequest, QueryDict

KEYS = "form_keys"
ENTRIES = "form_entries"
KEY_FIELD = "idempotency_key"
MOST_FORMS = 30
MOST_TEXT = 20_000
NEVER_KEPT = ("csrfmiddlewaretoken", KEY_FIELD)


def key_for(request: HttpRequest) -> str:
    """Return the key of the form at this address: the same until it was used, in every tab."""
    keys: dict[str, str] = request.session.get(KEYS, {})
    if request.path not in keys:
        keys = dict(list(keys.items())[-MOST_FORMS + 1 :]) | {request.path: f"form:{secrets.token_hex(16)}"}
        request.session[KEYS] = keys
    return keys[request.path]


def use_up_key(request: HttpRequest) -> None:
    """Let the form at this address have a new key the next time it is shown."""
    keys: dict[str, str] = dict(request.session.get(KEYS, {}))
    if keys.pop(request.path, None) is not None:
        request.session[KEYS] = keys


def keep_entries(request: HttpRequest) -> bool:
    """Keep what was posted, without secrets, for the same form later; return whether anything was kept."""
    if request.method != "POST":
        return False
    entries = {name: values for name, values in request.POST.lists() if _may_be_kept(name)}
    if not entries or len(str(entries)) > MOST_TEXT:
        return False
    request.session[ENTRIES] = {request.path: entries}
    return True


def kept_entries(request: HttpRequest) -> QueryDict | None:
    """Return what was typed into the form at this address before it couldn't be taken, once."""
    kept: Mapping[str, dict[str, list[str]]] = request.session.get(ENTRIES, {})
    if request.path not in kept:
        return None
    del request.session[ENTRIES]
    entries = QueryDict(mutable=True)
    for name, values in kept[request.path].items():
        entries.setlist(name, values)
    return entries


def _may_be_kept(name: str) -> bool:
    return name not in NEVER_KEPT and "password" not in name and "secret" not in name
