"""Looking after the brokers over the network, in a process that runs for long."""

from __future__ import annotations

from collections.abc import Callable

from orders.reconcile import reconcile
from orders.work import work_off

# Brokers whose books were compared with ours since this process began.
_compared: set[str] = set()


def compare_books(broker: str) -> bool:
    """Compare a broker's books with ours; return whether every question was answered. Opens its own units."""
    is_complete = reconcile(broker).is_complete
    if is_complete:
        _compared.add(broker)
    return is_complete


def take_orders_further(broker: str, *, is_over: Callable[[], bool] = lambda: False) -> int:
    """Take a broker's waiting orders one step further; return how many were. Opens its own units.

    Nothing is sent before this process has seen the broker's books and ours compared: the one before it may
    have died between sending and writing down.
    """
    if broker not in _compared and not compare_books(broker):
        return 0
    return work_off(broker=broker, is_over=is_over)
