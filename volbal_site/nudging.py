"""Sending nudges to workers from a thread of its own, so that whoever nudges neither waits nor fails."""

from __future__ import annotations

import os
from threading import Condition, Thread

import structlog

from accounts.nudges import NUDGE_EXPIRES_S, wake_with
from volbal_site.celery import app

log = structlog.stdlib.get_logger(__name__)


class Waker:
    """Sends the name of each task that is nudged; those that come while it sends are sent once."""

    def __init__(self) -> None:
        self._waiting: set[str] = set()
        self._changed = Condition()
        self._thread: tuple[int, Thread] | None = None
        self._is_away = False

    def __call__(self, task: str) -> None:
        """Have `task` sent soon."""
        with self._changed:
            self._waiting.add(task)
            self._changed.notify()
            self._start_in_this_process()

    def _start_in_this_process(self) -> None:
        if self._thread is None or self._thread[0] != os.getpid():
            thread = Thread(target=self._run, name="nudges", daemon=True)
            self._thread = os.getpid(), thread
            thread.start()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting)
                tasks, self._waiting = self._waiting, set()
            for task in sorted(tasks):
                self._send(task)

    def _send(self, task: str) -> None:
        """Send one, and say once if that can't be done: the timetable sends the same soon."""
        try:
            app.send_task(task, expires=NUDGE_EXPIRES_S, retry=False)
        except Exception as error:
            if not self._is_away:
                log.warning("nudges_not_sent", error=repr(error)[:300])
            self._is_away = True
        else:
            self._is_away = False


def wake_workers() -> None:
    """Let nudges of this process reach workers."""
    wake_with(Waker())
