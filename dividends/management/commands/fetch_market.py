"""`manage.py fetch_market`: dividends, splits and missing bars of what is held, from the live feeds."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.database import require_migrated
from accounts.transactions import Stamp
from dividends.feed import FeedReport, fetch_and_store


class Command(BaseCommand):
    help = "Ask the live feeds about every ticker that is held and store what is new. Safe to repeat."

    def handle(self, **options: Any) -> None:
        require_migrated()
        reports = fetch_and_store(stamp=Stamp(at=timezone.now(), actor="fetch_market"))
        for report in reports:
            self.stdout.write(_line(report))
        if any(report.error for report in reports):
            raise CommandError("Not everything could be fetched.")


def _line(report: FeedReport) -> str:
    if report.error:
        return f"{report.ticker}: {report.error}"
    counts = f"{report.dividends} new dividends, {report.splits} new splits, {report.bars} new bars"
    revised = f", {report.revised} revised" if report.revised else ""
    return " ".join((f"{report.ticker}: {counts}{revised}.", *report.differences))
