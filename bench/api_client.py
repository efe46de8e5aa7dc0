"""A lean HTTP client for `bench/api.py` and `bench/pages.py`: many connections in one thread, little parsed.

Reads a plan as JSON on stdin, prints the latencies in seconds as JSON. http.client alone would take as long
for an answer as the server does.
"""

from __future__ import annotations

import json
import selectors
import socket
import sys
import time
from collections.abc import Iterator
from itertools import cycle, repeat

ENOUGH = 65_536


class Client:
    """One caller: sends its next request when the last one is answered."""

    def __init__(self, port: int, requests: Iterator[tuple[bytes, bytes]]) -> None:
        self.requests = requests
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.latencies: list[float] = []

    def send(self) -> None:
        """Send the next request."""
        request, self.wanted = next(self.requests)
        self.received = b""
        self.sent_at = time.perf_counter()
        self.socket.sendall(request)

    def receive(self) -> bool:
        """Read what is there; say whether the answer is complete. Raises ValueError for a wrong one."""
        part = self.socket.recv(ENOUGH)
        self.received += part
        if part and not _is_complete(self.received):
            return False
        self.latencies.append(time.perf_counter() - self.sent_at)
        if self.wanted not in self.received.replace(b'": ', b'":'):
            raise ValueError(f"not answered with {self.wanted!r}: {self.received[:2000]!r}")
        return True


def main() -> None:
    """Run the plan on stdin."""
    plan = json.load(sys.stdin)
    mine = [plan["positions"][i :: plan["clients"]] for i in range(plan["clients"])]
    clients = [
        Client(plan["port"], REQUESTS[plan["call"]](plan["keys"][i], mine[i])) for i in range(plan["clients"])
    ]
    _drive(clients, plan["seconds"])
    print(json.dumps([latency for client in clients for latency in client.latencies]))


def _drive(clients: list[Client], seconds: float) -> None:
    """Keep every client busy; after the time is up let each finish its pair of requests."""
    selector = selectors.DefaultSelector()
    until = time.perf_counter() + seconds
    for client in clients:
        selector.register(client.socket, selectors.EVENT_READ, client)
        client.send()
    while selector.get_map():
        for event, _ in selector.select():
            client: Client = event.data
            if not client.receive():
                continue
            if time.perf_counter() > until and len(client.latencies) % 2 == 0:
                selector.unregister(client.socket)
            else:
                client.send()


def _is_complete(received: bytes) -> bool:
    head, end, body = received.partition(b"\r\n\r\n")
    if not end:
        return False
    length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
    return len(body) >= int(length.partition(b":")[2])


def _request(method: str, path: str, key: str) -> bytes:
    length = "Content-Length: 0\r\n" if method == "POST" else ""
    return (
        f"{method} /v1{path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {key}\r\n{length}\r\n"
    ).encode()


def _reads(key: str, positions: list[str]) -> Iterator[tuple[bytes, bytes]]:
    for position in cycle(positions):
        yield _request("GET", f"/positions/{position}", key), position.encode()


def _lists(key: str, positions: list[str]) -> Iterator[tuple[bytes, bytes]]:
    return repeat((_request("GET", "/positions?limit=100", key), b'"count":1000'))


def _holds(key: str, positions: list[str]) -> Iterator[tuple[bytes, bytes]]:
    for position in cycle(positions):
        yield _request("POST", f"/positions/{position}/evaluate?price=102", key), b'"action":"HOLD"'


def _trades(key: str, positions: list[str]) -> Iterator[tuple[bytes, bytes]]:
    """Up from the anchor of 100 and back to it."""
    for position in cycle(positions):
        for price in ("104", "100"):
            path = f"/positions/{position}/evaluate?price={price}"
            yield _request("POST", path, key), b'"status":"filled"'


def _pages(cookie: str, paths: list[str]) -> Iterator[tuple[bytes, bytes]]:
    for path in cycle(paths):
        request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {cookie}\r\n\r\n"
        yield request.encode(), b"HTTP/1.1 200 OK"


REQUESTS = {
    "page": _pages,
    "GET position": _reads,
    "GET 100 positions": _lists,
    "evaluate, holds": _holds,
    "evaluate, trades": _trades,
}

if __name__ == "__main__":
    main()
