"""Real threads with connections of their own, let go at the same moment."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from django.db import connection

from volbal.errors import VolbalError


def at_once(calls: Sequence[Callable[[], object]]) -> list[object]:
    """Run every call in a thread of its own, together; return results in order, a refusal as its error."""
    start = Barrier(len(calls))

    def run(call: Callable[[], object]) -> object:
        try:
            connection.ensure_connection()
            start.wait(timeout=30)
            return call()
        except VolbalError as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(max_workers=len(calls)) as pool:
        return list(pool.map(run, calls))


def refusals(results: Sequence[object]) -> list[str]:
    """Return the codes of what was refused."""
    return sorted(result.code for result in results if isinstance(result, VolbalError))
