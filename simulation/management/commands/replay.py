"""`manage.py replay TICKER`: real history through the live path, bar by bar."""

from __future__ import annotations

import json
import sys
from typing import IO, Any, cast

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from accounts.database import require_migrated
from simulation.command_line import add_run_options, order_or_usage
from simulation.models import ReplayRun
from simulation.replay import (
    ReplayOrder,
    continue_replay,
    latest_replay,
    replayed_run,
    start_replay,
)
from simulation.report import as_json, result_of
from simulation.tables import print_result
from volbal.errors import VolbalError

NEXT_STEPS = """
Everything it did is in the books, and every step of it can be checked. Where to look next:

  .venv/bin/python manage.py verify_ledger      balances, orders and receivables against the journal
  .venv/bin/python manage.py verify_audit       the hash chains of events and journal, and their guards
  .venv/bin/python manage.py replay_decisions   every decision made again from what was known then
  .venv/bin/python manage.py simulate {ticker:10}the same trades from the rules alone, in a blink
  docs/strategy.md                              the rules, for an investor
"""


class Command(BaseCommand):
    help = "Trade a ticker's history through the live path: orders, paper broker, events, journal."

    def add_arguments(self, parser: CommandParser) -> None:
        self.parser = parser
        add_run_options(parser)
        parser.add_argument("--resume", action="store_true", help="go on with a replay that was cut off")

    def handle(self, **options: Any) -> None:
        require_migrated()
        order = order_or_usage(self.parser, options)
        try:
            run = self._run(order, resume=options["resume"])
        except VolbalError as error:
            raise CommandError(error.detail) from None
        result = result_of(order.history, order.start, replayed_run(run), order.settings.guardrail)
        if options["json"]:
            self.stdout.write(json.dumps(as_json(result)))
            return
        print_result(result, cast(IO[str], self.stdout))
        self.stdout.write(NEXT_STEPS.format(ticker=order.history.ticker))

    def _run(self, order: ReplayOrder, *, resume: bool) -> ReplayRun:
        run = latest_replay(order) if resume else None
        if run is None:
            run = start_replay(order)
        with _progress_bar() as bar:
            task = bar.add_task(
                f"{order.history.ticker} through the live path", total=len(order.history.bars)
            )
            continue_replay(run, order, lambda steps: bar.advance(task, steps))
        return run


def _progress_bar() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        disable=not sys.stderr.isatty(),
    )
