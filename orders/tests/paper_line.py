"""The paper broker's server in a thread, and our broker speaking to it over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Thread
from typing import Any

from orders.brokers import broker_named
from orders.brokers.paper_engine import PaperEngine, Temper
from orders.brokers.paper_http import PaperHttpBroker
from orders.brokers.paper_server import PaperServer
from orders.work import breaker_of


@dataclass
class Line:
    """Both ends of the line."""

    engine: PaperEngine
    broker: PaperHttpBroker
    url: str


@contextmanager
def paper_line(
    settings: Any, *, timeout_s: float = 0.5, hang_s: float = 0.7, **temper: Any
) -> Iterator[Line]:
    """Serve an engine of that temper, and let the broker `paper_http` speak to it."""
    engine = PaperEngine(":memory:", Temper(**temper))
    with PaperServer(("127.0.0.1", 0), engine, hang_s) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        settings.PAPER_HTTP_URL = f"http://127.0.0.1:{server.server_address[1]}"
        settings.BROKER_TIMEOUT_S = timeout_s
        broker_named.cache_clear()
        breaker_of.cache_clear()
        try:
            yield Line(engine, broker_named("paper_http"), settings.PAPER_HTTP_URL)
        finally:
            broker_named.cache_clear()
            server.shutdown()
            thread.join()
