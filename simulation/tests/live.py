"""A live replay for tests: cells on its market, and days that go by."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from accounts.transactions import unit_of_work
from market.calendar import close_of
from market.models import ReplayClock
from market.replay_clock import read_clock, set_clock
from orders.tests.scripted_broker import WallClock
from positions.models import Event, Position
from positions.tests.builders import make_position
from simulation.demo import FIRST_DAY, LAST_DAY
from simulation.live_replay import advance, drive

MOST_PASSES = 10_000


def make_clock(first: date = FIRST_DAY, last: date = LAST_DAY, pace_s: int | str = 0) -> ReplayClock:
    """Set the clock, which is as fast as it can be."""
    with unit_of_work():
        return set_clock(first_day=first, last_day=last, pace_s=Decimal(pace_s), now=WallClock()())


def make_cell(ticker: str = "IBM", anchor: int | str = "80.57", **other: Any) -> Position:
    """Open a cell at the first close, and let the replay drive it."""
    cell = make_position(
        ticker=ticker, anchor=anchor, at=close_of(FIRST_DAY), market_provider="replay", **other
    )
    clock = read_clock()
    assert clock is not None
    with unit_of_work():
        drive(cell, run=clock.run)
    return cell


def play_until(day: date) -> int:
    """Let days go by until the clock shows `day` and that has happened to all cells; return the steps."""
    steps = 0
    for _ in range(MOST_PASSES):
        clock = read_clock()
        if clock is None or clock.day >= day:
            break
        steps += advance()
    else:
        raise AssertionError(f"it never came to {day}")
    return steps


def evaluated(cell: Position) -> list[date]:
    """Return the dates of a cell's evaluations, in order."""
    events = Event.objects.filter(position=cell, type="position_evaluated").order_by("seq")
    return [ts.date() for ts in events.values_list("ts", flat=True)]
