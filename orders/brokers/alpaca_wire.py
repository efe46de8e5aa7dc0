"""What Alpaca's REST says, read into our values. Their statuses are one table."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Decimal
from typing import Any

from orders.brokers.base import Execution, OpenOrder
from volbal.fields import TICKER, JsonNumber, read_decimal, read_ticker
from volbal.numbers import MONEY_PLACES, PRICE_PLACES, QTY_PLACES
from volbal.order_states import OrderStatus
from volbal.values import Side

LONGEST_TEXT = 200
_NUMBER = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,15})?\Z", re.ASCII)
# All statuses that Alpaca documents. One that isn't here is `unknown`: the order is asked about again, and
# nothing is concluded. `replaced` and `pending_replace` never come of us, so whoever did it has to look.
STATUSES = {
    "new": OrderStatus.ACCEPTED,
    "pending_new": OrderStatus.ACCEPTED,
    "accepted": OrderStatus.ACCEPTED,
    "accepted_for_bidding": OrderStatus.ACCEPTED,
    "held": OrderStatus.ACCEPTED,
    "pending_review": OrderStatus.ACCEPTED,
    "stopped": OrderStatus.ACCEPTED,
    "suspended": OrderStatus.ACCEPTED,
    "calculated": OrderStatus.ACCEPTED,
    "done_for_day": OrderStatus.ACCEPTED,
    "partially_filled": OrderStatus.PARTIALLY_FILLED,
    "filled": OrderStatus.FILLED,
    "pending_cancel": OrderStatus.CANCEL_PENDING,
    "canceled": OrderStatus.CANCELLED,
    "expired": OrderStatus.EXPIRED,
    "rejected": OrderStatus.REJECTED,
    "pending_replace": OrderStatus.UNKNOWN,
    "replaced": OrderStatus.UNKNOWN,
}
SIDES = {"buy": Side.BUY, "sell": Side.SELL, "sell_short": Side.SELL}


@dataclass(frozen=True, slots=True, kw_only=True)
class TheirOrder:
    """An order as Alpaca has it; `order_id` is theirs."""

    order_id: str
    client_order_id: str
    ticker: str
    side: Side
    qty: Decimal
    filled_qty: Decimal
    status: OrderStatus
    submitted_at: datetime

    def as_open(self) -> OpenOrder:
        """Return what our side wants to know of an order that is open."""
        return OpenOrder(
            client_order_id=self.client_order_id, ticker=self.ticker, side=self.side, qty=self.qty
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TheirFill:
    """One FILL of the account's activities; its page is asked for by its id."""

    execution_id: str
    order_id: str
    ticker: str
    side: Side
    qty: Decimal
    price: Decimal
    executed_at: datetime

    def as_execution(self, client_order_id: str) -> Execution:
        """Return it as an execution of an order of ours; what it cost, Alpaca doesn't say with it."""
        return Execution(
            execution_id=self.execution_id,
            client_order_id=client_order_id,
            ticker=self.ticker,
            side=self.side,
            qty=self.qty,
            price=self.price,
            executed_at=self.executed_at,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TheirAccount:
    """An account: its number, dollars, and why it may not trade, if so."""

    number: str
    cash: Decimal
    why_not: str


def order_from_json(raw: Any) -> TheirOrder:
    """Read an order. Raises KeyError, TypeError, ValueError or VolbalError."""
    return TheirOrder(
        order_id=text(raw["id"]),
        client_order_id=text(raw["client_order_id"]),
        ticker=read_ticker(raw["symbol"]),
        side=SIDES[text(raw["side"])],
        # An order by dollars, which is never ours, has no quantity of its own.
        qty=exact_qty(raw["qty"]) if raw["qty"] is not None else exact_qty(raw["filled_qty"]),
        filled_qty=exact_qty(raw["filled_qty"]),
        status=STATUSES.get(text(raw["status"]), OrderStatus.UNKNOWN),
        submitted_at=submitted_at(raw),
    )


def submitted_at(raw: Any) -> datetime:
    """Read when an order came in there, which is also how their lists go on from page to page."""
    return moment(raw["submitted_at"] or raw["created_at"])


def fill_from_json(raw: Any) -> TheirFill:
    """Read one FILL of the account's activities. Raises as `order_from_json`."""
    return TheirFill(
        execution_id=text(raw["id"]),
        order_id=text(raw["order_id"]),
        ticker=read_ticker(raw["symbol"]),
        side=SIDES[text(raw["side"])],
        qty=exact_qty(raw["qty"]),
        price=price(raw["price"]),
        executed_at=moment(raw["transaction_time"]),
    )


def account_from_json(raw: Any) -> TheirAccount:
    """Read an account; one that isn't in dollars is refused. Raises as `order_from_json`."""
    if text(raw["currency"]) != "USD":
        raise ValueError("the account is not in US dollars")
    blocks = ("trading_blocked", "account_blocked", "trade_suspended_by_user")
    found = [name.replace("_", " ") for name in blocks if raw.get(name)]
    if text(raw["status"]) != "ACTIVE":
        found.append(f"it is {text(raw['status'])}")
    return TheirAccount(
        number=text(raw["account_number"]),
        cash=_finer(raw["cash"]).quantize(Decimal(1).scaleb(-MONEY_PLACES), ROUND_HALF_EVEN),
        why_not=", ".join(found),
    )


def holding_from_json(raw: Any) -> tuple[str, Decimal]:
    """Read what is held of a ticker, negative for a short position. Raises as `order_from_json`."""
    qty = abs(_finer(raw["qty"])).quantize(Decimal(1).scaleb(-QTY_PLACES), ROUND_DOWN)
    return read_ticker(raw["symbol"]), -qty if text(raw["side"]) == "short" else qty


def exact_qty(raw: Any) -> Decimal:
    """Read a quantity of shares, which is never rounded: one finer than the books makes no sense to us."""
    return read_decimal(_without_zeros(raw), places=QTY_PLACES, field="qty")


def price(raw: Any) -> Decimal:
    """Read a price, half-even to 6 places. Raises ValueError for none."""
    number = _finer(raw).quantize(Decimal(1).scaleb(-PRICE_PLACES), ROUND_HALF_EVEN)
    if number <= 0:
        raise ValueError("a price is above zero")
    return number


def text(raw: Any) -> str:
    """Read a word of theirs. Raises ValueError for anything but a line of text."""
    is_text = isinstance(raw, str) and not isinstance(raw, JsonNumber)
    if not is_text or not 0 < len(raw) <= LONGEST_TEXT or not raw.isprintable():
        raise ValueError("it is not a line of text")
    return str(raw)


def moment(raw: Any) -> datetime:
    """Read a time; what is finer than a microsecond is left out. Raises ValueError."""
    at = datetime.fromisoformat(text(raw))
    if at.tzinfo is None:
        raise ValueError("a time needs a zone")
    return at


def is_share(raw: Any) -> bool:
    """Say whether something is about a share; what else an account may trade is never ours."""
    return TICKER.match(text(raw["symbol"])) is not None


def _finer(raw: Any) -> Decimal:
    """Read a number that may be finer than the books keep."""
    if not isinstance(raw, str) or not _NUMBER.match(raw):
        raise ValueError("it is not a plain number")
    return Decimal(raw)


def _without_zeros(raw: Any) -> Any:
    """Take the zeros at the end of a fraction away: `1.500000000` says no more than `1.5`."""
    if not isinstance(raw, str) or "." not in raw or "e" in raw.lower():
        return raw
    return type(raw)(raw.rstrip("0").rstrip("."))
