"""`manage.py ledger_digest`: one hash that stands for all books."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from accounts.database import require_migrated
from positions.ledger import ledger_digest


class Command(BaseCommand):
    help = "Print one hash over position numbers, sequences, types, amounts and market dates."

    def handle(self, **options: Any) -> None:
        require_migrated()
        self.stdout.write(ledger_digest())
