"""Where the next bar is at which something may be traded.

A finder looks at prices only: it may name a bar at which the rules then refuse, and never passes one over at
which they would trade. Which one is used changes the time that a run takes, and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Protocol

from simulation.quick_bound import QuickBound
from simulation.series import Series
from volbal import kernel
from volbal.sizing import strategy_named
from volbal.still_prices import still_prices

# Below this many bars a plain loop is done before numpy is imported.
ENOUGH_FOR_NUMPY = 50_000


class Finder(Protocol):
    """Finds in one series, for one set of rules."""

    def next_bar(self, cell: kernel.Cell, first: int, stop: int) -> int:
        """Return the first bar from `first` on at which the cell may trade; `stop` if none is before it."""


FinderMaker = Callable[[Series, kernel.Rules, str], Finder]


def usual_finder(series: Series, rules: kernel.Rules, strategy: str) -> Finder:
    """Return what suits a single run: a plain loop, for very many bars numpy."""
    if len(series) < ENOUGH_FOR_NUMPY:
        return PlainFinder(series, rules, strategy)
    from simulation.chunks import ChunkFinder  # numpy costs a tenth of a second

    return ChunkFinder(series, rules, strategy)


class EveryBar:
    """Passes nothing over: the plain way, which the others are held against."""

    def next_bar(self, cell: kernel.Cell, first: int, stop: int) -> int:
        return first


class Outlook:
    """Tells between which prices a cell surely doesn't trade.

    Asked about a cell for the first time it answers with the quick bound. Asked again, about the very same
    cell, something has been refused (a minimum, a cap): then the bound that knows of these is worth its time.
    """

    def __init__(self, rules: kernel.Rules, strategy: str) -> None:
        self._rules = float_rules(rules)
        self._quick = QuickBound(rules)
        self._proportional = is_proportional(strategy)
        self._cell: kernel.Cell | None = None
        self._still: tuple[Decimal, Decimal] | None = None

    def still_prices(self, cell: kernel.Cell) -> tuple[Decimal, Decimal]:
        """Return (the price down to which, the price up to which) an exact cell is still."""
        if cell is not self._cell:
            self._cell, self._still = cell, None
            return self._quick.prices(cell)
        if self._still is None:
            still = still_prices(float_cell(cell), self._rules, self._proportional)
            self._still = Decimal(still.buy_at), Decimal(still.sell_at)
        return self._still


class PlainFinder:
    """Goes from one price to the next, in decimals: to make a float of a bound takes longer."""

    def __init__(self, series: Series, rules: kernel.Rules, strategy: str) -> None:
        self._closes = series.closes
        self._outlook = Outlook(rules, strategy)

    def next_bar(self, cell: kernel.Cell, first: int, stop: int) -> int:
        buy_at, sell_at = self._outlook.still_prices(cell)
        closes = self._closes
        for number in range(first, stop):
            if not buy_at < closes[number] < sell_at:
                return number
        return stop


def float_cell(cell: kernel.Cell) -> kernel.Cell:
    """Return a cell in floats."""
    return kernel.Cell(*map(float, cell))


def float_rules(rules: kernel.Rules) -> kernel.Rules:
    """Return the rules in floats."""
    *numbers, below_min, has_caps = rules
    return kernel.Rules._make([*map(float, numbers), below_min, has_caps])


def is_proportional(strategy: str) -> bool:
    """Say whether the size of a trade grows with the distance as `still_prices` solves it."""
    return strategy_named(strategy).__name__ == "proportional"
