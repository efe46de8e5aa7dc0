"""When trading must stop by itself: values in, a sentence or None out. See docs/strategy.md, "Breakers"."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from volbal.fills import deltas_of
from volbal.numbers import ZERO, in_exact_context, plain, to_six
from volbal.values import Fill, PositionState, Side


@dataclass(frozen=True, slots=True, kw_only=True)
class Frequency:
    """`count` times within `minutes`; a count of 0 is never."""

    count: int
    minutes: int

    def is_reached(self, times: Iterable[datetime], at: datetime) -> bool:
        """Whether so many of `times` lie within the minutes up to `at`; exactly as long ago counts too."""
        begins = at - timedelta(minutes=self.minutes)
        return 0 < self.count <= sum(1 for time in times if begins <= time <= at)

    def __str__(self) -> str:
        return f"{self.count} within {self.minutes} minutes"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedOrder:
    """An order as the breaker sees it: which way, how many shares, when."""

    side: Side
    qty: Decimal
    at: datetime


def repeated_orders(orders: Sequence[PlacedOrder], limit: Frequency) -> str | None:
    """Say why to stop if the last order's side and size came too often; `orders` are oldest first."""
    if not orders:
        return None
    last = orders[-1]
    alike = [order.at for order in orders if (order.side, order.qty) == (last.side, last.qty)]
    if not limit.is_reached(alike, last.at):
        return None
    return f"the same order again and again ({last.side} {plain(last.qty)}, {limit})"


def too_many_errors(what: str, times: Iterable[datetime], limit: Frequency, at: datetime) -> str | None:
    """Say why to stop if errors came too often up to `at`."""
    return f"too many {what} ({limit})" if limit.is_reached(times, at) else None


@in_exact_context
def lost_by_trading(fills: Iterable[Fill], price: Decimal) -> Decimal:
    """Return the dollars that some fills, commissions included, have cost by now against not having traded.

    Below zero they have gained.
    """
    lost = ZERO
    for fill in fills:
        qty_delta, cash_delta = deltas_of(fill)
        lost -= qty_delta * price + cash_delta
    return to_six(lost)


@in_exact_context
def day_loss(state: PositionState, fills: Iterable[Fill], price: Decimal, limit_pct: Decimal) -> str | None:
    """Say why to stop buying if the day's fills have cost `limit_pct` percent of what holding would be worth.

    A limit of 0 is none.
    """
    lost = lost_by_trading(fills, price)
    held = state.qty * price + state.get_effective_cash() + lost
    if limit_pct <= 0 or lost <= 0 or 100 * lost < limit_pct * held:
        return None
    return (
        f"today's trading has lost {plain(lost)} against holding, "
        f"{plain(limit_pct)} % of {plain(to_six(held))} or more"
    )
