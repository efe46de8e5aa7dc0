"""Many settings on one history, when only where each run ended counts and none of its trades.

What comes out is what `engine.simulate` would say, to the last digit, whichever way it is found.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from importlib.util import find_spec
from typing import NamedTuple

from simulation.engine import simulate
from simulation.fold import Run
from simulation.series import Series
from simulation.setup import FillModel, Settings
from volbal.values import PositionState

# Bars times settings from which compiled rules are quicker, though they take a second or two to load.
ENOUGH_TO_LOAD = 1_000_000


class Screened(NamedTuple):
    """Where a run ended: how many trades it made, the cell, and net dividends paid, in dollars."""

    trades: int
    final: PositionState
    dividends_received: Decimal


Screen = Callable[[Settings], Screened]


def screener_for(series: Series, start: PositionState, fill: FillModel, trials: int) -> Screen:
    """Return what screens one setting; which way is chosen changes the time it takes, and nothing else.

    It raises OutOfRange where the books could not keep the balances.
    """
    if fill is FillModel.CLOSE and len(series) * trials >= ENOUGH_TO_LOAD and find_spec("numba") is not None:
        from simulation.compiled_screening import CompiledScreen  # takes a second

        return CompiledScreen(series, start)
    return lambda settings: screened(simulate(series.history, start, settings, fill, series=series))


def screened(run: Run) -> Screened:
    """Keep of a run where it ended."""
    return Screened(len(run.trades), run.final, run.dividends_received)
