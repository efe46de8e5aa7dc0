"""`manage.py verify_ledger`: do balances, orders, reservations and receivables add up?"""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from accounts.database import require_migrated
from accounts.one_moment import one_moment
from dividends.models import Receivable
from orders.models import Order, Trade
from positions.models import JournalEntry, Position
from volbal_site.books import ledger_faults
from volbal_site.checking import report_faults


class Command(BaseCommand):
    help = "Check every balance against the journal, and orders and receivables against what they hold."

    def handle(self, **options: Any) -> None:
        require_migrated()
        with one_moment():
            report_faults(self, ledger_faults(), self._all_well())

    def _all_well(self) -> str:
        return (
            f"The ledger is in order: {Position.objects.count()} positions, "
            f"{JournalEntry.objects.count()} journal rows, {Order.objects.count()} orders, "
            f"{Trade.objects.count()} trades, {Receivable.objects.count()} receivables."
        )
