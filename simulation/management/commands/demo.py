"""`manage.py demo`: where the demo is, and what can be done about it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts.database import require_migrated
from accounts.transactions import unit_of_work
from market.replay_clock import change_pace, let_run
from simulation.demo import HOW_TO_RESTART, NAME, renew_password, require_demo, restart_demo
from simulation.live_replay import replay_state
from volbal.errors import VolbalError
from volbal.fields import read_decimal


class Command(BaseCommand):
    help = "Say where the demo is; start it anew, stop it, or give its user a new password."

    def add_arguments(self, parser: CommandParser) -> None:
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--restart", action="store_true", help="begin again, with new cells")
        what.add_argument("--new-password", action="store_true", help="print a new password of the user demo")
        what.add_argument("--stop", action="store_true", help="let the replay stand still")
        what.add_argument("--go-on", action="store_true", help="let it run again")
        what.add_argument("--pace", metavar="SECONDS", help="seconds a trading day; 0 is as fast as it can")

    def handle(self, **options: Any) -> None:
        require_migrated()
        try:
            require_demo()
            self._act(options)
        except VolbalError as error:
            raise CommandError(error.detail) from None
        state = replay_state()
        if state is not None:
            self.stdout.write(state.in_words())
            if state.is_finished:
                self.stdout.write(HOW_TO_RESTART)

    def _act(self, options: dict[str, Any]) -> None:
        now = timezone.now()
        if options["restart"]:
            restart_demo(now=now)
        elif options["new_password"]:
            self.stdout.write(f"The login name is {NAME}, the password is now {renew_password()}")
        elif options["pace"] is not None:
            self._change_pace(read_decimal(options["pace"], places=3, field="pace"))
        elif options["stop"] or options["go_on"]:
            with unit_of_work():
                let_run(options["go_on"], now=now)

    def _change_pace(self, pace_s: Decimal) -> None:
        with unit_of_work():
            change_pace(pace_s, now=timezone.now())
