"""A broker of paper: it fills every order at once, whole, at the price decided on."""

from __future__ import annotations

from datetime import datetime, timedelta

from orders.brokers.base import BrokerAnswer, BrokerOrder, Execution, Holdings, OpenOrder
from volbal.fills import slipped_price
from volbal.order_states import OrderStatus
from volbal.values import MarketQuote


class PaperBroker:
    """Perfect executions inside the caller's transaction, hence nothing is ever open or unknown here."""

    name = "paper"
    in_process = True
    is_real = False
    finds_by_client_id = True
    settles_in = timedelta(0)

    def submit(self, order: BrokerOrder, *, at: datetime) -> BrokerAnswer:
        """Fill the order at its price, moved against it by `slippage_bps`."""
        execution = Execution(
            execution_id=f"paper-{order.client_order_id}",
            client_order_id=order.client_order_id,
            side=order.side,
            qty=order.qty,
            price=slipped_price(order.side, order.price, order.slippage_bps),
            executed_at=at,
        )
        return BrokerAnswer(status=OrderStatus.FILLED, executions=(execution,))

    def cancel(self, client_order_id: str, *, at: datetime) -> BrokerAnswer:
        """Answer that it was filled: every order is, as soon as it is sent."""
        return BrokerAnswer(status=OrderStatus.FILLED)

    def get(self, client_order_id: str) -> BrokerAnswer | None:
        """Return None: an order that isn't booked here was rolled back with its transaction."""
        return None

    def open_orders(self) -> tuple[OpenOrder, ...]:
        """Return nothing: no order stays open."""
        return ()

    def executions_since(self, since: datetime) -> tuple[Execution, ...]:
        """Return nothing: every execution was booked with its order."""
        return ()

    def holdings(self) -> Holdings | None:
        """Return None: only our own books know."""
        return None

    def quote(self, ticker: str) -> MarketQuote | None:
        """Return None: it has no prices of its own."""
        return None
