"""`python -m orders.brokers.paper_server`: the paper broker as a process of its own, on loopback only.

With `--mode hostile` it hangs up, keeps waiting, stammers and talks nonsense, by its seed. Under /_plant a
test puts differences into its books, and /_counts says how often each order came in and was registered.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from orders.brokers.base import BrokerAnswer, BrokerOrder
from orders.brokers.paper_engine import DuplicateOrder, PaperEngine
from orders.brokers.paper_faults import act_out, send_json
from orders.brokers.paper_plan import Fault
from orders.brokers.paper_plants import PLANTS, set_account
from orders.brokers.paper_wire import (
    answer_as_json,
    execution_as_json,
    holdings_as_json,
    open_order_as_json,
    order_from_json,
)
from orders.brokers.stand_ins import (
    BAD_REQUEST,
    StandInHandler,
    StandInServer,
    add_temper,
    counts_of,
    serve_until_killed,
    temper_of,
)
from volbal.numbers import plain
from volbal.order_states import OrderStatus

Answered = tuple[int, Any]


class PaperServer(StandInServer):
    """The engine behind an address."""

    def __init__(self, address: tuple[str, int], engine: PaperEngine, hang_s: float) -> None:
        super().__init__(address, _Handler)
        self.engine = engine
        self.hang_s = hang_s


class _Handler(StandInHandler):
    server: PaperServer

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        match [unquote(part) for part in url.path.strip("/").split("/")]:
            case ["orders"]:
                self._answer("open_orders", partial(_open_orders, self.server.engine))
            case ["orders", client_order_id]:
                self._answer("get", partial(_look_up, self.server.engine, client_order_id), client_order_id)
            case ["executions"]:
                self._answer("executions", partial(_executions, self.server.engine, url.query))
            case ["account"]:
                self._answer("account", partial(_account, self.server.engine))
            case ["quotes", ticker]:
                send_json(self, *_quote(self.server.engine, ticker))
            case ["_counts"]:
                engine = self.server.engine
                send_json(self, 200, counts_of(engine))
            case _:
                send_json(self, 404, {"error": "no-such-address"})

    def do_POST(self) -> None:
        parts = [unquote(part) for part in urlsplit(self.path).path.strip("/").split("/")]
        try:
            self._post(parts, self.body())
        except BAD_REQUEST as error:
            send_json(self, 400, {"error": "bad-request", "reason": str(error)})

    def _post(self, parts: list[str], body: Any) -> None:
        engine = self.server.engine
        match parts:
            case ["orders"]:
                order, at = order_from_json(body)
                fault = engine.fault_for("submit", order=order)
                act_out(self, fault, partial(_submit, engine, order, at), self.server.hang_s)
            case ["orders", client_order_id, "cancel"]:
                self._answer("cancel", partial(_cancel, engine, client_order_id), client_order_id)
            case ["account"]:
                set_account(engine, body)
                send_json(self, 200, {})
            case ["_plant", what] if what in PLANTS:
                PLANTS[what](engine, body)
                send_json(self, 200, {})
            case _:
                send_json(self, 404, {"error": "no-such-address"})

    def _answer(self, call: str, act: Callable[[], Answered], client_order_id: str = "") -> None:
        fault: Fault = self.server.engine.fault_for(call, client_order_id)
        act_out(self, fault, act, self.server.hang_s)


def _submit(engine: PaperEngine, order: BrokerOrder, at: datetime) -> Answered:
    try:
        answer = engine.submit(order, at=at)
    except DuplicateOrder:
        return 409, {"error": "duplicate"}
    if answer.status is OrderStatus.REJECTED:
        return 422, {"error": "rejected", "reason": answer.reason}
    return 201, answer_as_json(order.client_order_id, answer)


def _look_up(engine: PaperEngine, client_order_id: str) -> Answered:
    return _told(client_order_id, engine.get(client_order_id))


def _cancel(engine: PaperEngine, client_order_id: str) -> Answered:
    return _told(client_order_id, engine.cancel(client_order_id))


def _told(client_order_id: str, answer: BrokerAnswer | None) -> Answered:
    if answer is None:
        return 404, {"error": "no-such-order"}
    return 200, answer_as_json(client_order_id, answer)


def _open_orders(engine: PaperEngine) -> Answered:
    return 200, {"orders": [open_order_as_json(order) for order in engine.open_orders()]}


def _executions(engine: PaperEngine, query: str) -> Answered:
    try:
        since = datetime.fromisoformat(parse_qs(query)["since"][0])
    except BAD_REQUEST as error:
        return 400, {"error": "bad-request", "reason": str(error)}
    return 200, {"executions": [execution_as_json(one) for one in engine.executions_since(since)]}


def _account(engine: PaperEngine) -> Answered:
    holdings = engine.holdings()
    return (404, {"error": "no-account"}) if holdings is None else (200, holdings_as_json(holdings))


def _quote(engine: PaperEngine, ticker: str) -> Answered:
    price = engine.quote(ticker)
    return (404, {"error": "no-quote"}) if price is None else (200, {"price": plain(price)})


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m orders.brokers.paper_server", description=__doc__)
    parser.add_argument("--port", type=int, default=8765, help="0 takes a free one; it is printed")
    add_temper(parser)
    return parser.parse_args()


def main() -> None:
    """Serve until killed."""
    options = _arguments()
    engine = PaperEngine(options.state, temper_of(options))
    serve_until_killed(PaperServer(("127.0.0.1", options.port), engine, options.hang))


if __name__ == "__main__":
    main()
