"""`manage.py verify_audit`: is history as it was written, and guarded?"""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from accounts.database import require_migrated
from accounts.one_moment import one_moment
from positions.models import ChainHead, Event, JournalEntry
from volbal_site.books import audit_faults
from volbal_site.checking import report_faults


class Command(BaseCommand):
    help = "Walk the hash chains of events and journal, and check the database's own guards."

    def handle(self, **options: Any) -> None:
        require_migrated()
        with one_moment():
            report_faults(self, audit_faults(), self._all_well())

    def _all_well(self) -> str:
        return (
            f"History is intact: {Event.objects.count()} events and {JournalEntry.objects.count()} "
            f"journal rows in {ChainHead.objects.count()} chains."
        )
