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
from volbal.still_prices import StillPrices, still_prices

# Below this many bars a plain loop is done before numpy is imported.
ENOUGH_FOR_NUMPY = 50_000
_FIRST_CHUNK = 256
_LARGEST_CHUNK = 1 << 16


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


class PlainFinder:
    """Goes from one price to the next."""

    def __init__(self, floats: Sequence[float], rules: kernel.Rules, strategy: str) -> None:
        self._floats = floats
        self._rules = float_rules(rules)
        self._proportional = is_proportional(strategy)

    def next_bar(self, cell: kernel.Cell, first: int, stop: int) -> int:
        buy_at, sell_at = still_around(cell, self._rules, self._proportional)
        for number, price in enumerate(self._floats[first:stop], first):
            if price <= buy_at or price >= sell_at:
                return number
        return stop


def still_around(cell: kernel.Cell, rules: kernel.Rules, proportional: bool) -> StillPrices:
    """Return the still prices of an exact cell."""
    return still_prices(float_cell(cell), rules, proportional)


def float_cell(cell: kernel.Cell) -> kernel.Cell:
    """Return a cell in floats."""
    anchor, qty, cash, receivable = cell
    return kernel.Cell(float(anchor), float(qty), float(cash), float(receivable))


def float_rules(rules: kernel.Rules) -> kernel.Rules:
    """Return the rules in floats."""
    *numbers, below_min = rules
    return kernel.Rules(*map(float, numbers), below_min)


def is_proportional(strategy: str) -> bool:
    """Say whether the size of a trade grows with the distance as `still_prices` solves it."""
    return strategy_named(strategy).__name__ == "proportional"
