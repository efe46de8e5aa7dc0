"""Encrypting what must not be readable in the database: AES-256-GCM, bound to the row that it belongs to."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from collections.abc import Mapping
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from volbal.errors import Conflict

VERSION = "v1"
KEY_BYTES = 32
NONCE_BYTES = 12


class NoSealingKey(Conflict):
    """Nothing secret is kept as long as there is nothing to encrypt it with."""

    code = "no-credentials-key"
    title = "Logins can't be kept here yet: the operator sets CREDENTIALS_KEYS"


class Unreadable(Exception):
    """No key of ours opens it, or it is another row's."""


def seal(said: Mapping[str, str], *, row: UUID) -> str:
    """Encrypt for a row, under the first key. Raises NoSealingKey."""
    keys = _keys()
    if not keys:
        raise NoSealingKey("Logins are only kept encrypted, and there is no key for that.")
    nonce = secrets.token_bytes(NONCE_BYTES)
    sealed = nonce + AESGCM(keys[0]).encrypt(nonce, json.dumps(dict(said)).encode(), row.bytes)
    return f"{VERSION}.{_name(keys[0])}.{base64.urlsafe_b64encode(sealed).decode()}"


def unseal(text: str, *, row: UUID) -> dict[str, str]:
    """Decrypt what was sealed for a row. Raises Unreadable, which says nothing of what was in it."""
    version, _, rest = text.partition(".")
    name, _, sealed = rest.partition(".")
    key = next((one for one in _keys() if _name(one) == name), None)
    if version != VERSION or key is None:
        raise Unreadable("it was encrypted with a key that is not among CREDENTIALS_KEYS")
    try:
        raw = base64.urlsafe_b64decode(sealed)
        opened = AESGCM(key).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], row.bytes)
    except (InvalidTag, ValueError):
        raise Unreadable("it was changed, or it is another row's") from None
    return {str(field): str(value) for field, value in json.loads(opened).items()}


def is_under_first_key(text: str) -> bool:
    """Say whether something is sealed as it would be now."""
    keys = _keys()
    return bool(keys) and text.startswith(f"{VERSION}.{_name(keys[0])}.")


def _keys() -> list[bytes]:
    """Return the keys. Raises ImproperlyConfigured for one that can't be one; it isn't shown."""
    given = [_key(text) for text in settings.CREDENTIALS_KEYS if text]
    if given or not settings.DEBUG:
        return given
    return [hashlib.sha256(b"credentials/" + settings.SECRET_KEY.encode()).digest()]


def _key(text: str) -> bytes:
    try:
        key = base64.b64decode(text, validate=True)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise ImproperlyConfigured("CREDENTIALS_KEYS: each is 32 bytes in base64 (openssl rand -base64 32).")
    return key


def _name(key: bytes) -> str:
    return hashlib.sha256(b"name/" + key).hexdigest()[:8]
