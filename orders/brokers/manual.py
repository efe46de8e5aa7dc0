"""No broker at all: orders are proposals, and a person or a callback reports what was done."""

from __future__ import annotations

from datetime import datetime, timedelta

from orders.brokers.base import BrokerAnswer, BrokerOrder, Execution, Holdings, OpenOrder
from volbal.order_states import OrderStatus
from volbal.values import MarketQuote


class ManualBroker:
    """Sends nothing: an order stays `new` until its fill is reported, it is cancelled, or it expires."""

    name = "manual"
    in_process = False
    is_real = False
    finds_by_client_id = False
    settles_in = timedelta(0)

    def submit(self, order: BrokerOrder, *, at: datetime) -> BrokerAnswer:
        """Answer that it waits for a person."""
        return BrokerAnswer(status=OrderStatus.NEW)

    def cancel(self, client_order_id: str, *, at: datetime) -> BrokerAnswer:
        """Answer that nothing stands in the way."""
        return BrokerAnswer(status=OrderStatus.CANCELLED)

    def get(self, client_order_id: str) -> BrokerAnswer | None:
        """Return None: only our own books know of it."""
        return None

    def open_orders(self) -> tuple[OpenOrder, ...]:
        """Return nothing: only our own books know of any."""
        return ()

    def executions_since(self, since: datetime) -> tuple[Execution, ...]:
        """Return nothing: executions are reported, not asked for."""
        return ()

    def holdings(self) -> Holdings | None:
        """Return None: only our own books know."""
        return None

    def quote(self, ticker: str) -> MarketQuote | None:
        """Return None: it has no prices of its own."""
        return None
