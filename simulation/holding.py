"""What doing nothing would have come to: the yardstick of every run."""

from __future__ import annotations

from market.values import History
from simulation.actions import Actions
from volbal.values import PositionState


def hold(history: History, start: PositionState) -> PositionState:
    """Return the cell at the last bar if it had never traded: splits and net dividends included."""
    actions, state = Actions(history), start
    for bar in history.bars:
        state = actions.begin_day(state, bar.date)
    return state
