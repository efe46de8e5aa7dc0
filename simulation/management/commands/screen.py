"""`manage.py screen TICKER --grid FIELD=FROM:TO:STEP`: many settings over one history; shows the best."""

from __future__ import annotations

import json
from typing import IO, Any, cast

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.arguments import argument
from simulation.best_settings import as_json, print_best, screen_grid
from simulation.command_line import add_run_options, order_or_usage
from simulation.grid import trial_values
from simulation.grid_line import assignments_of, grid_of
from volbal.errors import InvalidConfig, OutOfRange, VolbalError

BEST = 10


class Command(BaseCommand):
    help = "Run many settings over a ticker's history and show those that ended with most. Saves nothing."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        self.parser = parser
        add_run_options(parser)
        parser.add_argument(
            "--grid",
            dest="lines",
            action="append",
            required=True,
            metavar="FIELD=FROM:TO:STEP",
            help="values to try, like up_threshold_pct=1:10:0.5, or field=value,value; repeatable",
        )
        parser.add_argument("--best", type=argument(_count), default=BEST, help=f"how many to show ({BEST})")

    def handle(self, **options: Any) -> None:
        fixed, stdout = options["assignments"], cast(IO[str], self.stdout)
        try:
            grid = grid_of(options["lines"], fixed)
        except VolbalError as error:
            self.parser.error(error.detail)
        first = assignments_of(trial_values(grid, 0))
        order = order_or_usage(self.parser, {**options, "assignments": [*fixed, *first]})
        try:
            screening = screen_grid(order, grid, fixed, options["best"])
        except InvalidConfig as error:
            self.parser.error(error.detail)
        except VolbalError as error:
            raise CommandError(error.detail) from None
        if options["json"]:
            stdout.write(json.dumps(as_json(screening)))
        else:
            print_best(screening, stdout)


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < len(text) < 7 and int(text) > 0):
        raise OutOfRange("best: a whole number above zero.", field="best")
    return int(text)
