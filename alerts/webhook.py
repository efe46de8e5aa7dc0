"""Posting an alert to a URL: signed, limited in time, never redirected, to an address that was looked at."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from contextlib import closing, suppress
from datetime import datetime
from http.client import HTTPConnection, HTTPException
from time import monotonic

from accounts.transactions import require_no_transaction
from alerts.addresses import WebhookUrl, addresses_of, read_url
from alerts.errors import DeliveryUnclear, InvalidTarget, NotDelivered
from alerts.letters import Letter
from alerts.signing import HEADER, signature

CONNECT_S = 3.0
WHOLE_S = 10.0
LARGEST_ANSWER = 65_536


def post(letter: Letter, hand_over: Callable[[], None], *, at: datetime) -> None:
    """Post one letter. `hand_over` is called when all but the last byte is out, which nobody acts on yet.

    Raises NotDelivered, and DeliveryUnclear if no answer came after that; what `hand_over` raises ends it.
    """
    require_no_transaction()
    ends = monotonic() + WHOLE_S
    try:
        url = read_url(letter.target)
    except InvalidTarget as error:
        raise NotDelivered(error.detail) from None
    with closing(_connected(url, ends)) as sock:
        body = letter.as_json()
        _send_but_one_byte(sock, url, body, _headers(letter, body, at), ends)
        paused = monotonic()
        hand_over()
        status = _finish(sock, body[-1:], ends + monotonic() - paused)
    if not 200 <= status < 300:
        raise NotDelivered(f"it answered {status}")


def _headers(letter: Letter, body: bytes, at: datetime) -> dict[str, str]:
    return {
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        "User-Agent": "volbal",
        "Connection": "close",
        "Volbal-Delivery": str(letter.delivery_id),
        HEADER: signature(letter.secret, body, at),
    }


def _connected(url: WebhookUrl, ends: float) -> socket.socket:
    """Connect to the first address that answers; over TLS the certificate must bear the host's name."""
    gives_up, error = monotonic() + CONNECT_S, "it can't be reached"
    for family, address in addresses_of(url):
        sock = socket.socket(family, socket.SOCK_STREAM)
        try:
            sock.settimeout(_left(gives_up))
            sock.connect(address)
            return _over_tls(sock, url.host, ends) if url.is_tls else sock
        except OSError as refusal:
            sock.close()
            error = f"{error}: {type(refusal).__name__}" if error.endswith("reached") else error
    raise NotDelivered(error)


def _over_tls(sock: socket.socket, host: str, ends: float) -> socket.socket:
    sock.settimeout(_left(ends))
    return ssl.create_default_context().wrap_socket(sock, server_hostname=host)


def _send_but_one_byte(
    sock: socket.socket, url: WebhookUrl, body: bytes, headers: dict[str, str], ends: float
) -> None:
    connection = HTTPConnection(url.host, url.port)
    connection.default_port = 443 if url.is_tls else 80  # what the header Host leaves out
    connection.sock = sock
    try:
        sock.settimeout(_left(ends))
        connection.putrequest("POST", url.path, skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.endheaders(body[:-1])
    except (OSError, HTTPException) as error:
        raise NotDelivered(f"the connection broke: {type(error).__name__}") from None


def _finish(sock: socket.socket, last: bytes, ends: float) -> int:
    """Send the last byte and return the status of the answer, which is not read any further."""
    try:
        sock.settimeout(_left(ends))
        with suppress(BrokenPipeError, ConnectionResetError):  # it may have answered before it hung up
            sock.sendall(last)
        return _status(sock, ends)
    except (OSError, ValueError) as error:
        raise DeliveryUnclear(f"no answer: {type(error).__name__}") from None


def _status(sock: socket.socket, ends: float) -> int:
    """Read until the status line of a final answer is here. Raises ValueError for what is not HTTP."""
    answer = b""
    while len(answer) < LARGEST_ANSWER:
        sock.settimeout(_left(ends))
        part = sock.recv(4096)
        answer += part
        status, rest = _first_status(answer)
        while status is not None and 100 <= status < 200:
            answer = rest
            status, rest = _first_status(answer)
        if status is not None:
            return status
        if not part:
            break
    raise ValueError("no status")


def _first_status(answer: bytes) -> tuple[int | None, bytes]:
    """Return the first answer's status, None while it isn't whole, and what follows its headers."""
    line, found, _ = answer.partition(b"\n")
    if not found:
        return None, b""
    version, _, rest = line.partition(b" ")
    if not version.startswith(b"HTTP/1."):
        raise ValueError("this is not HTTP")
    status = int(rest[:3])
    if 100 <= status < 200:
        _, found, following = answer.partition(b"\r\n\r\n")
        return (status, following) if found else (None, b"")
    return status, b""


def _left(ends: float) -> float:
    left = ends - monotonic()
    if left <= 0:
        raise TimeoutError("it took too long")
    return left
