"""A broker of paper that keeps its orders in a SQLite file of its own and outlives its own kill."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from threading import Lock
from typing import Any

from orders.brokers.base import BrokerAnswer, BrokerOrder, Execution, Holdings, OpenOrder
from orders.brokers.paper_plan import (
    Fault,
    Mode,
    PlannedFill,
    disorder,
    is_rejected,
    numbers_of,
    plan_fault,
    plan_fills,
)
from volbal.fills import commission_on, notional_of
from volbal.numbers import ZERO, plain
from volbal.order_states import OrderStatus
from volbal.values import Side

SCHEMA = """
CREATE TABLE IF NOT EXISTS orders (
    number INTEGER PRIMARY KEY, client_order_id TEXT NOT NULL, ticker TEXT NOT NULL, side TEXT NOT NULL,
    qty TEXT NOT NULL, key TEXT NOT NULL, end TEXT NOT NULL DEFAULT '', looks INTEGER NOT NULL DEFAULT 0);
CREATE INDEX IF NOT EXISTS orders_by_client ON orders (client_order_id);
CREATE TABLE IF NOT EXISTS fills (
    execution_id TEXT PRIMARY KEY, number INTEGER NOT NULL, client_order_id TEXT NOT NULL,
    ticker TEXT NOT NULL, side TEXT NOT NULL, qty TEXT NOT NULL, price TEXT NOT NULL,
    commission TEXT NOT NULL, executed_at TEXT NOT NULL,
    after_looks INTEGER NOT NULL, shown INTEGER NOT NULL DEFAULT 0);
CREATE INDEX IF NOT EXISTS fills_by_order ON fills (number);
CREATE TABLE IF NOT EXISTS arrivals (client_order_id TEXT PRIMARY KEY, arrived INTEGER, registered INTEGER);
CREATE TABLE IF NOT EXISTS calls (name TEXT PRIMARY KEY, count INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS holdings (ticker TEXT PRIMARY KEY, amount TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS quotes (ticker TEXT PRIMARY KEY, price TEXT NOT NULL);
"""
# The row of `holdings` that is no ticker's.
CASH = "$"
# More looks than an order ever gets: what is executed only when somebody says so.
NEVER = 10**9
_WORKING = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Temper:
    """How a paper broker behaves; the same seed and `most_parts` give the same fills in every mode.

    `unique_ids`: whether a client id that comes again is refused, as most brokers do.
    """

    mode: Mode = Mode.PERFECT
    seed: int = 0
    most_parts: int = 3
    reject_rate: float = 0.0
    unique_ids: bool = True


class DuplicateOrder(Exception):
    """An order with this client id is here already."""


class PaperEngine:
    """Registers orders, executes them bit by bit, each time somebody looks, and counts what came in."""

    def __init__(self, path: str, temper: Temper) -> None:
        self.temper = temper
        # What drills ask for: the next calls' faults, orders executed only when told, a skewed clock.
        self.faults_to_come: list[Fault] = []
        self.holds = False
        self.rejects_next = False
        self.skew_s = 0.0
        self._lock = Lock()
        self.db = sqlite3.connect(path, check_same_thread=False)
        self.db.row_factory = sqlite3.Row
        # It outlives its own kill; that its machine doesn't stop meanwhile is all that paper asks for.
        self.db.executescript(f"PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF; {SCHEMA}")

    def fault_for(self, call: str, client_order_id: str = "", order: BrokerOrder | None = None) -> Fault:
        """Count a call that comes in and choose what becomes of it."""
        with self._lock, self.db:
            if order is not None:
                self._count_arrival(order.client_order_id, arrived=1)
                key = numbers_of(order)
            else:
                key = self._key_of(client_order_id)
            count = self._count_call(f"{call}/{key}")
            fault = plan_fault(call, key, count, seed=self.temper.seed, mode=self.temper.mode)
            fault = self.faults_to_come.pop(0) if self.faults_to_come else fault
            if fault is not Fault.NONE:
                self._count_call(f"fault {fault}")
        return fault

    def submit(self, order: BrokerOrder, *, at: datetime) -> BrokerAnswer:
        """Register an order and execute as much of it as shows at once. Raises DuplicateOrder."""
        with self._lock, self.db:
            had = self._rows("SELECT number FROM orders WHERE client_order_id = ?", order.client_order_id)
            if had and self.temper.unique_ids:
                raise DuplicateOrder(order.client_order_id)
            self._count_arrival(order.client_order_id, registered=1)
            number = self._register(order)
            if not self._one("SELECT end FROM orders WHERE number = ?", number)["end"]:
                self._plan(order, number, len(had), at)
            return self._answer(order.client_order_id)

    def get(self, client_order_id: str) -> BrokerAnswer | None:
        """Look an order up, which moves it on; None without one."""
        with self._lock, self.db:
            if not self._rows("SELECT 1 FROM orders WHERE client_order_id = ?", client_order_id):
                return None
            self.db.execute(
                "UPDATE orders SET looks = looks + 1 WHERE client_order_id = ?", [client_order_id]
            )
            return self._answer(client_order_id)

    def cancel(self, client_order_id: str) -> BrokerAnswer | None:
        """Stop what is not executed yet; None without such an order."""
        with self._lock, self.db:
            for row in self._rows("SELECT * FROM orders WHERE client_order_id = ?", client_order_id):
                if self._status(row) not in (OrderStatus.FILLED, OrderStatus.REJECTED):
                    self._end(row["number"], OrderStatus.CANCELLED)
                    self.db.execute("DELETE FROM fills WHERE number = ? AND NOT shown", [row["number"]])
            if not self._rows("SELECT 1 FROM orders WHERE client_order_id = ?", client_order_id):
                return None
            return self._answer(client_order_id)

    def open_orders(self) -> tuple[OpenOrder, ...]:
        """Return what can still be executed."""
        with self._lock:
            rows = self._rows("SELECT * FROM orders WHERE end = '' ORDER BY number")
            return tuple(_open_order(row) for row in rows if self._status(row) is not OrderStatus.FILLED)

    def executions_since(self, since: datetime) -> tuple[Execution, ...]:
        """Return what was executed at or after `since`, oldest first."""
        with self._lock:
            rows = self._rows(
                "SELECT * FROM fills WHERE shown AND executed_at >= ? ORDER BY executed_at, execution_id",
                _text(since),
            )
            return tuple(_execution(row) for row in rows)

    def execute(
        self, client_order_id: str, *, execution_id: str, qty: Decimal, price: Decimal, at: datetime
    ) -> None:
        """Execute a part of an order that is held, or late one that has ended."""
        with self._lock, self.db:
            order = self._one("SELECT * FROM orders WHERE client_order_id = ?", client_order_id)
            hidden = self._rows("SELECT * FROM fills WHERE number = ? AND NOT shown", order["number"])
            rest = sum((Decimal(row["qty"]) for row in hidden), ZERO) - qty
            self.db.execute("DELETE FROM fills WHERE number = ? AND NOT shown", [order["number"]])
            names = [client_order_id, order["ticker"], order["side"]]
            price_and_time = [plain(price), "0", _text(at)]
            put = "INSERT INTO fills VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)"
            self.db.execute(put, [execution_id, order["number"], *names, plain(qty), *price_and_time, 0])
            self._show(order)
            if rest > 0:
                hidden_id = f"{execution_id}-rest"
                self.db.execute(
                    put, [hidden_id, order["number"], *names, plain(rest), *price_and_time, NEVER]
                )

    def holdings(self) -> Holdings | None:
        """Return what the account holds; None until somebody said what it began with."""
        with self._lock:
            amounts = {row["ticker"]: Decimal(row["amount"]) for row in self._rows("SELECT * FROM holdings")}
        if CASH not in amounts:
            return None
        cash = amounts.pop(CASH)
        return Holdings(cash=cash, shares=amounts)

    def quote(self, ticker: str) -> Decimal | None:
        """Return the price that was set for a ticker, if any."""
        with self._lock:
            rows = self._rows("SELECT price FROM quotes WHERE ticker = ?", ticker)
        return Decimal(rows[0]["price"]) if rows else None

    def counts(self) -> dict[str, dict[str, int]]:
        """Return by client id how often an order came in, and how often one was registered."""
        with self._lock:
            return {
                row["client_order_id"]: {"arrived": row["arrived"], "registered": row["registered"]}
                for row in self._rows("SELECT * FROM arrivals ORDER BY client_order_id")
            }

    def quantities(self) -> dict[str, str]:
        """Return by client id how many shares the orders are for."""
        rows = self.read("SELECT client_order_id, qty FROM orders")
        return {row["client_order_id"]: row["qty"] for row in rows}

    def faults(self) -> dict[str, int]:
        """Return how often each kind of fault was chosen."""
        with self._lock:
            rows = self._rows("SELECT * FROM calls WHERE name LIKE 'fault %'")
            return {row["name"].removeprefix("fault "): row["count"] for row in rows}

    def write(self, statement: str, *values: Any) -> None:
        """Change the broker's own books from outside: what account set-up and planted differences need."""
        with self._lock, self.db:
            self.db.execute(statement, values)

    def read(self, query: str, *values: Any) -> list[sqlite3.Row]:
        """Look into the broker's own books."""
        with self._lock:
            return self._rows(query, *values)

    def _register(self, order: BrokerOrder) -> int:
        rejected = is_rejected(order, seed=self.temper.seed, reject_rate=self.temper.reject_rate)
        rejected, self.rejects_next = rejected or self.rejects_next, False
        row = (order.client_order_id, order.ticker, order.side, plain(order.qty), numbers_of(order))
        cursor = self.db.execute(
            "INSERT INTO orders (client_order_id, ticker, side, qty, key, end) VALUES (?, ?, ?, ?, ?, ?)",
            [*row, OrderStatus.REJECTED if rejected else _WORKING],
        )
        return int(cursor.lastrowid or 0)

    def _plan(self, order: BrokerOrder, number: int, again: int, at: datetime) -> None:
        temper = self.temper
        fills = plan_fills(order, seed=temper.seed, most_parts=temper.most_parts, mode=temper.mode)
        if self.holds:
            fills = (PlannedFill(qty=order.qty, price=order.price, after_looks=NEVER),)
        for part, fill in enumerate(fills):
            commission = commission_on(notional_of(fill.qty, fill.price), order.commission_rate)
            self.db.execute(
                "INSERT INTO fills VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)",
                [
                    f"{order.client_order_id}-{again}-{part}",
                    number,
                    order.client_order_id,
                    order.ticker,
                    order.side,
                    plain(fill.qty),
                    plain(fill.price),
                    plain(commission),
                    _text(at),
                    fill.after_looks,
                ],
            )

    def _answer(self, client_order_id: str) -> BrokerAnswer:
        orders = self._rows("SELECT * FROM orders WHERE client_order_id = ? ORDER BY number", client_order_id)
        for row in orders:
            self._show(row)
        shown = self._rows(
            "SELECT * FROM fills WHERE client_order_id = ? AND shown ORDER BY execution_id", client_order_id
        )
        status = self._status(orders[0])
        return BrokerAnswer(
            status=status,
            executions=tuple(_execution(row) for row in self._in_disorder(orders[0], shown)),
            filled_qty=sum((Decimal(row["qty"]) for row in shown), ZERO),
            reason="it is told to reject" if status is OrderStatus.REJECTED else "",
        )

    def _in_disorder(self, order: sqlite3.Row, shown: list[sqlite3.Row]) -> Iterable[sqlite3.Row]:
        if self.temper.mode is not Mode.HOSTILE:
            return shown
        numbers = disorder(len(shown), seed=self.temper.seed, key=order["key"], look=order["looks"])
        return [shown[number] for number in numbers]

    def _show(self, order: sqlite3.Row) -> None:
        """Execute what is due by now, and move the account by it."""
        due = self._rows(
            "SELECT * FROM fills WHERE number = ? AND NOT shown AND after_looks <= ?",
            order["number"],
            order["looks"],
        )
        for fill in due:
            self.db.execute("UPDATE fills SET shown = 1 WHERE execution_id = ?", [fill["execution_id"]])
            sign = 1 if fill["side"] == Side.BUY else -1
            notional = notional_of(Decimal(fill["qty"]), Decimal(fill["price"]))
            self._move_holding(fill["ticker"], sign * Decimal(fill["qty"]))
            self._move_holding(CASH, -sign * notional - Decimal(fill["commission"]))

    def _move_holding(self, ticker: str, change: Decimal) -> None:
        if not self._rows("SELECT 1 FROM holdings WHERE ticker = ?", CASH):
            return
        had = self._rows("SELECT amount FROM holdings WHERE ticker = ?", ticker)
        amount = (Decimal(had[0]["amount"]) if had else ZERO) + change
        self.db.execute("INSERT OR REPLACE INTO holdings VALUES (?, ?)", [ticker, plain(amount)])

    def _status(self, order: sqlite3.Row) -> OrderStatus:
        if order["end"]:
            return OrderStatus(order["end"])
        fills = self._rows("SELECT shown FROM fills WHERE number = ?", order["number"])
        shown = sum(fill["shown"] for fill in fills)
        if fills and shown == len(fills):
            return OrderStatus.FILLED
        return OrderStatus.PARTIALLY_FILLED if shown else OrderStatus.ACCEPTED

    def _end(self, number: int, status: OrderStatus) -> None:
        self.db.execute("UPDATE orders SET end = ? WHERE number = ?", [status, number])

    def _count_call(self, name: str) -> int:
        self.db.execute(
            "INSERT INTO calls VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET count = count + 1", [name]
        )
        return int(self._one("SELECT count FROM calls WHERE name = ?", name)["count"])

    def _count_arrival(self, client_order_id: str, *, arrived: int = 0, registered: int = 0) -> None:
        self.db.execute(
            "INSERT INTO arrivals VALUES (?, ?, ?) ON CONFLICT (client_order_id) DO UPDATE SET "
            "arrived = arrived + excluded.arrived, registered = registered + excluded.registered",
            [client_order_id, arrived, registered],
        )

    def _key_of(self, client_order_id: str) -> str:
        rows = self._rows("SELECT key FROM orders WHERE client_order_id = ?", client_order_id)
        return rows[0]["key"] if rows else ""

    def _one(self, query: str, *values: Any) -> sqlite3.Row:
        return self._rows(query, *values)[0]

    def _rows(self, query: str, *values: Any) -> list[sqlite3.Row]:
        return self.db.execute(query, values).fetchall()


def _open_order(row: sqlite3.Row) -> OpenOrder:
    return OpenOrder(
        client_order_id=row["client_order_id"],
        ticker=row["ticker"],
        side=Side(row["side"]),
        qty=Decimal(row["qty"]),
    )


def _execution(row: sqlite3.Row) -> Execution:
    return Execution(
        execution_id=row["execution_id"],
        client_order_id=row["client_order_id"],
        ticker=row["ticker"],
        side=Side(row["side"]),
        qty=Decimal(row["qty"]),
        price=Decimal(row["price"]),
        commission=Decimal(row["commission"]),
        executed_at=datetime.fromisoformat(row["executed_at"]),
    )


def _text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")
