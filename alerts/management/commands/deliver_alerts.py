"""`manage.py deliver_alerts`: send what waits to be sent, once or until it is told to stop."""

from __future__ import annotations

import signal
from threading import Event
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from accounts.database import require_migrated
from alerts.delivery import deliver_alerts

PAUSE_S = 2.0


class Command(BaseCommand):
    help = "Send alerts by e-mail and webhook, every two seconds until SIGTERM or Ctrl-C."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="make one round and say what it came to")

    def handle(self, **options: Any) -> None:
        require_migrated()
        if options["once"]:
            self.stdout.write(f"{deliver_alerts()} attempts to send.")
            return
        stop = Event()
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: stop.set())
        while not stop.is_set():
            # A few at a time, so that a request to stop is heard soon.
            made = deliver_alerts(limit=1)
            if not made:
                stop.wait(PAUSE_S)
