"""How many settings are run over one history: with compiled rules where there is enough to do."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec

from simulation.engine import simulate
from simulation.fold import Run
from simulation.series import Series
from simulation.setup import FillModel, Settings
from volbal.values import PositionState

Simulate = Callable[[Settings], Run]

# Bars times settings from which the second or two that the compiled rules take to load are made good.
ENOUGH_FOR_COMPILED = 3_000_000


def runner_for(series: Series, start: PositionState, fill: FillModel, trials: int) -> Simulate:
    """Return what simulates one setting; which way is chosen changes the time it takes, and nothing else."""
    if len(series) * trials >= ENOUGH_FOR_COMPILED and find_spec("numba") is not None:
        from simulation.compiled import CompiledSeries, simulate_compiled  # takes a second

        laid_out = CompiledSeries(series)
        return lambda settings: simulate_compiled(laid_out, start, settings, fill)
    return lambda settings: simulate(series.history, start, settings, fill, series=series)
