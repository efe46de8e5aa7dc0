"""`manage.py halt`: stop trading, of everyone, a tenant or a position."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from orders.halting import add_owner_options, turn_for
from orders.models import TradingState


class Command(BaseCommand):
    help = "Stop all trading, at once and until `unhalt`. Cancels and fills still pass."

    def add_arguments(self, parser: CommandParser) -> None:
        add_owner_options(parser)
        parser.add_argument("--reducing", action="store_true", help="stop only buying; sales go on")

    def handle(self, **options: Any) -> None:
        turn_for(self, TradingState.REDUCING if options["reducing"] else TradingState.HALTED, options)
