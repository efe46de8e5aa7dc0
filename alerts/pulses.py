"""Signs of life: when something that goes on by itself was last known to."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import models

from accounts.prepared import Prepared, Slot
from accounts.transactions import require_unit_of_work
from alerts.models import Pulse

# A message of the timetable that a worker has taken and acted on.
WORKER = "worker"
# A check of ledger and audit that was finished, whatever it found.
BOOKS_CHECKED = "books"
_LAST = Prepared(lambda: Pulse.objects.filter(pk=Slot("kind", models.CharField())).values_list("at"))


def note_pulse(kind: str, at: datetime) -> None:
    """Keep that `kind` was alive at the aware time `at`, inside the caller's unit of work."""
    require_unit_of_work()
    Pulse.objects.bulk_create(
        [Pulse(kind=kind, at=at)], update_conflicts=True, unique_fields=["kind"], update_fields=["at"]
    )


def last_pulse(kind: str) -> datetime | None:
    """Return when `kind` was last known to be alive, None if never."""
    found = _LAST.first(kind=kind)
    return None if found is None else found[0]


def worker_silence(at: datetime) -> str | None:
    """Say in a few words that no worker was heard of for longer than WORKER_SILENT_S; None if one was."""
    return silence_since(last_pulse(WORKER), at)


def silence_since(heard_at: datetime | None, at: datetime) -> str | None:
    """Say the same of a worker that was last heard of at a time, or never (None)."""
    if heard_at is None:
        return "no worker was ever heard of"
    silence = at - heard_at
    if silence <= timedelta(seconds=settings.WORKER_SILENT_S):
        return None
    return f"no worker was heard of for {int(silence.total_seconds())} seconds"
