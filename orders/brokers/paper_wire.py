"""What the paper broker's server and its adapter say to each other: JSON, with numbers as text."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar

from orders.brokers.base import BrokerAnswer, BrokerOrder, Execution, Holdings, OpenOrder
from volbal.fields import JsonNumber, read_decimal, read_price, read_ticker
from volbal.numbers import MONEY_PLACES, QTY_PLACES, RATE_PLACES, plain
from volbal.order_states import OrderStatus
from volbal.values import Side

LONGEST_TEXT = 200
T = TypeVar("T")


def order_as_json(order: BrokerOrder, at: datetime) -> dict[str, Any]:
    """Write an order as it is sent."""
    return {
        "client_order_id": order.client_order_id,
        "ticker": order.ticker,
        "side": order.side.value,
        "qty": plain(order.qty),
        "price": plain(order.price),
        "slippage_bps": plain(order.slippage_bps),
        "commission_rate": plain(order.commission_rate),
        "at": at.isoformat(),
    }


def order_from_json(raw: Any) -> tuple[BrokerOrder, datetime]:
    """Read an order and when it was sent. Raises KeyError, TypeError, ValueError or VolbalError."""
    order = BrokerOrder(
        client_order_id=_text(raw["client_order_id"]),
        ticker=read_ticker(raw["ticker"]),
        side=Side(_text(raw["side"])),
        qty=_qty(raw["qty"]),
        price=read_price(raw["price"], field="price"),
        slippage_bps=read_decimal(raw["slippage_bps"], places=4, field="slippage_bps"),
        commission_rate=read_decimal(raw["commission_rate"], places=RATE_PLACES, field="commission_rate"),
    )
    return order, _time(raw["at"])


def answer_as_json(client_order_id: str, answer: BrokerAnswer) -> dict[str, Any]:
    """Write what became of an order."""
    return {
        "client_order_id": client_order_id,
        "status": answer.status.value,
        "filled_qty": None if answer.filled_qty is None else plain(answer.filled_qty),
        "executions": [execution_as_json(execution) for execution in answer.executions],
        "reason": answer.reason,
    }


def answer_from_json(raw: Any, client_order_id: str) -> BrokerAnswer:
    """Read what became of the order asked about. Raises as `order_from_json`, also for another order's."""
    if raw["client_order_id"] != client_order_id:
        raise ValueError("it is about another order")
    executions = tuple(execution_from_json(one) for one in _list(raw["executions"]))
    if any(execution.client_order_id != client_order_id for execution in executions):
        raise ValueError("it has another order's executions")
    return BrokerAnswer(
        status=OrderStatus(_text(raw["status"])),
        executions=executions,
        filled_qty=_or_none(raw["filled_qty"], _qty),
        reason=_words(raw["reason"]),
    )


def execution_as_json(execution: Execution) -> dict[str, Any]:
    """Write one execution."""
    return {
        "execution_id": execution.execution_id,
        "client_order_id": execution.client_order_id,
        "ticker": execution.ticker,
        "side": execution.side.value,
        "qty": plain(execution.qty),
        "price": plain(execution.price),
        "commission": None if execution.commission is None else plain(execution.commission),
        "executed_at": execution.executed_at.isoformat(),
    }


def execution_from_json(raw: Any) -> Execution:
    """Read one execution. Raises as `order_from_json`."""
    return Execution(
        execution_id=_text(raw["execution_id"]),
        client_order_id=_text(raw["client_order_id"]),
        ticker=read_ticker(raw["ticker"]),
        side=Side(_text(raw["side"])),
        qty=_qty(raw["qty"]),
        price=read_price(raw["price"], field="price"),
        commission=_or_none(raw["commission"], _money),
        executed_at=_time(raw["executed_at"]),
    )


def open_order_as_json(order: OpenOrder) -> dict[str, Any]:
    """Write one order that is open."""
    return {
        "client_order_id": order.client_order_id,
        "ticker": order.ticker,
        "side": order.side.value,
        "qty": plain(order.qty),
    }


def open_orders_from_json(raw: Any) -> tuple[OpenOrder, ...]:
    """Read the orders that are open. Raises as `order_from_json`."""
    return tuple(
        OpenOrder(
            client_order_id=_text(one["client_order_id"]),
            ticker=read_ticker(one["ticker"]),
            side=Side(_text(one["side"])),
            qty=_qty(one["qty"]),
        )
        for one in _list(raw["orders"])
    )


def executions_from_json(raw: Any) -> tuple[Execution, ...]:
    """Read a list of executions. Raises as `order_from_json`."""
    return tuple(execution_from_json(one) for one in _list(raw["executions"]))


def holdings_as_json(holdings: Holdings) -> dict[str, Any]:
    """Write what an account holds."""
    return {
        "cash": None if holdings.cash is None else plain(holdings.cash),
        "shares": {ticker: plain(qty) for ticker, qty in holdings.shares.items()},
    }


def holdings_from_json(raw: Any) -> Holdings:
    """Read what an account holds; either may be below zero. Raises as `order_from_json`."""
    shares = {
        read_ticker(ticker): read_decimal(qty, places=QTY_PLACES, signed=True, field="shares")
        for ticker, qty in dict(raw["shares"]).items()
    }
    return Holdings(cash=_or_none(raw["cash"], _signed_money), shares=shares)


def _or_none(raw: Any, read: Callable[[Any], T]) -> T | None:
    return None if raw is None else read(raw)


def _qty(raw: Any) -> Decimal:
    return read_decimal(raw, places=QTY_PLACES, field="qty")


def _money(raw: Any) -> Decimal:
    return read_decimal(raw, places=MONEY_PLACES, field="commission")


def _signed_money(raw: Any) -> Decimal:
    return read_decimal(raw, places=MONEY_PLACES, signed=True, field="cash")


def _text(raw: Any) -> str:
    is_text = isinstance(raw, str) and not isinstance(raw, JsonNumber)
    if not is_text or not 0 < len(raw) <= LONGEST_TEXT or not raw.isprintable():
        raise ValueError("it is not a line of text")
    return str(raw)


def _words(raw: Any) -> str:
    """Read text for people, which may be anything: keep what can be shown."""
    return "".join(letter for letter in str(raw)[:LONGEST_TEXT] if letter.isprintable())


def _list(raw: Any) -> list[Any]:
    if not isinstance(raw, list):
        raise TypeError("it is not a list")
    return raw


def _time(raw: Any) -> datetime:
    at = datetime.fromisoformat(_text(raw))
    if at.tzinfo is None:
        raise ValueError("a time needs a zone")
    return at
