"""Where the next bar is at which something may be traded.

A finder looks at prices only: it may name a bar at which the rules then refuse, and never passes one over at
which they would trade. Which one is used changes the time that a run takes, and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from simulation.series import Series
from volbal import kernel
from volbal.sizing import strategy_named
from volbal.still_prices import StillPrices, quiet_prices, still_prices

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
        return PlainFinder(series.floats, rules, strategy)
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
        self._proportional = is_proportional(strategy)
        self._cell: kernel.Cell | None = None
        self._still: StillPrices | None = None

    def still_prices(self, cell: kernel.Cell) -> StillPrices:
        """Return the still prices of an exact cell."""
        if cell is not self._cell:
            self._cell, self._still = cell, None
            return quiet_prices(float_cell(cell), self._rules)
        if self._still is None:
            self._still = still_prices(float_cell(cell), self._rules, self._proportional)
        return self._still


class PlainFinder:
    """Goes from one price to the next."""

    def __init__(self, floats: Sequence[float], rules: kernel.Rules, strategy: str) -> None:
        self._floats = floats
        self._outlook = Outlook(rules, strategy)

    def next_bar(self, cell: kernel.Cell, first: int, stop: int) -> int:
        buy_at, sell_at = self._outlook.still_prices(cell)
        floats = self._floats
        for number in range(first, stop):
            if not buy_at < floats[number] < sell_at:
                return number
        return stop


def float_cell(cell: kernel.Cell) -> kernel.Cell:
    """Return a cell in floats."""
    return kernel.Cell(*map(float, cell))


def float_rules(rules: kernel.Rules) -> kernel.Rules:
    """Return the rules in floats."""
    *numbers, below_min = rules
    return kernel.Rules._make([*map(float, numbers), below_min])


def is_proportional(strategy: str) -> bool:
    """Say whether the size of a trade grows with the distance as `still_prices` solves it."""
    return strategy_named(strategy).__name__ == "proportional"
