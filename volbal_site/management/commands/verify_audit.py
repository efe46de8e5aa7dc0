"""`manage.py verify_audit`: is history as it was written, and guarded?"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any

from django.core.management.base import BaseCommand

from accounts.database import require_migrated
from positions.guards import missing_guards
from positions.ledger import event_faults, journal_chain_faults
from positions.models import ChainHead, Event, JournalEntry
from volbal_site.checking import report_faults


class Command(BaseCommand):
    help = "Walk the hash chains of events and journal, and check the database's own guards."

    def handle(self, **options: Any) -> None:
        require_migrated()
        faults = chain(guard_faults(), event_faults(), journal_chain_faults())
        report_faults(self, faults, self._all_well())

    def _all_well(self) -> str:
        return (
            f"History is intact: {Event.objects.count()} events and {JournalEntry.objects.count()} "
            f"journal rows in {ChainHead.objects.count()} chains."
        )


def guard_faults() -> Iterator[str]:
    """Yield a sentence for every trigger that should defend history and is not there."""
    for table, trigger in missing_guards():
        yield f"Table {table}: its guard {trigger} is missing or altered; manage.py migrate installs it."
