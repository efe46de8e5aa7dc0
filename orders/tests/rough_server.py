"""A server on loopback that answers every connection with the bytes, and in the manner, that a test wants."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from threading import Thread

Manner = Callable[[socket.socket], None]


@contextmanager
def serving(manner: Manner, tls: ssl.SSLContext | None = None) -> Iterator[tuple[str, list[bytes]]]:
    """Yield the server's address and the requests that came in."""
    requests: list[bytes] = []
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                Thread(target=_talk, args=(connection, manner, tls, requests), daemon=True).start()

        Thread(target=serve, daemon=True).start()
        scheme = "https" if tls else "http"
        yield f"{scheme}://127.0.0.1:{listener.getsockname()[1]}", requests


def _talk(
    connection: socket.socket, manner: Manner, tls: ssl.SSLContext | None, requests: list[bytes]
) -> None:
    with suppress(OSError), connection:
        if tls is None:
            requests.append(_request(connection))
            manner(connection)
            return
        with tls.wrap_socket(connection, server_side=True) as secret:
            requests.append(_request(secret))
            manner(secret)


def _request(connection: socket.socket) -> bytes:
    """Read a request with its body."""
    text = b""
    while b"\r\n\r\n" not in text:
        text += connection.recv(65536) or b"\r\n\r\n"
    head, _, body = text.partition(b"\r\n\r\n")
    while len(body) < _length(head):
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


def answers(status: str, body: bytes, **headers: str) -> Manner:
    """Answer at once, with the length of the body unless another is given."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    lines = {"Content-Length": str(len(body)), **named}
    head = f"HTTP/1.1 {status}\r\n" + "".join(f"{name}: {text}\r\n" for name, text in lines.items())
    return lambda connection: connection.sendall(head.encode() + b"\r\n" + body)


def _length(head: bytes) -> int:
    lines = [line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
    return int(lines[0].split(b":")[1]) if lines else 0
