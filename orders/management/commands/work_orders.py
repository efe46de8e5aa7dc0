"""`manage.py work_orders`: send waiting orders, ask about open ones, cancel, compare."""

from __future__ import annotations

import logging
import signal
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import close_old_connections

from accounts.database import require_migrated
from orders.reconcile import reconcile
from orders.work import brokers_in_use, work_off

log = logging.getLogger(__name__)

RECONCILE_EVERY_S = 300.0


class Command(BaseCommand):
    help = "Take every order that waits for a broker a step further, once or until told to stop."

    def add_arguments(self, parser: CommandParser) -> None:
        how_often = parser.add_mutually_exclusive_group(required=True)
        how_often.add_argument("--once", action="store_true", help="one scan, without comparing books first")
        how_often.add_argument("--forever", action="store_true", help="until Ctrl-C or SIGTERM")
        parser.add_argument("--every", type=float, default=1.0, help="seconds from scan to scan (default 1)")

    def handle(self, **options: Any) -> None:
        require_migrated()
        if options["once"]:
            self.stdout.write(f"{work_off()} steps.")
            return
        self._is_stopped = False
        self._compared: dict[str, float] = {}
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        while not self._is_stopped:
            self._scan()
            time.sleep(0 if self._is_stopped else options["every"])

    def _scan(self) -> None:
        """Look after every broker; while the database is away, or something else fails, the orders wait."""
        close_old_connections()
        try:
            for name in brokers_in_use():
                self._look_after(name)
        except Exception:
            log.exception("scan_failed")

    def _look_after(self, broker: str) -> None:
        """Take a broker's orders further, but not before its books were compared with ours."""
        now = time.monotonic()
        is_due = now - self._compared.get(broker, -RECONCILE_EVERY_S) >= RECONCILE_EVERY_S
        if is_due and not self._is_stopped and reconcile(broker).is_complete:
            self._compared[broker] = now
        if broker in self._compared:
            work_off(broker=broker, is_over=lambda: self._is_stopped)

    def _stop(self, *_: Any) -> None:
        self._is_stopped = True
