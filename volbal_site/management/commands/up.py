"""`manage.py up`: everything that runs, until Ctrl-C."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections
from django.utils import timezone

from market.providers.replay import ReplayProvider
from orders.real_money import unreal_data_faults
from positions.guards import missing_guards
from simulation.demo import HOW_TO_RESTART, NAME, start_demo
from simulation.live_replay import replay_state
from volbal.errors import VolbalError
from volbal_site.addresses import Address, CannotListen, is_answered, read_address, require_free
from volbal_site.collecting import COLLECTED, collect_static
from volbal_site.secret_key import refuse_weak_production
from volbal_site.supervisor import Child, Supervisor

CELERY = ("-m", "celery", "--quiet", "-A", "volbal_site")
# Workers needn't know of each other.
WORKER_OPTIONS = ("--without-gossip", "--without-mingle", "--without-heartbeat")


class Command(BaseCommand):
    help = "Bring the database up to date, check it, and run the site until Ctrl-C."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--bind",
            type=read_address,
            default=settings.BIND,
            metavar="HOST:PORT",
            help=f"where to listen ({settings.BIND})",
        )
        parser.add_argument(
            "--demo", action="store_true", help="begin the demo, or go on with it, and say how to log in"
        )

    def handle(self, *, bind: Address, demo: bool, **options: Any) -> None:
        try:
            refuse_weak_production(
                given_key=settings.GIVEN_SECRET_KEY, embedded=settings.IS_SQLITE, debug=settings.DEBUG
            )
            require_free(bind)
            self._prepare_database()
            collect_static()
            if demo:
                self._prepare_demo()
        except (ImproperlyConfigured, CannotListen) as error:
            raise CommandError(str(error)) from None
        except subprocess.CalledProcessError as error:
            raise CommandError(f"The static files can't be collected: {error}") from None
        except VolbalError as error:
            raise CommandError(error.detail) from None
        except DatabaseError as error:
            raise CommandError(f"The database can't be used: {error}".strip()) from None
        connections.close_all()
        where = f"Volatility Balancing is at http://{bind}/ (Ctrl-C stops it)"
        sys.exit(Supervisor(children_at(bind), self._say, when_ready=where).run())

    def _prepare_database(self) -> None:
        """Migrate, which installs the guards of history too, and check."""
        call_command("migrate", verbosity=0)
        self.check(databases=[DEFAULT_DB_ALIAS])
        for table, trigger in missing_guards():
            raise CommandError(f"Table {table} lacks its guard {trigger}, and migrate can't install it.")
        for fault in unreal_data_faults():
            raise CommandError(f"Nothing is traded for real like this: {fault}.")

    def _prepare_demo(self) -> None:
        """Begin the demo or let it go on; new cells follow its replay, unless the settings say otherwise."""
        os.environ.setdefault("MARKET_PROVIDER", ReplayProvider.name)
        password = start_demo(now=timezone.now())
        if password is not None:
            self._say(f"Log in as {NAME} with the password {password}")
        else:
            self._say(f"Log in as {NAME} with the password that was shown at the first start.")
        self._say("(manage.py demo --new-password makes another; it is kept nowhere.)")
        state = replay_state()
        if state is not None:
            self._say(state.in_words() + (f" {HOW_TO_RESTART}" if state.is_finished else ""))

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()


def children_at(bind: Address) -> list[Child]:
    """Return what runs: the web server, the worker, and beat, which sends what is on the timetable."""
    paths = [str(settings.BASE_DIR), os.environ.get("PYTHONPATH", "")]
    found = {
        "PYTHONPATH": os.pathsep.join(filter(None, paths)),
        "BIND": str(bind),
        "WORKER_EXPECTED": "true",
    }
    web = Child(
        name="web",
        arguments=("-m", "volbal_site.web_server", str(bind)),
        environment={**found, **COLLECTED, "BIND": str(bind)},
        is_ready=lambda: is_answered(bind),
    )
    worker = Child(name="worker", arguments=(*CELERY, "worker", *WORKER_OPTIONS), environment=found)
    beat = Child(name="beat", arguments=(*CELERY, "beat", "--pidfile="), environment=found)
    return [web, worker, beat]
