"""What the servers that stand in for brokers have in common: quiet on loopback, and a temper by options."""

from __future__ import annotations

import argparse
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from orders.brokers.paper_engine import PaperEngine, Temper
from orders.brokers.paper_plan import Mode
from volbal import strict_json
from volbal.errors import VolbalError

LARGEST_BODY = 64 * 1024
BAD_REQUEST = (LookupError, TypeError, ValueError, VolbalError)


class StandInServer(ThreadingHTTPServer):
    """A thread for each caller; it ends with its process."""

    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing when a caller has gone away: they all do, some day."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class StandInHandler(BaseHTTPRequestHandler):
    """Reads JSON strictly."""

    timeout = 30

    def body(self) -> Any:
        """Return the request's JSON. Raises ValueError or MalformedJson."""
        length = int(self.headers.get("Content-Length") or 0)
        if not 0 <= length <= LARGEST_BODY:
            raise ValueError("the body is too long")
        return strict_json.loads(self.rfile.read(length)) if length else {}

    def log_message(self, format: str, *args: Any) -> None:
        """Keep quiet: who asks knows what it asked."""


def add_temper(parser: argparse.ArgumentParser) -> None:
    """Add the options that say how bad the line and the market are, and where orders are kept."""
    parser.add_argument("--mode", type=Mode, choices=list(Mode), default=Mode.PERFECT)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--parts", type=int, default=3, help="executions an order is cut into, at most")
    parser.add_argument("--reject-rate", type=float, default=0.0, help="share of orders that are rejected")
    parser.add_argument("--hang", type=float, default=13.0, help="seconds that outlast the caller's patience")
    parser.add_argument(
        "--repeat-ids", action="store_true", help="register a client id again if it comes again"
    )
    parser.add_argument("--state", default=":memory:", metavar="FILE", help="where it keeps its orders")


def temper_of(options: argparse.Namespace) -> Temper:
    """Return the temper that the options ask for."""
    return Temper(
        mode=options.mode,
        seed=options.seed,
        most_parts=options.parts,
        reject_rate=options.reject_rate,
        unique_ids=not options.repeat_ids,
    )


def counts_of(engine: PaperEngine) -> dict[str, Any]:
    """Return what a test looks at: orders by how often they came, faults by kind, quantities."""
    return {"orders": engine.counts(), "faults": engine.faults(), "quantities": engine.quantities()}


def serve_until_killed(server: StandInServer) -> None:
    """Say where it listens, and serve."""
    with server:
        sys.stdout.write(f"listening on http://127.0.0.1:{server.server_address[1]}\n")
        sys.stdout.flush()
        server.serve_forever()
