"""How long a worker waits for messages at once: between two waits it looks whether it is to end."""

# Kombu has some types, which contradict each other.
# mypy: disable-error-code="misc,no-any-return,no-untyped-call"

from __future__ import annotations

from typing import Any

from kombu.transport import virtual

# Celery asks for two seconds, and once more when it was told to end, which whoever stops the site waits for.
LONGEST_S = 0.2


class ShortWaits(virtual.Transport):
    """A transport that says soon that no message came; Celery then asks again."""

    def drain_events(self, connection: Any, timeout: float | None = None, **options: Any) -> Any:
        """Wait for messages. Raises TimeoutError when none came."""
        short = None if timeout is None else min(timeout, LONGEST_S)
        return super().drain_events(connection, timeout=short, **options)
