"""`manage.py check_books`: both checks of the books; trading is halted if they find anything."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from accounts.database import require_migrated
from accounts.transactions import Stamp
from volbal_site.books import check_books
from volbal_site.checking import report_faults


class Command(BaseCommand):
    help = "Make the checks of verify_ledger and verify_audit, and halt everyone's trading on any fault."

    def handle(self, **options: Any) -> None:
        require_migrated()
        faults = check_books(stamp=Stamp(at=timezone.now(), actor="manage.py check_books"))
        report_faults(self, faults, "The books are in order.")
