"""What comes over the wire, made plain before Django reads it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from io import BytesIO
from typing import Any

from django.utils.http import parse_header_parameters

Environ = dict[str, Any]
Application = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]

# More than any call takes; the API's edge refuses what is larger.
MOST_READ = 64 * 1024 + 1
OURS = frozenset({"utf-8", "utf8", "us-ascii", "ascii"})
# What a body is called whose text nobody here reads.
UNREADABLE = "application/octet-stream"


def plain_framing(application: Application) -> Application:
    """Wrap the WSGI application so that every body has a length and no charset but UTF-8.

    Django reads no body without Content-Length, so a chunked one would count as empty. And it looks up any
    charset that a caller names: one like `zlib` is a codec but no text encoding, and fails in the
    constructor of the request, before any error handler is there.
    """

    def framed(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        if ";" in environ.get("CONTENT_TYPE", "") and not _is_readable(environ["CONTENT_TYPE"]):
            environ["CONTENT_TYPE"] = UNREADABLE
        if "HTTP_TRANSFER_ENCODING" in environ and environ.get("wsgi.input_terminated"):
            _give_length(environ)
        return application(environ, start_response)

    return framed


def _is_readable(content_type: str) -> bool:
    """Ask Django's own parser: it also raises for parameters whose encoding is odd (RFC 2231)."""
    try:
        _, parameters = parse_header_parameters(content_type)
    except (ValueError, LookupError):
        return False
    return str(parameters.get("charset", "utf-8")).lower() in OURS


def _give_length(environ: Environ) -> None:
    """Read a body of unknown length, but no more of it than is needed to know that it is too large."""
    body = environ["wsgi.input"].read(MOST_READ)
    environ["wsgi.input"] = BytesIO(body)
    environ["CONTENT_LENGTH"] = str(len(body))
