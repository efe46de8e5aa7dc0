"""A thread of the web server that notices when no worker is heard of, and tells of it."""

from __future__ import annotations

import time
from threading import Thread

import structlog
from django.conf import settings
from django.db import connection

from alerts.watch import watch_worker

log = structlog.stdlib.get_logger(__name__)


def start_watching() -> None:
    """Begin to watch in the background, once a worker that starts now has had its time."""
    Thread(target=_watch, name="watch", daemon=True).start()


def _watch() -> None:
    time.sleep(settings.WORKER_SILENT_S)
    while True:
        look()
        time.sleep(settings.WORKER_SILENT_S / 3)


def look() -> None:
    """Look once, and keep no connection; a database that is away is somebody else's to notice."""
    try:
        watch_worker()
    except Exception as error:
        log.warning("worker_not_watched", error=repr(error)[:300])
    finally:
        connection.close()
