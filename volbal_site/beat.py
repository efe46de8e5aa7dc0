"""Beat, the process that sends what is on the timetable, and how it is stopped."""

from __future__ import annotations

import signal
from types import FrameType

from celery.apps.beat import Beat
from celery.beat import Service

from volbal_site.last_call import last_call


class InterruptibleBeat(Beat):  # type: ignore[misc]
    """Beat that stops when it is told to, whatever its database is at.

    Celery's own saves the timetable from within the handler of the signal. If the signal comes while a
    statement runs, that waits for ever for the connection that it has itself interrupted.
    """

    def install_sync_handler(self, service: Service) -> None:
        """Have SIGTERM and SIGINT cut off what it is at; the service then saves the timetable and ends."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, _interrupt)


def _interrupt(number: int, frame: FrameType | None) -> None:
    last_call()
    raise KeyboardInterrupt  # the one exception for which psycopg cancels a statement
