"""Two threads for a tick that records every evaluation, so that two processors share its work.

PostgreSQL: both take on chunks, as two workers would; while the server is at one's, the other makes events.
SQLite has one writer at a time: there the second carries what the first has committed from log to file.
"""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.db import connection

from accounts.beside import beside, carrying_over
from orders.tick_evaluation import ALL


def in_two_threads(work_off: Callable[[], int]) -> int:
    """Call `work_off`, in two threads at once if that is of use; return how much was done in all.

    It is of none when little is written, nor inside a transaction, which another connection can't see.
    """
    if settings.RECORD_EVALUATIONS != ALL or connection.in_atomic_block:
        return work_off()
    if connection.vendor == "sqlite":
        with carrying_over():
            return work_off()
    with beside(work_off) as other:
        done = work_off()
    return done + other.result()
