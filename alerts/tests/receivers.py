"""A mail server and a receiver of webhooks, on this machine, that say how far a sender has come."""

from __future__ import annotations

import socket
import socketserver
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from threading import Event, Thread
from typing import Any

from django.core.mail.backends.base import BaseEmailBackend

# The last line that alerts.letters puts into an e-mail.
LAST_LINE = b"You are sent this because of the alert settings of your account.\r\n"
RECEIVE_BUFFER = 65_536
Hook = Callable[[], object]


@dataclass
class Server:
    """What arrived whole, what is answered at which step, and what else is done there."""

    arrived: list[Any] = field(default_factory=list)
    answers: dict[str, bytes] = field(default_factory=dict)
    hooks: dict[str, Hook] = field(default_factory=dict)
    closing: Event = field(default_factory=Event)
    connections: int = 0
    port: int = 0

    def reach(self, step: str) -> None:
        """Do what a test wants to be done at a step."""
        self.hooks.get(step, lambda: None)()


@dataclass
class Call:
    """One webhook as it came in."""

    path: str
    headers: dict[str, str]
    body: bytes


class _Handler(socketserver.StreamRequestHandler):
    server: Any
    timeout = 30

    def handle(self) -> None:
        self.server.state.connections += 1
        with suppress(ConnectionError):  # the sender was killed
            self.converse(self.server.state)


class _Smtp(_Handler):
    def converse(self, server: Server) -> None:
        server.reach("connect")
        self.say(server, "connect", b"220 here")
        for line in self.rfile:
            command = line[:4].strip().decode().lower()
            server.reach(command)
            if command == "data":
                self.say(server, "data", b"354 go on")
                self.read_mail(server)
            elif command == "quit":
                self.say(server, "quit", b"221 bye")
                return
            else:
                self.say(server, command, b"250 fine")

    def read_mail(self, server: Server) -> None:
        lines = []
        for line in self.rfile:
            if line == b".\r\n":
                break
            lines.append(line.removeprefix(b"."))
            if line == LAST_LINE:
                server.reach("body")
        else:
            return
        if server.answers.get("dot", b"250").startswith(b"250"):
            server.arrived.append(message_from_bytes(b"".join(lines), policy=policy.default))
        server.reach("dot")
        self.say(server, "dot", b"250 taken")
        server.reach("taken")

    def say(self, server: Server, step: str, usual: bytes) -> None:
        answer = server.answers.get(step, usual)
        if not answer:
            raise ConnectionError
        self.wfile.write(answer + b"\r\n")


class _Http(_Handler):
    def converse(self, server: Server) -> None:
        server.reach("connect")
        first = self.rfile.readline().decode().split(" ")
        headers = dict(self.read_headers())
        server.reach("headers")
        length = int(headers["content-length"])
        body = self.rfile.read(length - 1)
        server.reach("body")
        last = self.rfile.read(1)
        if not last:
            return
        server.arrived.append(Call(first[1], headers, body + last))
        server.reach("whole")
        self.wfile.write(server.answers.get("whole", b"HTTP/1.1 204 No Content\r\n\r\n"))
        server.reach("answered")

    def read_headers(self) -> Iterator[tuple[str, str]]:
        for line in self.rfile:
            if line == b"\r\n":
                return
            name, _, value = line.decode().partition(":")
            yield name.lower(), value.strip()


class _Threads(socketserver.ThreadingTCPServer):
    daemon_threads = True
    state: Server

    def server_bind(self) -> None:
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        super().server_bind()


@contextmanager
def _serving(handler: type[_Handler]) -> Iterator[Server]:
    with _Threads(("127.0.0.1", 0), handler) as threads:
        threads.state = Server(port=threads.server_address[1])
        thread = Thread(target=threads.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield threads.state
        finally:
            threads.shutdown()
            thread.join()


@contextmanager
def mail_server() -> Iterator[Server]:
    """Yield an SMTP server; `arrived` are the mails that it took."""
    with _serving(_Smtp) as server:
        yield server


@contextmanager
def webhook_receiver() -> Iterator[Server]:
    """Yield an HTTP server; `arrived` are the calls that it got whole."""
    with _serving(_Http) as server:
        yield server


def more_than_fits_between_sockets() -> int:
    """Return how many bytes a sender can't get rid of before a receiver reads."""
    known = Path("/proc/sys/net/ipv4/tcp_wmem")
    largest_send_buffer = int(known.read_text().split()[2]) if known.exists() else 16_000_000
    return largest_send_buffer + 4 * RECEIVE_BUFFER


def text_of(mail: EmailMessage) -> str:
    """Return the text of a mail."""
    return mail.get_content().replace("\r\n", "\n")


class FailingBackend(BaseEmailBackend):
    """A mail backend of somebody else's that breaks with the mail in its hands."""

    def send_messages(self, email_messages: list[Any]) -> int:
        raise RuntimeError("lost")
