"""`manage.py unhalt`: let trading go on."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from orders.halting import add_owner_options, turn_for
from orders.models import TradingState


class Command(BaseCommand):
    help = "Let trading go on. Another scope's switch may still stop it."

    def add_arguments(self, parser: CommandParser) -> None:
        add_owner_options(parser)

    def handle(self, **options: Any) -> None:
        turn_for(self, TradingState.ACTIVE, options)
