"""Putting things into a paper broker's books that ours know nothing of, for tests and drills."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from orders.brokers.paper_engine import CASH, PaperEngine
from orders.brokers.paper_plan import Fault
from volbal.order_states import OrderStatus

Facts = Mapping[str, Any]


def set_account(engine: PaperEngine, facts: Facts) -> None:
    """Say what the account begins with: `cash`, and `shares` by ticker."""
    engine.write("DELETE FROM holdings")
    for ticker, amount in {**facts.get("shares", {}), CASH: facts["cash"]}.items():
        plant_holding(engine, {"ticker": ticker, "amount": amount})


def plant_holding(engine: PaperEngine, facts: Facts) -> None:
    """Let the account hold `amount` of `ticker`; the ticker $ is its cash."""
    engine.write("INSERT OR REPLACE INTO holdings VALUES (?, ?)", str(facts["ticker"]), str(facts["amount"]))


def plant_quote(engine: PaperEngine, facts: Facts) -> None:
    """Let the broker quote `price` for `ticker`; without one, nothing any more."""
    engine.write("DELETE FROM quotes WHERE ticker = ?", str(facts["ticker"]))
    if facts.get("price") is not None:
        engine.write("INSERT INTO quotes VALUES (?, ?)", str(facts["ticker"]), str(facts["price"]))


def plant_order(engine: PaperEngine, facts: Facts) -> None:
    """Put an open order in, which nobody sent."""
    names = ("client_order_id", "ticker", "side", "qty")
    engine.write(
        "INSERT INTO orders (client_order_id, ticker, side, qty, key) VALUES (?, ?, ?, ?, 'planted')",
        *(str(facts[name]) for name in names),
    )


def plant_execution(engine: PaperEngine, facts: Facts) -> None:
    """Put an execution in that shows at once, of an order that may be there or not."""
    text = "execution_id client_order_id ticker side qty price commission executed_at"
    names = text.split()
    engine.write(
        f"INSERT INTO fills ({', '.join(names)}, number, after_looks, shown) "  # noqa: S608  names of ours
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, 0, 1)",
        *(str(facts[name]) for name in names),
    )


def change_execution(engine: PaperEngine, facts: Facts) -> None:
    """Give an execution another price."""
    engine.write(
        "UPDATE fills SET price = ? WHERE execution_id = ?", str(facts["price"]), str(facts["execution_id"])
    )


def forget_order(engine: PaperEngine, facts: Facts) -> None:
    """Lose an order and what became of it."""
    for table in ("orders", "fills"):
        engine.write(
            f"DELETE FROM {table} WHERE client_order_id = ?",  # noqa: S608  two names of ours
            str(facts["client_order_id"]),
        )


def hold(engine: PaperEngine, facts: Facts) -> None:
    """Execute orders from now on only as `execute` says, or with `on` false again by themselves."""
    engine.holds = bool(facts.get("on", True))


def reject(engine: PaperEngine, facts: Facts) -> None:
    """Turn the next order down."""
    engine.rejects_next = True


def execute(engine: PaperEngine, facts: Facts) -> None:
    """Execute `qty` of an order at `price` under `execution_id`, whatever became of the order meanwhile."""
    engine.execute(
        str(facts["client_order_id"]),
        execution_id=str(facts["execution_id"]),
        qty=Decimal(str(facts["qty"])),
        price=Decimal(str(facts["price"])),
        at=datetime.now(UTC) + timedelta(seconds=engine.skew_s),
    )


def end(engine: PaperEngine, facts: Facts) -> None:
    """Let an order end as `status`, with what is not executed yet left so."""
    engine.write(
        "UPDATE orders SET end = ? WHERE client_order_id = ?",
        str(OrderStatus(str(facts["status"]))),
        str(facts["client_order_id"]),
    )


def let_fail(engine: PaperEngine, facts: Facts) -> None:
    """Let the next calls go wrong as `faults` says, one after the other."""
    engine.faults_to_come += [Fault(str(name)) for name in facts["faults"]]


def skew_clock(engine: PaperEngine, facts: Facts) -> None:
    """Let the broker's clock be `seconds` ahead of the real one."""
    engine.skew_s = float(str(facts["seconds"]))


PLANTS: dict[str, Callable[[PaperEngine, Facts], None]] = {
    "holding": plant_holding,
    "quote": plant_quote,
    "order": plant_order,
    "execution": plant_execution,
    "change_execution": change_execution,
    "forget": forget_order,
    "hold": hold,
    "reject": reject,
    "execute": execute,
    "end": end,
    "faults": let_fail,
    "clock": skew_clock,
}
