"""Checks of orders against trades, and of reservations against positions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from orders.models import Order
from positions.models import CauseKind, JournalEntry, Position
from volbal.fills import average_price
from volbal.numbers import ZERO, plain


def order_faults() -> Iterator[str]:
    """Yield a sentence for every order that its trades don't explain, and every trade without a booking."""
    booked = set(JournalEntry.objects.filter(cause_kind=CauseKind.TRADE).values_list("cause_id", flat=True))
    for order in Order.objects.prefetch_related("trades").iterator(chunk_size=1000):
        trades = list(order.trades.all())
        sums = (
            sum((t.qty for t in trades), ZERO),
            sum((t.notional for t in trades), ZERO),
            sum((t.commission for t in trades), ZERO),
            average_price((t.qty, t.price) for t in trades),
        )
        if sums != (order.filled_qty, order.filled_notional, order.commission, order.avg_fill_price):
            yield f"Order {order.pk}: what it says was filled is not what its trades add up to."
        for trade in trades:
            if str(trade.pk) not in booked:
                yield f"Trade {trade.pk}: it is not in the journal."


def reservation_faults() -> Iterator[str]:
    """Yield a sentence for every position that reserves something other than its open orders hold."""
    held: dict[Any, tuple[Decimal, Decimal]] = defaultdict(lambda: (ZERO, ZERO))
    for order in Order.objects.open():
        cash, qty = held[order.position_id]
        held[order.position_id] = (cash + order.reserved_cash, qty + order.reserved_qty)
    for position in Position.objects.in_ledger_order():
        cash, qty = held[position.pk]
        if (cash, qty) != (position.reserved_cash, position.reserved_qty):
            yield (
                f"Position {position.pk} ({position}): it reserves {plain(position.reserved_cash)} and "
                f"{plain(position.reserved_qty)} shares, its open orders {plain(cash)} and {plain(qty)}."
            )
