"""What must be well before money is traded: one check a line, for `/v1/readyz`."""

from __future__ import annotations

import functools
import secrets
from collections.abc import Callable

import structlog
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.utils import timezone

from alerts.pulses import worker_silence
from positions.guards import missing_guards

log = structlog.stdlib.get_logger(__name__)

# Says what is wrong in a few words for everybody to read, or None.
Check = Callable[[], str | None]


def database() -> str | None:
    """Ask for one row."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return None


def cache_works() -> str | None:
    """Write and read back, under a name of this call's own; what stands in for Redis doesn't count."""
    name, store = f"readyz:{secrets.token_hex(8)}", getattr(cache, "shared", cache)
    store.set(name, "ok", timeout=10)
    return None if store.get(name) == "ok" else "doesn't keep what it is given"


def guards() -> str | None:
    """Compare the triggers that defend history with the catalogue."""
    missing = missing_guards()
    return f"{len(missing)} triggers that defend history are missing" if missing else None


def migrations() -> str | None:
    """Compare the newest migrations of the program with those that were applied."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT app, name FROM django_migrations")
        pending = _newest_migrations().difference(cursor.fetchall())
    return f"{len(pending)} apps wait for manage.py migrate" if pending else None


def worker() -> str | None:
    """Ask when a worker last said that it is there, where one is expected."""
    return worker_silence(timezone.now()) if settings.WORKER_EXPECTED else None


CHECKS: dict[str, Check] = {
    "database": database,
    "cache": cache_works,
    "guards": guards,
    "migrations": migrations,
    "worker": worker,
}


def faults() -> dict[str, str]:
    """Run every check; return what fails, by name. A check that raises has failed."""
    found = {name: fault for name, fault in outcomes().items() if fault}
    if found:
        log.warning("not_ready", **found)
    return found


def outcomes() -> dict[str, str | None]:
    """Run every check; return what is wrong by its name, None where nothing is."""
    return {name: _outcome(name, check) for name, check in CHECKS.items()}


def _outcome(name: str, check: Check) -> str | None:
    try:
        return check()
    except Exception as error:  # whatever it is, it is not ready
        log.warning("readiness_check_failed", check=name, error=repr(error)[:300])
        return "can't be asked"


@functools.cache
def _newest_migrations() -> frozenset[tuple[str, str]]:
    """Return each app's last migration in this program, which doesn't change while it runs."""
    return frozenset(MigrationLoader(None).graph.leaf_nodes())
