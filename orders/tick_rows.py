"""A position to which nothing happens, as its evaluation is told from tick to tick.

What follows from a row alone is worked out once: of most positions it is the same at the next tick.
"""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from orders.tick_ids import event_end
from positions.events import chain_of

# Positions remembered by one worker: two kilobytes each.
_REMEMBERED = 20_000


class QuietRow(NamedTuple):
    """A position's balances, and the texts that tell of it.

    `said` are anchor price, cash, receivable and shares again, as `plain` writes them; `buy_at` and `sell_at`
    are its nearest trades as JSON has them. `stored` and `stored_tenant` are ids as the database writes them,
    `event_end` is what its events' ids end in. Those of the same `kind` share their settings, unless one has
    its own.
    """

    pk: UUID
    tenant_id: UUID
    ticker: str
    market_provider: str
    broker: str
    qty: Decimal
    cash: Decimal
    dividend_receivable: Decimal
    anchor_price: Decimal
    said: tuple[str, str, str, str]
    buy_at: str
    sell_at: str
    stored: str
    stored_tenant: str
    tenant: str
    chain: str
    event_end: str
    kind: tuple[str, str, str, str]


@lru_cache(maxsize=_REMEMBERED)
def quiet_row(
    stored: str,
    stored_tenant: str,
    ticker: str,
    market_provider: str,
    broker: str,
    qty: Any,
    cash: Any,
    dividend_receivable: Any,
    anchor_price: Any,
    buy_at: int | None,
    sell_at: int | None,
) -> QuietRow:
    """Make the row of what the database says of a position.

    An amount is text as `plain` writes it, or the number that SQLite keeps; nearest trades are in millionths
    of a dollar.
    """
    pk, tenant_id = UUID(stored), UUID(stored_tenant)
    said = (_said(anchor_price, 6), _said(cash, 6), _said(dividend_receivable, 6), _said(qty, 8))
    return QuietRow(
        pk,
        tenant_id,
        ticker,
        market_provider,
        broker,
        Decimal(said[3]),
        Decimal(said[1]),
        Decimal(said[2]),
        Decimal(said[0]),
        said,
        _price(buy_at),
        _price(sell_at),
        stored,
        stored_tenant,
        str(tenant_id),
        chain_of(pk),
        event_end(pk),
        (stored_tenant, broker, market_provider, ticker),
    )


def _said(amount: Any, places: int) -> str:
    """Write an amount without zeros at its end. Balances are never below zero.

    Of 15 digits SQLite's number is the one that is nearest to what was written.
    """
    return amount if isinstance(amount, str) else f"{amount:.{places}f}".rstrip("0").rstrip(".")


def _price(ticks: int | None) -> str:
    """Write a price in millionths of a dollar, which is above 0, as JSON has it."""
    if ticks is None:
        return "null"
    whole, part = divmod(ticks, 1_000_000)
    return f'"{whole}.{part:06}'.rstrip("0").rstrip(".") + '"'
