"""How a bad line behaves: one function per way in which an answer may fail to arrive."""

from __future__ import annotations

import json
import socket
import struct
import time
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from typing import Any

from orders.brokers.paper_plan import Fault

HTML = b"<html><body>We will be right back.</body></html>"
TOO_LONG = 1_100_000
_ABORT = struct.pack("ii", 1, 0)

Act = Callable[[], tuple[int, Any]]


def act_out(handler: BaseHTTPRequestHandler, fault: Fault, act: Act, hang_s: float) -> None:
    """Do what was asked, or not, and answer as the fault has it; `hang_s` outlasts the caller's patience."""
    if fault is Fault.NONE:
        send_json(handler, *act())
        return
    if fault is Fault.LATE:
        time.sleep(hang_s)
    if fault.name.startswith("DONE") or fault is Fault.LATE:
        status, body = act()
    else:
        status, body = 500, None
    with suppress(OSError):
        _answer(handler, fault, status, body, hang_s)
    handler.close_connection = True


def send_json(handler: BaseHTTPRequestHandler, status: int, body: Any, padding: int = 0) -> None:
    """Answer JSON, with so many blanks behind it; nothing with a 204."""
    if status == 204:
        handler.send_response(status)
        handler.end_headers()
        return
    _send(handler, status, "application/json", json.dumps(body).encode() + b" " * padding)


def _answer(handler: BaseHTTPRequestHandler, fault: Fault, status: int, body: Any, hang_s: float) -> None:
    if fault in (Fault.LOST_TIMEOUT, Fault.DONE_TIMEOUT):
        time.sleep(hang_s)
    elif fault in (Fault.LOST_RESET, Fault.DONE_RESET):
        handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ABORT)
        handler.connection.close()
    elif fault is Fault.LOST_429:
        send_json(handler, 429, {"message": "too many requests."})
    elif fault in (Fault.LOST_500, Fault.DONE_504):
        _send(handler, 500 if fault is Fault.LOST_500 else 504, "text/html", HTML)
    elif fault is Fault.DONE_HTML:
        _send(handler, 200, "text/html", HTML)
    elif fault is Fault.DONE_HUGE:
        send_json(handler, status, body, padding=TOO_LONG)
    elif fault is Fault.DONE_DRIP:
        _drip(handler, status, body, hang_s)


def _drip(handler: BaseHTTPRequestHandler, status: int, body: Any, hang_s: float) -> None:
    """Send a blank now and then before the answer: each in time, all together never."""
    content = json.dumps(body).encode()
    handler.send_response(status)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", str(len(content) + 20))
    handler.end_headers()
    for _ in range(20):
        handler.wfile.write(b" ")
        handler.wfile.flush()
        time.sleep(hang_s / 20)
    handler.wfile.write(content)


def _send(handler: BaseHTTPRequestHandler, status: int, content_type: str, content: bytes) -> None:
    handler.send_response(status)
    handler.send_header("Content-Type", content_type)
    handler.send_header("Content-Length", str(len(content)))
    handler.end_headers()
    handler.wfile.write(content)
