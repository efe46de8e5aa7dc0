"""Tasks that workers run in the background: thin, with ids alone as arguments, and safe to run twice.

The message that starts one is only a nudge. What there is to do stands in the database, so a message may be
lost, late, or delivered five times.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from threading import Lock
from typing import Any

from celery import shared_task
from celery.worker import state


def background_task(name: str) -> Callable[[Callable[..., object]], Any]:
    """Make a function a task of this name, which a process runs once at a time for the same arguments.

    Who is called meanwhile leaves word, and the one who is at it begins again: a broker that takes ten
    seconds for an answer must not take up every thread that there is. It is thrift; what keeps workers
    apart is in the database.
    """
    return lambda function: shared_task(name=name)(_one_at_a_time(function))


def is_stopping() -> bool:
    """Whether this worker was asked to stop: what is long asks between two steps."""
    return state.should_stop is not None or state.should_terminate is not None


def _one_at_a_time(function: Callable[..., object]) -> Callable[..., None]:
    lock, running, called_again = Lock(), set[tuple[str, ...]](), set[tuple[str, ...]]()

    def begins(arguments: tuple[str, ...]) -> bool:
        with lock:
            (called_again if arguments in running else running).add(arguments)
            return arguments not in called_again

    def goes_on(arguments: tuple[str, ...]) -> bool:
        with lock:
            was_called = arguments in called_again and not is_stopping()
            called_again.discard(arguments)
            if not was_called:
                running.discard(arguments)
            return was_called

    @wraps(function)
    def run(*arguments: str) -> None:
        if not begins(arguments):
            return
        try:
            function(*arguments)
            while goes_on(arguments):
                function(*arguments)
        except BaseException:
            with lock:
                running.discard(arguments)
                called_again.discard(arguments)
            raise

    return run
