"""What a broker must do for us. Anybody can write one: docs/strategy.md tells the rules, this the shape."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from volbal.numbers import ZERO
from volbal.order_states import OrderStatus
from volbal.values import Side


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerOrder:
    """A market order for the day, as a broker sees it; `price` is the one decided on."""

    client_order_id: str
    ticker: str
    side: Side
    qty: Decimal
    price: Decimal
    slippage_bps: Decimal = ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """One fill as the broker reports it. No commission means: take the order's rate."""

    execution_id: str
    client_order_id: str
    side: Side
    qty: Decimal
    price: Decimal
    executed_at: datetime
    commission: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerAnswer:
    """What a broker says of an order: its status and every execution so far."""

    status: OrderStatus
    executions: tuple[Execution, ...] = ()
    reason: str = ""


class Broker(Protocol):
    """One way to trade. `in_process` brokers use no network and may be asked inside a transaction."""

    name: str
    in_process: bool
    is_real: bool

    def submit(self, order: BrokerOrder, *, at: datetime) -> BrokerAnswer:
        """Send an order once. Raises OSError when the answer didn't come or made no sense."""
        ...

    def cancel(self, client_order_id: str, *, at: datetime) -> BrokerAnswer:
        """Ask to cancel; the answer tells whether it did."""
        ...

    def get(self, client_order_id: str) -> BrokerAnswer | None:
        """Look an order up; None only if the broker knows for certain that it has no such order."""
        ...

    def open_orders(self) -> tuple[str, ...]:
        """Return the client ids of all orders that can still be executed."""
        ...

    def executions_since(self, since: datetime) -> tuple[Execution, ...]:
        """Return all executions at or after `since`, oldest first."""
        ...
