"""Leaving a broker alone that fails again and again."""

from __future__ import annotations

from time import monotonic

MOST_ERRORS = 5


class Breaker:
    """Counts errors in a row; after five it is open for a while. Kept by each process for itself."""

    def __init__(self, pause_s: float) -> None:
        self._pause_s = pause_s
        self._errors = 0
        self._open_until = 0.0

    def is_open(self) -> bool:
        """Whether the broker is to be left alone now."""
        return monotonic() < self._open_until

    def failed(self) -> None:
        """Count an error; from the fifth in a row on, each one starts a pause."""
        self._errors += 1
        if self._errors >= MOST_ERRORS:
            self._open_until = monotonic() + self._pause_s

    def answered(self) -> None:
        """Forget the errors."""
        self._errors = 0
