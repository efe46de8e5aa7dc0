"""What workers do for the live replay, for simulations and optimizations, and for how cells did."""

from __future__ import annotations

from django.utils import timezone

from accounts.background import background_task, is_stopping
from simulation.live_replay import advance
from simulation.optimizations import work_off_optimizations
from simulation.runs import work_off_simulations
from simulation.value_keeping import keep_values

# As long as it is until the timetable calls again.
GO_ON_FOR_S = 1.0


@background_task("simulation.advance_replay")
def advance_replay() -> None:
    """Play what is due of the live replay, and what comes due until the next call."""
    advance(for_s=GO_ON_FOR_S, is_over=is_stopping)


@background_task("simulation.work_off_jobs")
def work_off_jobs() -> None:
    """Make the simulations and try the settings that are waiting."""
    while not is_stopping():
        done = work_off_simulations(clock=timezone.now, is_over=is_stopping)
        if not done + work_off_optimizations(clock=timezone.now, is_over=is_stopping):
            return


@background_task("simulation.keep_values")
def keep_daily_values() -> None:
    """Keep what cells were worth day by day."""
    keep_values(is_over=is_stopping)
