"""Waking a worker, after a commit that leaves it something to do, sooner than its timetable would.

Only that: what is to be done stands in the database, and a nudge that is lost loses some seconds.
"""

from __future__ import annotations

from collections.abc import Callable

from django.db import transaction

# A nudge that nobody has heard for so long is no use: the timetable has sent others since. Not shorter,
# because the clocks of two machines may differ by some seconds.
NUDGE_EXPIRES_S = 30

Wake = Callable[[str], None]
_wakers: list[Wake] = []


def nudge(task: str) -> None:
    """Have a worker woken for a task once the open transaction has committed. Never fails, never waits."""
    if _wakers:
        transaction.on_commit(lambda: _wake_all(task), robust=True)


def wake_with(wake: Wake) -> None:
    """Let `wake` be called with the name of each task that is nudged. It must neither wait nor raise."""
    _wakers.append(wake)


def _wake_all(task: str) -> None:
    for wake in _wakers:
        wake(task)
