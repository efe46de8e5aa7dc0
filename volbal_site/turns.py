"""Requests of one process take turns, so that they don't slow each other down.

Python runs one thread at a time. With sixteen at work each request is interrupted again and again, and all of
them are answered late; a few at a time, in the order in which they came, are answered as quickly as can be.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.conf import settings

from accounts.fair_lock import FairLock

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

# Whoever has waited so long goes on out of turn: those at work may be waiting for a lock in the database.
PATIENCE_S = 0.1


def in_turn(application: Application) -> Application:
    """Wrap the WSGI application so that WEB_AT_ONCE requests are worked on at a time.

    What is sent piece by piece after the application has returned (exports) takes no turn.
    """
    turns = FairLock(PATIENCE_S, places=settings.WEB_AT_ONCE)

    def taking_turns(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        with turns.turn():
            return application(environ, start_response)

    return taking_turns
