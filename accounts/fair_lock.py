"""A lock that threads get in the order in which they asked, for politeness alone."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager


class FairLock:
    """Lets one thread at a time through, or as many as there are places, first come, first served.

    Whoever waits longer than `patience_s` goes on without it, and a thread that has it goes through again: it
    may decide on the order of things and never on whether they are right.
    """

    def __init__(self, patience_s: float, *, places: int = 1) -> None:
        self._patience_s = patience_s
        self._mutex = threading.Lock()
        self._waiting: deque[threading.Lock] = deque()
        self._free = places
        self._mine = threading.local()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for the turn and run the block."""
        if getattr(self._mine, "held", False) or not self._wait():
            yield
            return
        self._mine.held = True
        try:
            yield
        finally:
            self._mine.held = False
            self._pass_on()

    def _wait(self) -> bool:
        """Say whether it is this thread's turn; False after waiting in vain."""
        with self._mutex:
            if self._free:
                self._free -= 1
                return True
            bell = threading.Lock()
            bell.acquire()
            self._waiting.append(bell)
        if bell.acquire(timeout=self._patience_s):
            return True
        with self._mutex:
            if bell in self._waiting:
                self._waiting.remove(bell)
                return False
        return True  # it rang while we were giving up

    def _pass_on(self) -> None:
        with self._mutex:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._free += 1
