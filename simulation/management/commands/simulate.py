"""`manage.py simulate TICKER`: the rules folded over history, without touching the books."""

from __future__ import annotations

import json
from typing import IO, Any, cast

from django.core.management.base import BaseCommand, CommandError, CommandParser

from simulation.command_line import add_run_options, order_or_usage
from simulation.engine import simulate
from simulation.report import as_json, result_of
from simulation.series import series_of
from volbal.errors import VolbalError


class Command(BaseCommand):
    help = "Run the rules over a ticker's history and compare with holding it. Saves nothing."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        self.parser = parser
        add_run_options(parser)

    def handle(self, **options: Any) -> None:
        order = order_or_usage(self.parser, options)
        try:
            series = series_of(order.history)
            run = simulate(order.history, order.start, order.settings, order.fill, series=series)
        except VolbalError as error:
            raise CommandError(error.detail) from None
        result = result_of(order.history, order.start, run, order.settings.guardrail, series)
        if options["json"]:
            self.stdout.write(json.dumps(as_json(result)))
            return
        from simulation.tables import print_result  # its library costs more than a small run

        print_result(result, cast(IO[str], self.stdout))
