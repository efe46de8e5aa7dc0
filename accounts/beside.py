"""Work in a second thread while this one goes on, for the few who write so much that two processors help."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from threading import Event
from typing import TypeVar

from django.db import DatabaseError, connection

T = TypeVar("T")

log = logging.getLogger(__name__)

# How often what was committed is looked for. Oftener, and the disk that commits wait for has more to do.
_LOOK_EVERY_S = 0.12


@contextmanager
def beside(work: Callable[[], T]) -> Iterator[Future[T]]:
    """Run `work` in a thread with a database connection of its own while the block runs, and wait for it.

    Whoever wants to know what became of it asks for its result, which raises what it raised.
    """

    def run() -> T:
        try:
            return work()
        finally:
            connection.close()

    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="beside") as thread:
        yield thread.submit(copy_context().run, run)


@contextmanager
def carrying_over() -> Iterator[None]:
    """While the block commits much, have a second thread carry it from SQLite's log into its file.

    Otherwise a commit does so itself, by the thousand pages, and whoever commits waits for it. What is
    promised of a commit stays as it is: it is in the log, and on the disk, when it returns.
    """
    over = Event()
    with connection.cursor() as cursor:
        limit = cursor.execute("PRAGMA wal_autocheckpoint").fetchone()[0]
        cursor.execute("PRAGMA wal_autocheckpoint = 0")
    try:
        with beside(lambda: _carry_over_until(over)):
            try:
                yield
            finally:
                over.set()
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA wal_autocheckpoint = {int(limit)}")


def _carry_over_until(over: Event) -> None:
    """Carry over again and again, and once more at the end. Who reads or writes waits for none of it."""
    is_last = False
    while not is_last:
        is_last = over.wait(_LOOK_EVERY_S)
        try:
            with connection.cursor() as cursor:
                cursor.execute("PRAGMA wal_checkpoint(PASSIVE)")
        except DatabaseError:
            log.exception("not_carried_over")  # the next commit does it instead
