"""Database connections that end with the thread they belong to."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class _ClosesAtItsEnd:
    """Belongs to one thread, and closes that thread's connection when the thread is no more."""

    def __init__(self, kept: BaseDatabaseWrapper) -> None:
        self._kept = kept

    def __del__(self) -> None:
        self._kept.close()


def closing_with_their_threads(application: Application) -> Application:
    """Wrap the WSGI application so that a thread of the web server takes its connection along when it ends.

    A thread keeps its connection from request to request. The web server ends threads that idle and starts
    new ones when they are needed; what the ended ones held would be open until Python looks for garbage.
    """
    own = threading.local()

    def closing(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if not hasattr(own, "closes"):
            own.closes = _ClosesAtItsEnd(connections[DEFAULT_DB_ALIAS])
        return application(environ, start_response)

    return closing
