"""What the conformance kit needs of an adapter's author, and what its cases have in common."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from orders.brokers.base import Broker, BrokerAnswer, BrokerOrder
from volbal.order_states import OrderStatus
from volbal.values import Side

TICKER = "IBM"
PRICE = Decimal("101.25")
# A fraction with all 8 places that the books keep, so that whoever rounds is found out.
QTY = Decimal("12.57421597")
LATEST_ANSWER_S = 12.0
RECEIVED = (
    OrderStatus.SUBMITTED,
    OrderStatus.ACCEPTED,
    OrderStatus.PARTIALLY_FILLED,
    OrderStatus.FILLED,
)


class Trouble(StrEnum):
    """What becomes of the next call: `LOST` ones must not be heeded by the broker, `DONE` ones must be."""

    RATE_LIMITED = "lost_429"
    SERVER_ERROR = "lost_500"
    LOST_RESET = "lost_reset"
    TIMEOUT = "done_timeout"
    GATEWAY = "done_504"
    HTML = "done_html"
    SLOW = "done_drip"
    RESET = "done_reset"


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrivals:
    """How often an order came in at the broker, how often it was registered, and with how many shares."""

    arrived: int
    registered: int
    qty: Decimal


class Harness(Protocol):
    """What the kit needs of an adapter's author: the adapter, and hands behind its broker's back."""

    broker: Broker
    does_not_apply: Mapping[str, str]

    def hold(self) -> None:
        """Let orders rest from now on, until `execute` or `end`."""
        ...

    def execute(self, client_order_id: str, execution_id: str, qty: Decimal, price: Decimal) -> None:
        """Execute a part of an order now, also one that has ended."""
        ...

    def end(self, client_order_id: str, status: OrderStatus) -> None:
        """End an order at the broker, as `expired`, `rejected` or `cancelled`."""
        ...

    def reject_next(self) -> None:
        """Let the broker turn down the next order when it comes."""
        ...

    def trouble(self, *troubles: Trouble) -> None:
        """Let the next calls go wrong, one after the other, each of these on one call."""
        ...

    def skew(self, seconds: float) -> None:
        """Let the broker's clock be so much ahead of ours."""
        ...

    def arrivals(self, client_order_id: str) -> Arrivals:
        """Say what the broker counted."""
        ...


def an_order(qty: Decimal = QTY, side: Side = Side.BUY) -> BrokerOrder:
    """Return an order that no other case has sent."""
    client_order_id = f"kit-{uuid.uuid4()}"
    return BrokerOrder(client_order_id=client_order_id, ticker=TICKER, side=side, qty=qty, price=PRICE)


def send(harness: Harness, order: BrokerOrder) -> BrokerAnswer:
    """Send an order once, on a line without trouble."""
    return harness.broker.submit(order, at=datetime.now(UTC))


def told(harness: Harness, order: BrokerOrder) -> BrokerAnswer:
    """Return what the broker says of an order that it must have."""
    answer = harness.broker.get(order.client_order_id)
    assert answer is not None, "the broker has the order, and the adapter says that it has not"
    return answer


def an_id() -> str:
    """Return an execution's id that no other case has used."""
    return f"execution-{uuid.uuid4()}"


def executed(answer: BrokerAnswer) -> dict[str, Decimal]:
    """Return the shares of each execution, by its id; an id twice must be the same execution twice."""
    found: dict[str, Decimal] = {}
    for one in answer.executions:
        assert found.setdefault(one.execution_id, one.qty) == one.qty, "one id, two executions"
    return found
