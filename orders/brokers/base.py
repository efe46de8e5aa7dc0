"""What a broker must do for us. Anybody can write one: docs/brokers.md tells how it is used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Protocol, runtime_checkable

from volbal.numbers import ZERO
from volbal.order_states import OrderStatus
from volbal.values import MarketQuote, Side


class NoAnswer(OSError):
    """The answer didn't come or made no sense: what was asked for may have been done, or not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerOrder:
    """A market order for the day, as a broker sees it; `price` is the one decided on.

    Brokers of paper fill it at that price moved by `slippage_bps`, and charge `commission_rate`; real ones
    look at neither.
    """

    client_order_id: str
    ticker: str
    side: Side
    qty: Decimal
    price: Decimal
    slippage_bps: Decimal = ZERO
    commission_rate: Decimal = ZERO


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
    ticker: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerAnswer:
    """What a broker says of an order: its status and every execution so far.

    `filled_qty` is how much it says was executed in all, None if it doesn't say; without it the executions
    are taken to be complete, unless the status is `filled`.
    """

    status: OrderStatus
    executions: tuple[Execution, ...] = ()
    reason: str = ""
    filled_qty: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenOrder:
    """An order that can still be executed, ours or not; `client_order_id` as the broker has it."""

    client_order_id: str
    ticker: str
    side: Side
    qty: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdings:
    """What an account holds: shares by ticker, and dollars; None where the broker doesn't say."""

    shares: Mapping[str, Decimal]
    cash: Decimal | None = None


class Broker(Protocol):
    """One way to trade. Made once per process, without arguments; used by several threads.

    `in_process` brokers use no network and may be asked inside a transaction; the others call
    `require_no_transaction` first in every method and raise NoAnswer, or another OSError, when the answer
    didn't come or made no sense. `is_real` brokers trade real money, and only on real prices.
    `finds_by_client_id` says whether an order can be looked up by the id we gave it; `settles_in` is how long
    after a try an order may still arrive there.
    """

    name: str
    in_process: bool
    is_real: bool
    finds_by_client_id: bool
    settles_in: timedelta

    def submit(self, order: BrokerOrder, *, at: datetime) -> BrokerAnswer:
        """Send an order once; never try again by itself."""
        ...

    def cancel(self, client_order_id: str, *, at: datetime) -> BrokerAnswer | None:
        """Ask to cancel, which may be repeated; the answer tells whether it did, None as for `get`."""
        ...

    def get(self, client_order_id: str) -> BrokerAnswer | None:
        """Look an order up; None only if the broker knows for certain that it has no such order."""
        ...

    def open_orders(self) -> tuple[OpenOrder, ...]:
        """Return all orders that can still be executed."""
        ...

    def executions_since(self, since: datetime) -> tuple[Execution, ...]:
        """Return all executions at or after `since`, oldest first."""
        ...

    def holdings(self) -> Holdings | None:
        """Return what the account holds; None if the broker has no such notion."""
        ...

    def quote(self, ticker: str) -> MarketQuote | None:
        """Return the broker's own price of now; None if it has none to give."""
        ...


class Environment(StrEnum):
    """Whose money an account trades: nobody's, or its owner's."""

    PAPER = "paper"
    LIVE = "live"


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialField:
    """One thing that a login needs, as its broker calls it."""

    name: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """The way into one account. What is secret is never printed, and never leaves the broker's headers."""

    environment: Environment
    secrets: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountFacts:
    """An account's number, what time it is there, and why it may not trade ("" if it may)."""

    number: str
    clock: datetime
    why_not: str = ""


@runtime_checkable
class BrokerWithAccounts(Broker, Protocol):
    """A broker at which each tenant has an account of its own, connected on our pages.

    Made once per process without arguments it knows only its traits; `connected` makes one that trades.
    """

    environments: tuple[Environment, ...]
    credential_fields: tuple[CredentialField, ...]

    def connected(self, login: Login) -> BrokerWithAccounts:
        """Return the same for one account. Asks nothing."""
        ...

    def account(self) -> AccountFacts:
        """Return whose account it is. Raises NoAnswer, also for a login that it doesn't take."""
        ...
