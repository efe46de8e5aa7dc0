"""The last call: a process that was told to stop ends in time, whatever it is at."""

from __future__ import annotations

import signal

# A little less than the supervisor waits, so that this end says who did not stop.
DRAIN_S = 7


def last_call() -> None:
    """Have the kernel end this process in DRAIN_S seconds: all of its work stands being cut off."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(DRAIN_S)
