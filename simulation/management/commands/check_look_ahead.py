"""`manage.py check_look_ahead TICKER`: proves that no decision knows what comes after its day."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from simulation.command_line import add_run_options, order_or_usage
from simulation.look_ahead import checked_days, peeks


class Command(BaseCommand):
    help = "Replace what comes after a day by noise, and compare what was traded up to it, for many days."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        self.parser = parser
        add_run_options(parser)
        parser.add_argument("--days", type=int, default=50, help="how many days to try (50)")
        parser.add_argument("--seed", type=int, default=1, help="what the noise begins with (1)")

    def handle(self, **options: Any) -> None:
        order = order_or_usage(self.parser, options)
        days = checked_days(order.history, max(options["days"], 1))
        found = peeks(order.history, order.start, order.settings, order.fill, days=days, seed=options["seed"])
        for peek in found:
            self.stderr.write(f"{peek.day} (seed {peek.seed}): what was traded depends on what comes later.")
        if found:
            raise CommandError(f"{len(found)} of {len(days)} days looked ahead.")
        self.stdout.write(f"{len(days)} days: no decision up to any of them depends on what comes later.")
