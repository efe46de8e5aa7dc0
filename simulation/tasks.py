"""What workers do for the live replay."""

from __future__ import annotations

from accounts.background import background_task, is_stopping
from simulation.live_replay import advance

# As long as it is until the timetable calls again.
GO_ON_FOR_S = 1.0


@background_task("simulation.advance_replay")
def advance_replay() -> None:
    """Play what is due of the live replay, and what comes due until the next call."""
    advance(for_s=GO_ON_FOR_S, is_over=is_stopping)
