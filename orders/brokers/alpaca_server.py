"""`python -m orders.brokers.alpaca_server`: a stand-in for Alpaca, as a process of its own on loopback only.

It speaks the part of Alpaca's documented REST that our adapter uses, on one address for trading and for
prices, and has the paper broker's books, bad lines and plants behind it.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from orders.brokers.alpaca_books import AlpacaBooks
from orders.brokers.base import BrokerOrder
from orders.brokers.paper_engine import DuplicateOrder
from orders.brokers.paper_faults import act_out, send_json
from orders.brokers.paper_plants import PLANTS, set_account
from orders.brokers.stand_ins import (
    BAD_REQUEST,
    StandInHandler,
    StandInServer,
    add_temper,
    counts_of,
    serve_until_killed,
    temper_of,
)
from volbal.numbers import ZERO, plain

NOT_FOUND = (404, {"code": 40410000, "message": "order not found"})
NO_POSITION_LEFT = (403, {"code": 40310000, "message": "insufficient qty available for order"})
NOT_CANCELABLE = (422, {"code": 42210000, "message": "order is not cancelable"})
BY_CLIENT_ID = "orders:by_client_order_id"

Answered = tuple[int, Any]


class AlpacaServer(StandInServer):
    """One account behind an address, open to whoever has its two keys."""

    def __init__(self, port: int, books: AlpacaBooks, options: argparse.Namespace) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.books, self.options = books, options


class _Handler(StandInHandler):
    server: AlpacaServer

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        self._guarded(url.path, lambda parts: self._get(parts, query))

    def do_POST(self) -> None:
        self._guarded(urlsplit(self.path).path, self._post)

    def do_DELETE(self) -> None:
        self._guarded(urlsplit(self.path).path, self._delete)

    def _guarded(self, path: str, act: Callable[[list[str]], None]) -> None:
        parts = [unquote(part) for part in path.strip("/").split("/")]
        is_ours = parts[0].startswith("_") or parts == ["account"]
        options = self.server.options
        keys = (self.headers.get("APCA-API-KEY-ID"), self.headers.get("APCA-API-SECRET-KEY"))
        try:
            if is_ours or keys == (options.key_id, options.secret_key):
                act(parts)
            else:
                # It talks of what it was given, as one day somebody's server will.
                send_json(self, 401, {"message": f"unauthorized: {keys[0]} with {keys[1]}"})
        except BAD_REQUEST as error:
            send_json(self, 422, {"code": 42210000, "message": str(error)})

    def _get(self, parts: list[str], query: dict[str, str]) -> None:
        books = self.server.books
        match parts:
            case ["v2", name] if name == BY_CLIENT_ID:
                client_order_id = query["client_order_id"]
                self._answer("get", partial(_found, books, client_order_id), client_order_id)
            case ["v2", "orders"]:
                self._answer("open_orders", partial(_orders, books, query, self.server.options.page))
            case ["v2", "orders", order_id]:
                self._answer("get", partial(_found, books, books.client_id_of(order_id)))
            case _:
                self._get_more(parts, query)

    def _get_more(self, parts: list[str], query: dict[str, str]) -> None:
        books = self.server.books
        match parts:
            case ["v2", "account", "activities", "FILL"]:
                self._answer("executions", partial(_fills, books, query, self.server.options.page))
            case ["v2", "account"]:
                self._answer("account", partial(_account, books, self.server.options.account))
            case ["v2", "positions"]:
                self._answer("account", partial(_positions, books))
            case ["v2", "clock"]:
                send_json(self, 200, {"timestamp": books.now().isoformat(), "is_open": True})
            case ["v2", "assets", ticker]:
                send_json(
                    self,
                    200,
                    {"symbol": ticker, "tradable": True, "fractionable": books.may_be_split(ticker)},
                )
            case ["v2", "stocks", ticker, "trades", "latest"]:
                send_json(self, *_last_trade(books, ticker))
            case ["_counts"]:
                send_json(self, 200, counts_of(books))
            case ["_holdings"]:
                send_json(self, *_all_held(books))
            case _:
                send_json(self, 404, {"message": "endpoint not found."})

    def _post(self, parts: list[str]) -> None:
        books, body = self.server.books, self.body()
        match parts:
            case ["v2", "orders"]:
                order = books.order_from(body)
                fault = books.fault_for("submit", order=order)
                act_out(self, fault, partial(_place, books, order), self.server.options.hang)
            case ["account"]:
                set_account(books, body)
                send_json(self, 200, {})
            case ["_plant", "whole_shares"]:
                books.write("INSERT OR IGNORE INTO alpaca_whole VALUES (?)", str(body["ticker"]))
                send_json(self, 200, {})
            case ["_plant", "word"]:
                books.write(
                    "UPDATE alpaca_orders SET status = ? WHERE client_order_id = ?",
                    str(body["status"]),
                    str(body["client_order_id"]),
                )
                send_json(self, 200, {})
            case ["_plant", what] if what in PLANTS:
                PLANTS[what](books, body)
                send_json(self, 200, {})
            case _:
                send_json(self, 404, {"message": "endpoint not found."})

    def _delete(self, parts: list[str]) -> None:
        match parts:
            case ["v2", "orders", order_id]:
                client_order_id = self.server.books.client_id_of(order_id)
                self._answer("cancel", partial(_cancel, self.server.books, client_order_id), client_order_id)
            case _:
                send_json(self, 404, {"message": "endpoint not found."})

    def _answer(self, call: str, act: Callable[[], Answered], client_order_id: str = "") -> None:
        if self.server.options.calm_lists and not client_order_id:
            send_json(self, *act())
            return
        fault = self.server.books.fault_for(call, client_order_id)
        act_out(self, fault, act, self.server.options.hang)


def _place(books: AlpacaBooks, order: BrokerOrder) -> Answered:
    if order.qty % 1 and not books.may_be_split(order.ticker):
        return 403, {"code": 40310000, "message": f"asset {order.ticker} is not fractionable"}
    try:
        told = books.place(order)
    except DuplicateOrder:
        return 422, {"code": 40010001, "message": "client_order_id must be unique"}
    return NO_POSITION_LEFT if told["status"] == "rejected" else (200, told)


def _found(books: AlpacaBooks, client_order_id: str) -> Answered:
    told = books.order_as_json(client_order_id)
    return NOT_FOUND if told is None else (200, told)


def _cancel(books: AlpacaBooks, client_order_id: str) -> Answered:
    told = books.order_as_json(client_order_id)
    if told is None:
        return NOT_FOUND
    if told["status"] not in ("accepted", "partially_filled"):
        return NOT_CANCELABLE
    books.cancel(client_order_id)
    return 204, None


def _orders(books: AlpacaBooks, query: dict[str, str], page: int) -> Answered:
    limit = min(int(query.get("limit", 50)), page)
    return 200, books.orders_as_json(query.get("status", "open"), _moment(query), limit)


def _fills(books: AlpacaBooks, query: dict[str, str], page: int) -> Answered:
    limit = min(int(query.get("page_size", 100)), page)
    return 200, books.fills_as_json(_moment(query), query.get("page_token", ""), limit)


def _moment(query: dict[str, str]) -> datetime | None:
    return datetime.fromisoformat(query["after"]) if "after" in query else None


def _account(books: AlpacaBooks, number: str) -> Answered:
    held = books.holdings()
    cash = ZERO if held is None or held.cash is None else held.cash
    told = {"account_number": number, "status": "ACTIVE", "currency": "USD", "cash": plain(cash)}
    blocks = ("trading_blocked", "account_blocked", "trade_suspended_by_user")
    return 200, {**told, **dict.fromkeys(blocks, False)}


def _positions(books: AlpacaBooks) -> Answered:
    held = books.holdings()
    shares = {} if held is None else {ticker: qty for ticker, qty in held.shares.items() if qty}
    return 200, [
        {"symbol": ticker, "qty": plain(qty), "side": "short" if qty < 0 else "long"}
        for ticker, qty in shares.items()
    ]


def _last_trade(books: AlpacaBooks, ticker: str) -> Answered:
    price = books.quote(ticker)
    if price is None:
        return 404, {"message": "no trade found"}
    return 200, {"symbol": ticker, "trade": {"t": books.now().isoformat(), "p": float(price)}}


def _all_held(books: AlpacaBooks) -> Answered:
    held = books.holdings()
    if held is None:
        return 404, {"message": "nobody said what the account began with"}
    shares = {ticker: plain(qty) for ticker, qty in held.shares.items()}
    return 200, {"cash": plain(held.cash or ZERO), "shares": shares}


def options_of(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read what is said on the command line."""
    parser = argparse.ArgumentParser(prog="python -m orders.brokers.alpaca_server", description=__doc__)
    parser.add_argument("--port", type=int, default=8766, help="0 takes a free one; it is printed")
    parser.add_argument("--key-id", default="PKLOCAL0000000000000", help="what a caller's key ID must be")
    parser.add_argument("--secret-key", default="local-secret-key", help="what its secret must be")
    parser.add_argument("--account", default="PA0000000001", help="the account's number")
    add_temper(parser)
    parser.add_argument("--calm-lists", action="store_true", help="let only what is about one order go wrong")
    parser.add_argument("--page", type=int, default=500, help="rows of a list that one answer has, at most")
    return parser.parse_args(arguments)


def serve(options: argparse.Namespace) -> AlpacaServer:
    """Return a server that listens; the caller serves with it."""
    return AlpacaServer(options.port, AlpacaBooks(options.state, temper_of(options)), options)


def main() -> None:
    """Serve until killed."""
    serve_until_killed(serve(options_of()))


if __name__ == "__main__":
    main()
