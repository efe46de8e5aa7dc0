"""What doing nothing would have come to: the yardstick of every run."""

from __future__ import annotations

from collections.abc import Callable

from market.values import DayBar, History
from simulation.actions import Actions
from volbal.values import PositionState


def hold(
    history: History,
    start: PositionState,
    seen: Callable[[DayBar, PositionState], None] | None = None,
) -> PositionState:
    """Return the cell at the last bar if it had never traded: splits and net dividends included.

    `seen` is told the state after each bar.
    """
    actions, state = Actions(history), start
    for bar in history.bars:
        state = actions.begin_day(state, bar.date)
        if seen is not None:
            seen(bar, state)
    return state
