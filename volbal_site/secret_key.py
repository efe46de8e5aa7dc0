"""The key that signs sessions: given in production, made once for an embedded installation."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

SHORTEST = 32
DIFFERENT = 8


def secret_key(given: str, folder: Path) -> str:
    """Return the key to sign with: the given one, or the installation's own in `folder`.

    There is no default: a key that everybody knows signs nothing.
    """
    return given or _own_key(folder / "secret_key")


def refuse_weak_production(*, given_key: str, embedded: bool, debug: bool) -> None:
    """Raise ImproperlyConfigured rather than serve production with a missing or weak key, or with DEBUG.

    Called by what serves pages. An embedded installation, on SQLite, may use its own key.
    """
    if embedded:
        return
    if debug:
        raise ImproperlyConfigured("DEBUG must be off when DATABASE_URL names a server.")
    if len(given_key) < SHORTEST or len(set(given_key)) < DIFFERENT:
        raise ImproperlyConfigured(
            f"SECRET_KEY must be {SHORTEST} random characters or more when DATABASE_URL names a server."
        )


def _own_key(path: Path) -> str:
    """Read the installation's key; make it, readable by its owner alone, if this is the first start."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        return path.read_text()
    except FileNotFoundError:
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(48))
    try:
        os.link(draft, path)  # the first of several processes wins, and none reads half a key
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    return path.read_text()
