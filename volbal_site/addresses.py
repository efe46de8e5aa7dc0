"""Where the site listens."""

from __future__ import annotations

import argparse
import errno
import os
import re
import socket
from dataclasses import dataclass

_HOST_AND_PORT = re.compile(r"(?P<host>\[[0-9a-fA-F:.]+\]|[^:\[\]\s]+):(?P<port>[0-9]{1,5})", re.ASCII)
_LARGEST_PORT = 65535


class CannotListen(Exception):
    """Nobody can listen there. The message says why, for a person."""


@dataclass(frozen=True, slots=True)
class Address:
    """A host (an IPv6 address without brackets) and a TCP port."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def read_address(text: str) -> Address:
    """Read HOST:PORT. Raises argparse.ArgumentTypeError."""
    match = _HOST_AND_PORT.fullmatch(text)
    if match is None or not 1 <= int(match["port"]) <= _LARGEST_PORT:
        raise argparse.ArgumentTypeError(f"{text!r} is not HOST:PORT, such as 127.0.0.1:8000")
    return Address(match["host"].strip("[]"), int(match["port"]))


def is_loopback(text: str) -> bool:
    """Return whether HOST:PORT is reached from this machine alone."""
    host = text.rpartition(":")[0].strip("[]")
    return host in ("localhost", "::1") or host.startswith("127.")


def require_free(address: Address) -> None:
    """Raise CannotListen if somebody listens there already, or nobody may."""
    try:
        family, kind, protocol, _, where = socket.getaddrinfo(
            address.host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as tried:
            # As the server does: connections of an earlier run that linger don't count.
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            tried.bind(where)
    except OSError as error:
        raise CannotListen(f"{address} can't be used: {_reason(error)}.") from None


def is_answered(address: Address) -> bool:
    """Return whether somebody takes connections there."""
    try:
        socket.create_connection((address.host, address.port), timeout=1).close()
    except OSError:
        return False
    return True


def _reason(error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return "another program listens there. Stop it, or choose another with --bind HOST:PORT"
    if error.errno == errno.EADDRNOTAVAIL or isinstance(error, socket.gaierror):
        return "this machine has no such address"
    if error.errno == errno.EACCES:
        return "ports below 1024 are for the administrator"
    return os.strerror(error.errno or 0)
