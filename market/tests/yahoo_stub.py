"""A server on loopback that answers as Yahoo does, or as badly as a test wants."""

from __future__ import annotations

import json
import socket
import struct
from collections.abc import Callable
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

AS_OF = datetime(2024, 6, 10, 15, 0, tzinfo=UTC)
QUERY1, QUERY2, COOKIES = "query1.finance.yahoo.com", "query2.finance.yahoo.com", "fc.yahoo.com"
KINDS = {
    "/v7/finance/quote": "quote",
    "/v8/finance/chart/": "chart",
    "/v1/test/getcrumb": "crumb",
    "/elsewhere": "elsewhere",
}
TOO_MUCH = 1_100_000


def quote_row(ticker: str, price: object = 189.95, **other: object) -> dict[str, object]:
    """Return one row of a batch of quotes."""
    row = {"symbol": ticker, "currency": "USD", "regularMarketPrice": price}
    return {**row, "regularMarketTime": int(AS_OF.timestamp()), "marketState": "REGULAR", **other}


def chart_answer(
    ticker: str,
    bars: list[tuple[str, float | None]] = (),
    *,
    dividends: dict[str, float] | None = None,
    splits: dict[str, tuple[float, float]] | None = None,
    **meta: object,
) -> dict[str, Any]:
    """Return a chart with the bars (day, close); each opens at its close, between close - 1 and close + 1."""
    closes = [close for _, close in bars]
    prices = {
        "open": closes,
        "high": [None if close is None else close + 1 for close in closes],
        "low": [None if close is None else close - 1 for close in closes],
        "close": closes,
        "volume": [None if close is None else 1000 for close in closes],
    }
    events = {
        "dividends": {
            str(opening(day)): {"amount": amount, "date": opening(day)}
            for day, amount in (dividends or {}).items()
        },
        "splits": {
            str(opening(day)): {"date": opening(day), "numerator": new, "denominator": old}
            for day, (new, old) in (splits or {}).items()
        },
    }
    row = quote_row(ticker)
    chart = {
        "meta": {**row, "exchangeTimezoneName": "America/New_York", **meta},
        "timestamp": [opening(day) for day, _ in bars],
        "indicators": {"quote": [prices if bars else {}]},
        "events": {kind: found for kind, found in events.items() if found},
    }
    return {"chart": {"result": [chart], "error": None}}


def opening(day: str) -> int:
    """Return 9:30 New York in summer, as Yahoo stamps a day."""
    return int(datetime.fromisoformat(f"{day}T13:30:00+00:00").timestamp())


class YahooStub(ThreadingHTTPServer):
    """Answers "quote", "chart", "crumb" and "cookie" by the mode set for each; remembers who was asked.

    Of several modes, "ok,429", each answers once and the last for ever.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.address = f"http://127.0.0.1:{self.server_address[1]}"
        self.reset()
        Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def reset(self) -> None:
        """Answer everything well, from nothing known."""
        self.modes: dict[str, str] = {}
        self.quotes: dict[str, dict[str, object]] = {}
        self.charts: dict[str, dict[str, Any]] = {}
        self.asked: list[str] = []
        self.questions: list[dict[str, list[str]]] = []
        self.go_on = Event()

    def know(self, ticker: str, price: object = 189.95, **other: object) -> None:
        """Quote `price` for a ticker, in batches and on charts."""
        self.quotes[ticker] = quote_row(ticker, price, **other)
        self.charts[ticker] = chart_answer(ticker, regularMarketPrice=price, **other)

    def asked_for(self, kind: str) -> int:
        """Return how many requests of a kind came in."""
        return sum(entry.startswith(f"{kind} ") for entry in self.asked)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: some clients leave on purpose."""


class _Handler(BaseHTTPRequestHandler):
    server: YahooStub
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else each answer waits 40 ms for an acknowledgement

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        kind = next((kind for path, kind in KINDS.items() if parts.path.startswith(path)), "cookie")
        self.server.asked.append(f"{kind} {self.headers.get('X-Forwarded-Host')}{parts.path}")
        self.server.questions.append(parse_qs(parts.query))
        mode, _, later = self.server.modes.get(kind, "ok").partition(",")
        if later:
            self.server.modes[kind] = later
        badly = BADLY.get(mode)
        if badly is not None:
            badly(self)
        elif mode.isdigit():
            self.answer(int(mode), "no")
        else:
            getattr(self, f"answer_{kind}")(parts.path, parse_qs(parts.query))

    def answer(self, status: int, body: object, **headers: str) -> None:
        content = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"Content-Length": str(len(content)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def answer_cookie(self, path: str, query: dict[str, list[str]]) -> None:
        self.answer(404, "no such page", **{"Set-Cookie": "A3=d=abc; Path=/"})

    def answer_crumb(self, path: str, query: dict[str, list[str]]) -> None:
        self.answer(200, "CrUmB")

    def answer_quote(self, path: str, query: dict[str, list[str]]) -> None:
        if query.get("crumb") != ["CrUmB"]:
            return self.answer(401, {"finance": {"error": {"code": "Unauthorized"}}})
        symbols = query["symbols"][0].split(",")
        rows = [self.server.quotes[symbol] for symbol in symbols if symbol in self.server.quotes]
        return self.answer(200, {"quoteResponse": {"result": rows, "error": None}})

    def answer_chart(self, path: str, query: dict[str, list[str]]) -> None:
        chart = self.server.charts.get(path.rsplit("/", 1)[1])
        if chart is None:
            error = {"code": "Not Found", "description": "No data found, symbol may be delisted"}
            return self.answer(404, {"chart": {"result": None, "error": error}})
        return self.answer(200, chart)

    def log_message(self, *args: object) -> None:
        """Keep the tests' output clean."""


def _hang(handler: _Handler) -> None:
    handler.server.go_on.wait(5)


def _cut_off(handler: _Handler) -> None:
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.close_connection = True
    handler.connection.close()


def _huge(handler: _Handler) -> None:
    handler.send_response(200)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    chunk = b" " * 10_000
    for _ in range(TOO_MUCH // len(chunk)):
        handler.wfile.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))
    handler.wfile.write(b"0\r\n\r\n")


BADLY: dict[str, Callable[[_Handler], None]] = {
    "slow": _hang,
    "reset": _cut_off,
    "huge": _huge,
    "html": lambda handler: handler.answer(200, "<html>Will be right back</html>"),
    "half": lambda handler: handler.answer(200, '{"quoteResponse": '),
    "other": lambda handler: handler.answer(200, {"finance": {"result": None}}),
    "redirect": lambda handler: handler.answer(302, "", Location=f"{handler.server.address}/elsewhere"),
}
