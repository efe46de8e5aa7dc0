"""API keys: made once, recognised by their hash, revoked for good."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable
from uuid import UUID

from accounts.errors import InvalidScopes
from accounts.models import ApiKey, Scope, Tenant
from accounts.prepared import Prepared, Slot
from accounts.transactions import Stamp, lock_one, read_one, require_unit_of_work
from volbal.errors import OutOfRange

# Hexadecimal: a double click selects the whole key, and `_` can only be a separator.
KEY_TEXT = re.compile(r"vb_([0-9a-f]{16})_([0-9a-f]{64})", re.ASCII)
_KEY_LENGTH = 3 + 16 + 1 + 64
_LONGEST_NAME = 100
_KEY = Prepared(lambda: ApiKey.objects.select_related("tenant").filter(pk=Slot("id", ApiKey._meta.pk)))


def create_api_key(*, tenant_id: UUID, scopes: Iterable[str], name: str, stamp: Stamp) -> tuple[ApiKey, str]:
    """Make a key; return it with its text `vb_<id>_<secret>`, which is kept nowhere.

    Raises InvalidScopes for none or an unknown one, OutOfRange for a name that can't be kept, NotFound for an
    unknown tenant.
    """
    require_unit_of_work()
    granted = require_scopes(scopes)
    tenant = read_one(Tenant.objects.filter(pk=tenant_id), "tenant")
    secret = secrets.token_hex(32)
    key = ApiKey.objects.create(
        id=secrets.token_hex(8),
        tenant=tenant,
        name=require_name(name),
        secret_hash=_hash_of(secret),
        created_at=stamp.at,
        created_by=stamp.actor,
        **{f"may_{scope}": True for scope in granted},
    )
    return key, f"vb_{key.pk}_{secret}"


def find_api_key(text: str) -> ApiKey | None:
    """Return the key that `text` is, with its tenant; None for a wrong, unknown or revoked one.

    One query, and none for what doesn't look like a key.
    """
    match = KEY_TEXT.fullmatch(text) if len(text) == _KEY_LENGTH else None
    if match is None:
        return None
    key_id, secret = match.groups()
    key = _KEY.first(id=key_id)
    is_right = hmac.compare_digest(_hash_of(secret), key.secret_hash if key else "")
    return key if key is not None and is_right and key.revoked_at is None else None


def revoke_api_key(*, tenant_id: UUID, key_id: str, stamp: Stamp) -> ApiKey:
    """Make one of the tenant's keys useless for good; the first to revoke it is the one who did.

    Raises NotFound, also for another tenant's key.
    """
    key = lock_one(ApiKey.objects.filter(pk=key_id, tenant_id=tenant_id), "key")
    if key.revoked_at is None:
        key.revoked_at, key.revoked_by = stamp.at, stamp.actor
        key.save(update_fields=["revoked_at", "revoked_by"])
    return key


def require_scopes(scopes: Iterable[str]) -> frozenset[str]:
    """Return the scopes as a set. Raises InvalidScopes if there are none, or unknown ones."""
    wanted = frozenset(scopes)
    known = ", ".join(Scope.values)
    if not wanted:
        raise InvalidScopes(f"scopes: name at least one of {known}.", field="scopes")
    for scope in sorted(wanted):
        if scope not in Scope.values:
            raise InvalidScopes(f"scopes: {scope[:40]!r} is none of {known}.", field="scopes")
    return frozenset(str(scope) for scope in wanted)


def require_name(name: str) -> str:
    """Return what a key is called. Raises OutOfRange for what can't be kept or shown."""
    if len(name) > _LONGEST_NAME or not name.isprintable():
        raise OutOfRange(f"name: at most {_LONGEST_NAME} printable characters.", field="name")
    return name


def _hash_of(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
