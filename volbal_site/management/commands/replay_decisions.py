"""`manage.py replay_decisions`: make every recorded decision again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand

from accounts.database import require_migrated
from orders.replay_decisions import replayed_decisions
from volbal_site.checking import report_faults


class Command(BaseCommand):
    help = "Recompute every recorded decision from what was known then, and report any that differ."

    def handle(self, **options: Any) -> None:
        require_migrated()
        self.count = 0
        faults = list(self._faults())
        report_faults(self, faults, f"All {self.count} recorded decisions come out identical.")

    def _faults(self) -> Iterator[str]:
        for event, replayed in replayed_decisions():
            self.count += 1
            if replayed is None:
                yield f"Event {event.pk} ({event.chain}, number {event.seq}): its inputs can't be read."
            elif not replayed.identical:
                fields = [
                    name
                    for name, value in replayed.recomputed.items()
                    if value != replayed.recorded.get(name)
                ]
                yield (
                    f"Event {event.pk} ({event.chain}, number {event.seq}): "
                    f"{', '.join(fields) or 'a field'} would be different now."
                )
