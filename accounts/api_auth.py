"""Who may call: API keys with scopes that don't imply each other."""

from __future__ import annotations

import time
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from ninja.security import HttpBearer

from accounts.api_keys import find_api_key
from accounts.errors import Forbidden
from accounts.models import ApiKey, Tenant
from accounts.rate_limit import count_call
from accounts.transactions import Stamp


class NeedsScope(HttpBearer):
    """Asks for a key that has one scope: `Authorization: Bearer vb_<id>_<secret>`."""

    def __init__(self, scope: str) -> None:
        super().__init__()
        self.scope = scope

    def authenticate(self, request: HttpRequest, token: str) -> ApiKey | None:
        """Return the key; None (401) for an unknown one.

        Raises Forbidden without the scope, RateLimited for a key that calls too often.
        """
        key = find_api_key(token)
        if key is None:
            return None
        request.key_id = key.pk  # type: ignore[attr-defined]  # for the log, also of what is refused here
        count_call(key.pk, time.time())
        if self.scope not in key.scopes:
            raise Forbidden(f"This needs a key with the scope {self.scope}.", scope=self.scope)
        return key


READ = NeedsScope("read")
TRADE = NeedsScope("trade")
BROKER = NeedsScope("broker")
ADMIN = NeedsScope("admin")


def tenant_of(request: HttpRequest) -> Tenant:
    """Return the tenant whose key is calling."""
    return key_of(request).tenant


def key_of(request: HttpRequest) -> ApiKey:
    """Return the key that is calling."""
    key: Any = getattr(request, "auth", None)
    if not isinstance(key, ApiKey):
        raise Forbidden("This needs a key.")
    return key


def stamp_of(request: HttpRequest) -> Stamp:
    """Return now, the calling key and the request's id."""
    return Stamp(
        at=timezone.now(),
        actor=f"key:{key_of(request).pk}",
        request_id=getattr(request, "request_id", ""),
    )
