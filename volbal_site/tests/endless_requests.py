"""Requests without end on one cell of a running site, and the comparison of their answers with the books."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from decimal import Decimal
from itertools import count
from threading import Lock

from dividends.tests.scratch import Scratch
from volbal_site.tests.persistent_client import PersistentClient, Request

KINDS = 3
# It may trade as often as it likes, but little at a time.
SETTINGS = {"guardrail": {"max_orders_per_day": "none"}, "order_policy": {"rebalance_ratio": "0.01"}}
BOOK_CHECKS = ("verify_ledger", "verify_audit", "replay_decisions")


def open_cell(client: PersistentClient) -> str:
    """Open the cell that all requests work on; return its address."""
    body = {"ticker": "IBM", "qty": "10000", "cash": "1000000", "anchor_price": "100"}
    client.send(Request("/positions", "cell", body))
    cell = f"/positions/{client.answers.pop('cell')['id']}"
    client.send(Request(f"{cell}/config", "settings", SETTINGS, method="PUT"))
    del client.answers["settings"]
    return cell


class Requests:
    """Requests on a cell without end, for many threads, until there are `at_least` so many."""

    def __init__(self, cell: str) -> None:
        self._cell = cell
        self._numbers = count()
        self._turn: deque[Request] = deque()
        self._lock = Lock()
        self.count = 0
        self.at_least: int | None = None

    def next(self) -> Request | None:
        """Return another request, None when there are enough."""
        with self._lock:
            if not self._turn:
                if self.at_least is not None and self.count >= self.at_least:
                    return None
                self._turn.extend(self._three(next(self._numbers)))
            self.count += 1
            return self._turn.popleft()

    def _three(self, n: int) -> Iterator[Request]:
        """Yield a deposit unlike all others, an evaluation that may trade, and an order."""
        price, side = ("103.5", "SELL") if n % 2 else ("100", "BUY")
        yield Request(f"{self._cell}/cash", f"cash-{n}", {"amount": str(n + 1)})
        yield Request(f"{self._cell}/evaluate?price={price}", f"evaluation-{n}")
        yield Request(f"{self._cell}/orders", f"order-{n}", {"side": side, "qty": "1", "price": "100"})


def send_all(client: PersistentClient, requests: Requests) -> None:
    """Send one after the other until there are enough."""
    while (request := requests.next()) is not None:
        client.send(request)


def all_happened_once(scratch: Scratch, answers: dict[str, dict[str, object]]) -> None:
    """Compare what was answered with what is in the database."""
    numbers = range(len(answers) // KINDS)
    deposits = scratch.rows("SELECT cash_delta FROM positions_journalentry WHERE cause_kind = 'cash'")
    assert sorted(Decimal(str(amount)) for (amount,) in deposits) == [n + 1 for n in numbers]

    evaluations = scratch.rows("SELECT id FROM positions_event WHERE type = 'position_evaluated'")
    answered = [answers[f"evaluation-{n}"]["event_id"] for n in numbers]
    assert sorted(hex_of(row[0]) for row in evaluations) == sorted(hex_of(event) for event in answered)

    orders = scratch.rows("SELECT idempotency_key, id FROM orders_order WHERE reason = 'by_hand'")
    told = [(f"order-{n}", hex_of(answers[f"order-{n}"]["id"])) for n in numbers]
    assert sorted((key, hex_of(order)) for key, order in orders) == sorted(told)

    unfilled = scratch.rows("SELECT id FROM orders_order WHERE status <> 'filled'")
    trades = scratch.rows("SELECT order_id FROM orders_trade")
    traded = [answers[f"evaluation-{n}"]["order"] for n in numbers]
    assert (unfilled, len(trades)) == ([], len(orders) + len(traded) - traded.count(None))


def hex_of(identity: object) -> str:
    """Write an id as SQLite keeps it."""
    return str(identity).replace("-", "")
