"""`python -m volbal_site.web_server HOST:PORT`: the web server, a child of `manage.py up`.

One process watches WEB_PROCESSES others, which answer requests in WEB_THREADS threads each and are replaced
when they die. See docs/adr/0006.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string
from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels

from volbal_site.addresses import Address, read_address
from volbal_site.counting_together import counting_together
from volbal_site.parent_death import die_with

APPLICATION = "volbal_site.wsgi.application"
# A little less than the supervisor's, so that this end says who did not stop.
_GRACE_S = 7
_HTTP = HTTP1Settings(header_read_timeout=10_000, max_buffer_size=64 * 1024)


def serve(address: Address) -> None:
    """Serve until a signal comes. Ends with status 1 if the processes that answer can't be kept alive."""
    server = Granian(
        APPLICATION,
        address=address.host,
        port=address.port,
        interface=Interfaces.WSGI,
        workers=settings.WEB_PROCESSES,
        blocking_threads=settings.WEB_THREADS,
        blocking_threads_idle_timeout=600,
        http=HTTPModes.http1,
        http1_settings=_HTTP,
        websockets=False,
        respawn_failed_workers=True,
        workers_kill_timeout=_GRACE_S,
        log_level=LogLevels.error,
    )
    with counting_together(settings.WEB_PROCESSES):
        server.serve(target_loader=load_application)


def load_application(path: str) -> Any:
    """Return the application, in a process that is to answer with it and must not outlive its watcher."""
    watcher = multiprocessing.parent_process()
    if watcher is not None and watcher.pid is not None:
        die_with(watcher.pid, signal.SIGKILL)
    application = import_string(path)
    if settings.WORKER_EXPECTED:
        import_string("volbal_site.watching.start_watching")()  # reads models, which the application sets up
    return application


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "volbal_site.settings")
    serve(read_address(sys.argv[1]))
