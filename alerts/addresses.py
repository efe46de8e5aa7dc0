"""Where webhooks may go: not to machines that only this one reaches."""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from alerts.errors import InvalidTarget, NotDelivered
from alerts.models import Medium

Resolve = Callable[..., Sequence[tuple[Any, ...]]]
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

LONGEST_TARGET = 500
PRINTABLE = re.compile(r"[!-~]+\Z")
# These carry an IPv4 address in their last 32 bits, which is where they lead to on a network that translates.
TRANSLATED = (ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("::/96"))
# Reserved too, but older versions of Python don't know.
RESERVED = (ipaddress.ip_network("192.0.0.0/24"), ipaddress.ip_network("64:ff9b:1::/48"))


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookUrl:
    """A URL that was checked: `host` as it is written, `path` with its query."""

    is_tls: bool
    host: str
    port: int
    path: str


def read_target(channel: str, text: str) -> str:
    """Return an e-mail address or a webhook's URL. Raises InvalidTarget for one that can't be sent to."""
    if len(text) > LONGEST_TARGET:
        raise InvalidTarget(f"At most {LONGEST_TARGET} characters.")
    if channel == Medium.WEBHOOK:
        read_url(text)
        return text
    try:
        validate_email(text)
    except ValidationError:
        raise InvalidTarget("This is not an e-mail address.") from None
    return text


def read_url(text: str) -> WebhookUrl:
    """Read a webhook's URL: https, or http to this machine and where ALERT_WEBHOOK_ALLOW_HTTP is on.

    Raises InvalidTarget.
    """
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise InvalidTarget("This is not a URL.") from None
    host = parts.hostname or ""
    if not PRINTABLE.match(text) or parts.scheme not in ("https", "http") or not host:
        raise InvalidTarget("A webhook's URL looks like https://example.com/path.")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise InvalidTarget("A webhook's URL has no user, password or fragment.")
    is_tls = parts.scheme == "https"
    if not (is_tls or settings.ALERT_WEBHOOK_ALLOW_HTTP or _is_loopback(host)):
        raise InvalidTarget("A webhook's URL begins with https.")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return WebhookUrl(is_tls=is_tls, host=host, port=port or (443 if is_tls else 80), path=path)


def addresses_of(url: WebhookUrl, resolve: Resolve = socket.getaddrinfo) -> list[tuple[Any, Any]]:
    """Look a host up, once, and return (family, socket address) of where to connect.

    The answer is what must be connected to: a second look might be answered otherwise. Raises NotDelivered if
    there is none, or if any of them is private, local or reserved and ALERT_WEBHOOK_ALLOW_PRIVATE is off.
    """
    try:
        found = resolve(url.host, url.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise NotDelivered("its host is not known") from None
    if not found:
        raise NotDelivered("its host has no address")
    if not settings.ALERT_WEBHOOK_ALLOW_PRIVATE and not all(is_public(row[4][0]) for row in found):
        raise NotDelivered("its host is on a private network")
    return [(row[0], row[4]) for row in found]


def is_public(text: str) -> bool:
    """Whether an address is one of the internet's, however it is written."""
    address: Address = ipaddress.ip_address(text)
    if any(address in network for network in RESERVED):
        return False
    return all(one.is_global and not one.is_multicast for one in (address, *_inside(address)))


def _inside(address: Address) -> list[Address]:
    """Return the IPv4 addresses that an IPv6 address stands for."""
    if isinstance(address, ipaddress.IPv4Address):
        return []
    inside: list[Address] = [a for a in (address.ipv4_mapped, address.sixtofour) if a is not None]
    if address.teredo is not None:
        inside.extend(address.teredo)
    if any(address in network for network in TRANSLATED):
        inside.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    return inside


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
