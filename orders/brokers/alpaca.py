"""Alpaca over its REST API: an investor's own paper or live account.

Written against Alpaca's documented behaviour (docs/brokers.md tells what that means). Their own client sends
an order again by itself after some errors, waits without a limit, and writes numbers as floats.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar
from urllib.parse import quote as quoted
from urllib.parse import urlencode

from django.conf import settings
from django.utils import timezone

from orders.brokers.alpaca_wire import (
    TheirAccount,
    TheirFill,
    TheirOrder,
    account_from_json,
    fill_from_json,
    holding_from_json,
    is_share,
    moment,
    order_from_json,
    price,
    submitted_at,
    text,
)
from orders.brokers.base import (
    AccountFacts,
    BrokerAnswer,
    BrokerOrder,
    CredentialField,
    Environment,
    Execution,
    Holdings,
    Login,
    NoAnswer,
    OpenOrder,
)
from orders.brokers.http import JsonHttp, Reply
from volbal.errors import VolbalError
from volbal.numbers import ZERO, plain
from volbal.order_states import OrderStatus
from volbal.values import MarketQuote

T = TypeVar("T")
_Page = dict[str, tuple[datetime, TheirOrder | None]]

ORDERS_A_PAGE = 500
FILLS_A_PAGE = 100
MOST_PAGES = 200
# A last trade older than this says nothing of the price now.
QUOTE_AGE = timedelta(seconds=60)
NO_SUCH_ORDER = "40410000"
DUPLICATE = "client_order_id must be unique"
# Their answer to an order that they turn down: not enough money or shares, or a wrong symbol or quantity.
TURNED_DOWN = (403, 422)


class AlpacaBroker:
    """One account at Alpaca; without a login it knows its traits and nothing else."""

    name = "alpaca"
    in_process = False
    is_real = True
    finds_by_client_id = True
    environments = (Environment.PAPER, Environment.LIVE)
    credential_fields = (
        CredentialField(name="key_id", label="API key ID"),
        CredentialField(name="secret_key", label="API secret key"),
    )

    def __init__(self, login: Login | None = None) -> None:
        # A request that we gave up on may still be heeded for as long again.
        self.settles_in = timedelta(seconds=2 * settings.BROKER_TIMEOUT_S)
        self._trading: JsonHttp | None = None
        self._market: JsonHttp | None = None
        if login is not None:
            self._trading, self._market = _lines(login)

    def connected(self, login: Login) -> AlpacaBroker:
        """Return the same for one account."""
        return AlpacaBroker(login)

    def submit(self, order: BrokerOrder, *, at: datetime) -> BrokerAnswer:
        """Send an order once. Raises NoAnswer."""
        if order.qty % 1 and not self._takes_fractions(order.ticker):
            return _turned_down(f"Alpaca trades only whole shares of {order.ticker}")
        reply = self._call("POST", "/v2/orders", _as_json(order))
        if _message(reply) == DUPLICATE:
            answer = self.get(order.client_order_id)
            if answer is None:
                raise NoAnswer("it has the order, and then it has not")
            return answer
        if reply.status in TURNED_DOWN and _code(reply):
            return _turned_down(_message(reply) or _code(reply))
        return self._answer(_read(reply, order_from_json), order.client_order_id)

    def cancel(self, client_order_id: str, *, at: datetime) -> BrokerAnswer | None:
        """Ask to cancel; one that is over already stays what it is. Raises NoAnswer."""
        order = self._find(client_order_id)
        if order is None:
            return None
        reply = self._call("DELETE", f"/v2/orders/{quoted(order.order_id, safe='')}")
        if reply.status not in (204, 404, 422):
            raise NoAnswer(f"it answered {reply.status} to a cancel")
        return self.get(client_order_id)

    def get(self, client_order_id: str) -> BrokerAnswer | None:
        """Look an order up. Raises NoAnswer."""
        order = self._find(client_order_id)
        return None if order is None else self._answer(order, client_order_id)

    def open_orders(self) -> tuple[OpenOrder, ...]:
        """Return all orders that can still be executed. Raises NoAnswer."""
        return tuple(order.as_open() for order in self._orders("open", None))

    def executions_since(self, since: datetime) -> tuple[Execution, ...]:
        """Return all executions at or after `since`, oldest first. Raises NoAnswer."""
        fills = [fill for fill in self._fills(since) if fill.executed_at >= since]
        if not fills:
            return ()
        # An order of the day before may have been executed since.
        known = {
            order.order_id: order.client_order_id for order in self._orders("all", since - timedelta(days=1))
        }
        for order_id in {fill.order_id for fill in fills} - set(known):
            known[order_id] = self._client_id_of(order_id)
        found = [fill.as_execution(known[fill.order_id]) for fill in fills]
        return tuple(sorted(found, key=lambda one: (one.executed_at, one.execution_id)))

    def holdings(self) -> Holdings | None:
        """Return what the account holds. Raises NoAnswer."""
        reply = self._call("GET", "/v2/positions")
        shares = _read(reply, _shares)
        return Holdings(cash=self._account().cash, shares=shares)

    def account(self) -> AccountFacts:
        """Return the account's number, its clock and why it may not trade, if so. Raises NoAnswer."""
        account = self._account()
        reply = self._call("GET", "/v2/clock")
        return AccountFacts(
            number=account.number,
            clock=_read(reply, lambda body: moment(body["timestamp"])),
            why_not=account.why_not,
        )

    def quote(self, ticker: str) -> MarketQuote | None:
        """Return the last trade there was, None if it is old. Raises NoAnswer."""
        query = urlencode({"feed": settings.ALPACA_FEED})
        path = f"/v2/stocks/{quoted(ticker, safe='')}/trades/latest?{query}"
        reply = self._line(self._market).call("GET", path)
        if reply.status == 404:
            return None
        last, as_of = _read(reply, lambda body: (price(body["trade"]["p"]), moment(body["trade"]["t"])))
        if timezone.now() - as_of > QUOTE_AGE:
            return None
        return MarketQuote(price=last, as_of=as_of, source=self.name, is_real=True)

    def _takes_fractions(self, ticker: str) -> bool:
        reply = self._call("GET", f"/v2/assets/{quoted(ticker, safe='')}")
        return bool(_read(reply, lambda body: body["tradable"] and body["fractionable"]))

    def _answer(self, order: TheirOrder, client_order_id: str) -> BrokerAnswer:
        if order.client_order_id != client_order_id:
            raise NoAnswer("its answer is about another order")
        fills = self._fills_of(order) if order.filled_qty else ()
        return BrokerAnswer(
            status=order.status,
            executions=tuple(fill.as_execution(client_order_id) for fill in fills),
            filled_qty=order.filled_qty,
            reason="Alpaca gives no reason" if order.status is OrderStatus.REJECTED else "",
        )

    def _find(self, client_order_id: str) -> TheirOrder | None:
        query = urlencode({"client_order_id": client_order_id})
        reply = self._call("GET", f"/v2/orders:by_client_order_id?{query}")
        if reply.status == 404 and _code(reply) == NO_SUCH_ORDER:
            return None
        return _read(reply, order_from_json)

    def _client_id_of(self, order_id: str) -> str:
        reply = self._call("GET", f"/v2/orders/{quoted(order_id, safe='')}")
        return _read(reply, order_from_json).client_order_id

    def _orders(self, status: str, after: datetime | None) -> list[TheirOrder]:
        """Read orders, oldest first, page by page; each begins just before the end of the last one."""
        found: list[TheirOrder | None] = []
        seen: _Page = {}
        for _ in range(MOST_PAGES):
            options = {"status": status, "limit": ORDERS_A_PAGE, "direction": "asc", "nested": "false"}
            query = urlencode({**options, **({} if after is None else {"after": _time(after)})})
            page = _read(self._call("GET", f"/v2/orders?{query}"), _page_of_orders)
            if not set(page) - set(seen):
                if len(page) >= ORDERS_A_PAGE:
                    break  # so many in one moment: what comes after them can't be asked for
                return [order for order in found if order is not None]
            found += [order for key, (_, order) in page.items() if key not in seen]
            seen |= page
            after = max(at for at, _ in page.values()) - timedelta(milliseconds=1)
        raise NoAnswer("its orders can't be read to the end")

    def _fills_of(self, order: TheirOrder) -> list[TheirFill]:
        """Read an order's executions, no further than to the last share that it says was executed."""
        found: list[TheirFill] = []
        for fill in self._fills(order.submitted_at):
            if fill.order_id == order.order_id:
                found.append(fill)
                if sum((one.qty for one in found), ZERO) >= order.filled_qty:
                    break
        return found

    def _fills(self, since: datetime) -> Iterator[TheirFill]:
        """Read the account's executions page by page, oldest first, each once."""
        seen: set[str] = set()
        # "After" is what they say, and by the second: what was executed in the same one is not to be missed.
        options = {
            "after": _time(since - timedelta(seconds=2)),
            "direction": "asc",
            "page_size": FILLS_A_PAGE,
        }
        for _ in range(MOST_PAGES):
            query = urlencode(options)
            page = _read(self._call("GET", f"/v2/account/activities/FILL?{query}"), _page_of_fills)
            if not set(page) - seen:
                return
            yield from (fill for key, fill in page.items() if fill is not None and key not in seen)
            seen |= set(page)
            options["page_token"] = list(page)[-1]
        raise NoAnswer("there is no end to its executions")

    def _account(self) -> TheirAccount:
        return _read(self._call("GET", "/v2/account"), account_from_json)

    def _call(self, method: str, path: str, body: Any = None) -> Reply:
        return self._line(self._trading).call(method, path, body)

    def _line(self, line: JsonHttp | None) -> JsonHttp:
        if line is None:
            raise NoAnswer("no account is connected")
        return line


def _lines(login: Login) -> tuple[JsonHttp, JsonHttp]:
    """Return the ways to an account and to the market's prices."""
    secrets = {
        "APCA-API-KEY-ID": login.secrets["key_id"],
        "APCA-API-SECRET-KEY": login.secrets["secret_key"],
    }
    is_live = login.environment is Environment.LIVE
    base = settings.ALPACA_LIVE_URL if is_live else settings.ALPACA_PAPER_URL
    timeout_s = settings.BROKER_TIMEOUT_S
    return (
        JsonHttp(base, timeout_s=timeout_s, secrets=secrets),
        JsonHttp(settings.ALPACA_DATA_URL, timeout_s=timeout_s, secrets=secrets),
    )


def _as_json(order: BrokerOrder) -> dict[str, str]:
    """Write a market order for the day; its price is ours, and so is the commission."""
    return {
        "symbol": order.ticker,
        "qty": plain(order.qty),
        "side": order.side.value.lower(),
        "type": "market",
        "time_in_force": "day",
        "client_order_id": order.client_order_id,
    }


def _turned_down(reason: str) -> BrokerAnswer:
    return BrokerAnswer(status=OrderStatus.REJECTED, reason=reason[:200], filled_qty=Decimal(0))


def _time(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _code(reply: Reply) -> str:
    return str(_error(reply).get("code", ""))


def _message(reply: Reply) -> str:
    """Return what Alpaca says of an error, as far as it can be shown."""
    words = str(_error(reply).get("message", ""))[:200]
    return "".join(letter for letter in words if letter.isprintable())


def _error(reply: Reply) -> dict[str, Any]:
    is_error = 400 <= reply.status < 500 and isinstance(reply.body, dict)
    return reply.body if is_error else {}


def _read(reply: Reply, read: Callable[[Any], T]) -> T:
    if reply.status >= 300:
        raise NoAnswer(f"it answered {reply.status} {_message(reply)}".rstrip())
    try:
        return read(reply.body)
    except (LookupError, TypeError, ValueError, ArithmeticError, VolbalError) as error:
        raise NoAnswer(f"its answer makes no sense: {error}") from None


def _page_of_orders(body: Any) -> _Page:
    """Read orders by their id, each with its time; what is no share's is None."""
    return {
        text(raw["id"]): (submitted_at(raw), order_from_json(raw) if is_share(raw) else None)
        for raw in _list(body)
    }


def _page_of_fills(body: Any) -> dict[str, TheirFill | None]:
    return {text(raw["id"]): fill_from_json(raw) if is_share(raw) else None for raw in _list(body)}


def _shares(body: Any) -> dict[str, Decimal]:
    return dict(holding_from_json(raw) for raw in _list(body) if is_share(raw))


def _list(body: Any) -> list[Any]:
    if not isinstance(body, list):
        raise TypeError("it is not a list")
    return body
