"""A third party's broker for tests: it says what it was told to say, and remembers what it was asked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from accounts.transactions import require_no_transaction
from orders.brokers import broker_named
from orders.brokers.base import BrokerAnswer, BrokerOrder, Execution, Holdings, OpenOrder
from orders.dispatch import Did, dispatch_order
from orders.models import Order
from orders.tests.builders import fresh, run_at, set_market
from orders.work import breaker_of
from positions.models import Position
from positions.tests.builders import OPENED_AT, make_position
from volbal.order_states import OrderStatus
from volbal.values import MarketQuote, Side

NAME = "scripted"
PATH = "orders.tests.scripted_broker.ScriptedBroker"


class ScriptedBroker:
    """Answers each method from a queue of its own: a value, an exception, or a function to call."""

    name = NAME
    in_process = False
    is_real = False
    finds_by_client_id = True
    settles_in = timedelta(seconds=20)

    def __init__(self) -> None:
        self.queues: dict[str, list[Any]] = defaultdict(list)
        self.calls: list[str] = []
        self.sent: list[BrokerOrder] = []
        self.price: Decimal | None = None

    def says(self, method: str, *answers: Any) -> None:
        self.queues[method] += answers

    def submit(self, order: BrokerOrder, *, at: datetime) -> BrokerAnswer:
        self.sent.append(order)
        return self._answer("submit")

    def cancel(self, client_order_id: str, *, at: datetime) -> BrokerAnswer | None:
        return self._answer("cancel")

    def get(self, client_order_id: str) -> BrokerAnswer | None:
        return self._answer("get")

    def open_orders(self) -> tuple[OpenOrder, ...]:
        return self._answer("open_orders")

    def executions_since(self, since: datetime) -> tuple[Execution, ...]:
        return self._answer("executions_since")

    def holdings(self) -> Holdings | None:
        return self._answer("holdings")

    def quote(self, ticker: str) -> MarketQuote | None:
        if self.queues["quote"]:
            self._answer("quote")
        if self.price is None:
            return None
        return MarketQuote(price=self.price, as_of=OPENED_AT, source=NAME, is_real=self.is_real)

    def _answer(self, method: str) -> Any:
        require_no_transaction()
        self.calls.append(method)
        assert self.queues[method], f"nobody said what {method} answers"
        answer = self.queues[method].pop(0)
        if callable(answer):
            answer = answer()
        if isinstance(answer, Exception):
            raise answer
        return answer


class RealBroker(ScriptedBroker):
    """One that would trade real money."""

    name = "real"
    is_real = True


@dataclass
class WallClock:
    """A wall clock that only the test moves."""

    now: datetime = OPENED_AT

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@contextmanager
def scripted(settings: Any, **traits: Any) -> Iterator[ScriptedBroker]:
    """Register the broker for a test, with other traits if any are given."""
    settings.BROKERS = {**settings.BROKERS, NAME: PATH}
    broker_named.cache_clear()
    breaker_of.cache_clear()
    broker = broker_named(NAME)
    for name, value in traits.items():
        setattr(broker, name, value)
    try:
        yield broker
    finally:
        broker_named.cache_clear()


def make_waiting(price: int | str = 104, **position: Any) -> tuple[Position, Order]:
    """Open a cell at the scripted broker and let the rules make an order, by default to sell 12.57421597."""
    cell = make_position(broker=NAME, **position)
    set_market(price)
    order = run_at(cell, price).order
    assert order is not None
    assert order.status == "new"
    return cell, order


def step(order: Order, clock: WallClock) -> Did:
    """Take the order one step further."""
    return dispatch_order(order_id=order.pk, clock=clock)


def answer(status: str, *executions: Execution, reason: str = "", filled: Any = None) -> BrokerAnswer:
    """Return what a broker says of an order."""
    return BrokerAnswer(
        status=OrderStatus(status),
        executions=executions,
        reason=reason,
        filled_qty=None if filled is None else Decimal(filled),
    )


def execution(
    order: Order,
    execution_id: str = "e1",
    qty: Any = None,
    price: Any = None,
    *,
    seconds: int = 0,
    client_order_id: str | None = None,
) -> Execution:
    """Return one execution of an order, by default of the whole at its price."""
    return Execution(
        execution_id=execution_id,
        client_order_id=client_order_id or order.client_order_id,
        ticker=order.position.ticker,
        side=Side(order.side),
        qty=Decimal(order.qty if qty is None else qty),
        price=Decimal(order.price if price is None else price),
        executed_at=OPENED_AT + timedelta(seconds=seconds),
    )


def status_of(order: Order) -> str:
    return fresh(order).status
