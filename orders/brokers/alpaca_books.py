"""An account at a stand-in for Alpaca: the paper broker's books, told in Alpaca's documented words."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from orders.brokers.alpaca_wire import SIDES
from orders.brokers.base import BrokerAnswer, BrokerOrder
from orders.brokers.paper_engine import PaperEngine, Temper
from volbal.fields import read_decimal, read_ticker
from volbal.fills import notional_of
from volbal.numbers import QTY_PLACES, ZERO, plain
from volbal.order_states import OrderStatus
from volbal.values import Side

Facts = Mapping[str, Any]

SCHEMA = """
CREATE TABLE IF NOT EXISTS alpaca_orders (
    id TEXT PRIMARY KEY, client_order_id TEXT NOT NULL, submitted_at TEXT NOT NULL,
    status TEXT NOT NULL DEFAULT '');
CREATE TABLE IF NOT EXISTS alpaca_whole (ticker TEXT PRIMARY KEY);
"""
STATUSES = {
    OrderStatus.ACCEPTED: "accepted",
    OrderStatus.PARTIALLY_FILLED: "partially_filled",
    OrderStatus.FILLED: "filled",
    OrderStatus.CANCELLED: "canceled",
    OrderStatus.EXPIRED: "expired",
    OrderStatus.REJECTED: "rejected",
}
# What a market order is executed at if nobody set a price.
SOME_PRICE = Decimal(100)


class AlpacaBooks(PaperEngine):
    """Alpaca's side of orders: ids of its own, times by its own clock, assets that are whole shares only."""

    def __init__(self, path: str, temper: Temper) -> None:
        super().__init__(path, temper)
        self.db.executescript(SCHEMA)

    def now(self) -> datetime:
        """Return what time it is there."""
        return datetime.now(UTC) + timedelta(seconds=self.skew_s)

    def order_from(self, body: Facts) -> BrokerOrder:
        """Read a market order for the day. Raises KeyError, TypeError, ValueError or VolbalError."""
        if (body["type"], body["time_in_force"]) != ("market", "day"):
            raise ValueError("only market orders for the day are spoken here")
        ticker = read_ticker(body["symbol"])
        return BrokerOrder(
            client_order_id=str(body["client_order_id"]),
            ticker=ticker,
            side=SIDES[body["side"]],
            qty=read_decimal(body["qty"], places=QTY_PLACES, field="qty"),
            price=self.quote(ticker) or SOME_PRICE,
        )

    def place(self, order: BrokerOrder) -> dict[str, Any]:
        """Register an order; return it as Alpaca tells it. Raises DuplicateOrder."""
        now = self.now()
        self.submit(order, at=now)
        self.write(
            "INSERT OR REPLACE INTO alpaca_orders (id, client_order_id, submitted_at) VALUES (?, ?, ?)",
            _id_of(order.client_order_id),
            order.client_order_id,
            now.isoformat(),
        )
        return self.order_as_json(order.client_order_id) or {}

    def order_as_json(self, client_order_id: str) -> dict[str, Any] | None:
        """Look an order up, which moves it on; None without one."""
        answer = self.get(client_order_id)
        return None if answer is None else self._tell(client_order_id, answer)

    def client_id_of(self, order_id: str) -> str:
        """Return the client id of an order by Alpaca's; "" without one."""
        rows = self.read("SELECT client_order_id FROM alpaca_orders WHERE id = ?", order_id)
        return rows[0]["client_order_id"] if rows else ""

    def orders_as_json(self, status: str, after: datetime | None, limit: int) -> list[dict[str, Any]]:
        """Return a page of orders that came in after a time, oldest first."""
        for one in self.open_orders():  # one that a test planted has no row of its own yet
            self.write(
                "INSERT OR IGNORE INTO alpaca_orders (id, client_order_id, submitted_at) VALUES (?, ?, ?)",
                _id_of(one.client_order_id),
                one.client_order_id,
                self.now().isoformat(),
            )
        open_ids = {order.client_order_id for order in self.open_orders()}
        rows = self.read("SELECT * FROM alpaca_orders ORDER BY submitted_at, id")
        kept = [
            row["client_order_id"]
            for row in rows
            if (status == "all" or row["client_order_id"] in open_ids)
            and (after is None or datetime.fromisoformat(row["submitted_at"]) > after)
        ]
        told = (self.order_as_json(client_order_id) for client_order_id in kept[:limit])
        return [order for order in told if order is not None]

    def fills_as_json(self, after: datetime | None, token: str, limit: int) -> list[dict[str, Any]]:
        """Return a page of executions after a time and after the execution `token`, oldest first."""
        found = self.executions_since(after or datetime.min.replace(tzinfo=UTC))
        ids = [execution.execution_id for execution in found]
        first = ids.index(token) + 1 if token in ids else 0
        return [
            {
                "activity_type": "FILL",
                "id": one.execution_id,
                "order_id": _id_of(one.client_order_id),
                "symbol": one.ticker,
                "side": one.side.lower(),
                "qty": plain(one.qty),
                "price": plain(one.price),
                "transaction_time": one.executed_at.isoformat().replace("+00:00", "Z"),
                "type": "fill",
            }
            for one in found[first : first + limit]
        ]

    def may_be_split(self, ticker: str) -> bool:
        """Say whether fractions of a share are traded."""
        return not self.read("SELECT 1 FROM alpaca_whole WHERE ticker = ?", ticker)

    def _tell(self, client_order_id: str, answer: BrokerAnswer) -> dict[str, Any]:
        row = self.read("SELECT * FROM orders WHERE client_order_id = ?", client_order_id)[0]
        own = self.read("SELECT * FROM alpaca_orders WHERE client_order_id = ?", client_order_id)
        came_at = own[0]["submitted_at"] if own else self.now().isoformat()
        spent = sum((notional_of(one.qty, one.price) for one in answer.executions), ZERO)
        filled = answer.filled_qty or ZERO
        return {
            "id": _id_of(client_order_id),
            "client_order_id": client_order_id,
            "created_at": came_at,
            "submitted_at": came_at,
            "symbol": row["ticker"],
            "asset_class": "us_equity",
            "qty": row["qty"],
            "filled_qty": plain(filled),
            "filled_avg_price": plain((spent / filled).quantize(Decimal("0.000001"))) if filled else None,
            "type": "market",
            "side": Side(row["side"]).lower(),
            "time_in_force": "day",
            "status": (own[0]["status"] if own else "") or STATUSES[answer.status],
        }


def _id_of(client_order_id: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_OID, client_order_id))
