"""A broker of paper in a process of its own, asked over HTTP: a real one's habits without the money."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

from django.conf import settings

from orders.brokers.base import BrokerAnswer, BrokerOrder, Execution, Holdings, NoAnswer, OpenOrder
from orders.brokers.http import JsonHttp, Reply
from orders.brokers.paper_wire import (
    answer_from_json,
    executions_from_json,
    holdings_from_json,
    open_orders_from_json,
    order_as_json,
)
from volbal.errors import VolbalError
from volbal.fields import read_price
from volbal.order_states import OrderStatus
from volbal.values import MarketQuote

T = TypeVar("T")


class PaperHttpBroker:
    """Speaks to `orders.brokers.paper_server`, whose address is the setting PAPER_HTTP_URL."""

    name = "paper_http"
    in_process = False
    is_real = False
    finds_by_client_id = True

    def __init__(self) -> None:
        self._http = JsonHttp(self.address(), timeout_s=settings.BROKER_TIMEOUT_S)
        # A request that we gave up on may still be heeded for as long again.
        self.settles_in = timedelta(seconds=2 * settings.BROKER_TIMEOUT_S)

    def address(self) -> str:
        """Return where its server is; whoever runs more than one derives a broker for each."""
        return str(settings.PAPER_HTTP_URL)

    def submit(self, order: BrokerOrder, *, at: datetime) -> BrokerAnswer:
        """Send an order once. Raises NoAnswer."""
        reply = self._http.call("POST", "/orders", order_as_json(order, at))
        if _code(reply) == "duplicate":
            return self.get(order.client_order_id) or _nonsense("it has the order, and then it has not")
        return self._answer(reply, order.client_order_id)

    def cancel(self, client_order_id: str, *, at: datetime) -> BrokerAnswer | None:
        """Ask to cancel. Raises NoAnswer."""
        return self._found(self._http.call("POST", f"{_path(client_order_id)}/cancel"), client_order_id)

    def get(self, client_order_id: str) -> BrokerAnswer | None:
        """Look an order up. Raises NoAnswer."""
        return self._found(self._http.call("GET", _path(client_order_id)), client_order_id)

    def open_orders(self) -> tuple[OpenOrder, ...]:
        """Return all orders that can still be executed. Raises NoAnswer."""
        return _read(self._http.call("GET", "/orders"), open_orders_from_json)

    def executions_since(self, since: datetime) -> tuple[Execution, ...]:
        """Return all executions at or after `since`, oldest first. Raises NoAnswer."""
        query = urlencode({"since": since.astimezone(UTC).isoformat()})
        return _read(self._http.call("GET", f"/executions?{query}"), executions_from_json)

    def holdings(self) -> Holdings | None:
        """Return what the account holds; None until it was told what it began with. Raises NoAnswer."""
        reply = self._http.call("GET", "/account")
        return None if _code(reply) == "no-account" else _read(reply, holdings_from_json)

    def quote(self, ticker: str) -> MarketQuote | None:
        """Return the price that the server was told, if any. Raises NoAnswer."""
        reply = self._http.call("GET", f"/quotes/{quote(ticker, safe='')}")
        if _code(reply) == "no-quote":
            return None
        price = _read(reply, lambda body: read_price(body["price"], field="price"))
        return MarketQuote(price=price, source=self.name)

    def _found(self, reply: Reply, client_order_id: str) -> BrokerAnswer | None:
        return None if _code(reply) == "no-such-order" else self._answer(reply, client_order_id)

    def _answer(self, reply: Reply, client_order_id: str) -> BrokerAnswer:
        if _code(reply) == "rejected":
            return BrokerAnswer(status=OrderStatus.REJECTED, reason=str(reply.body.get("reason", ""))[:200])
        return _read(reply, lambda body: answer_from_json(body, client_order_id))


def _path(client_order_id: str) -> str:
    return f"/orders/{quote(client_order_id, safe='')}"


def _code(reply: Reply) -> str:
    """Return the error the broker itself names; a 404 of something in between names none."""
    is_error = 400 <= reply.status < 500 and isinstance(reply.body, dict)
    return str(reply.body.get("error", "")) if is_error else ""


def _read(reply: Reply, read: Callable[[Any], T]) -> T:
    if reply.status >= 300:
        raise NoAnswer(f"it answered {reply.status} {_code(reply)}".rstrip())
    try:
        return read(reply.body)
    except (LookupError, TypeError, ValueError, VolbalError) as error:
        raise NoAnswer(f"its answer makes no sense: {error}") from None


def _nonsense(words: str) -> BrokerAnswer:
    raise NoAnswer(words)
