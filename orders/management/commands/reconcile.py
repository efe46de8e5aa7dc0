"""`manage.py reconcile`: do the brokers' books and ours agree?"""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.database import require_migrated
from orders.differences import open_differences
from orders.reconcile import Reconciliation, reconcile
from orders.work import brokers_in_use
from volbal.errors import VolbalError


class Command(BaseCommand):
    help = (
        "Ask brokers for their orders, executions and holdings and compare them with ours. Repairs nothing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--broker", help="only this one; without it every broker of a position")

    def handle(self, **options: Any) -> None:
        require_migrated()
        names = [options["broker"]] if options["broker"] else brokers_in_use()
        try:
            done = [reconcile(name) for name in names]
        except VolbalError as error:
            raise CommandError(error.detail) from None
        for one in done:
            self.stdout.write(_sentence(one))
        for difference in open_differences():
            self.stdout.write(f"{difference.found_at:%Y-%m-%d %H:%M} UTC  {difference}  {difference.facts}")
        if any(one.unanswered or one.open_differences for one in done):
            raise CommandError("Not everything agrees, or not everything was answered.")


def _sentence(done: Reconciliation) -> str:
    silence = f"no answer about {', '.join(done.unanswered)}; " if done.unanswered else ""
    return f"{done.broker}: {silence}{done.open_differences or 'no'} differences."
