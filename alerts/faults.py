"""Errors that breakers count: kept for a day, forgotten once a breaker has acted on them."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import connection

from accounts.transactions import require_unit_of_work
from alerts.models import Fault, FaultKind

KEPT_FOR = timedelta(days=1)
# Any number that nothing else locks; on PostgreSQL advisory locks share one space of numbers.
_LOCK = 7_231_002


def note_fault(kind: FaultKind, subject: str, at: datetime) -> list[datetime]:
    """Keep an error, and return when this subject's errors of the last day were.

    Whoever notes one waits for the others who do, so that of several at once one sees them all.
    """
    require_unit_of_work()
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    Fault.objects.filter(at__lt=at - KEPT_FOR).delete()
    Fault.objects.create(kind=kind, subject=subject, at=at)
    return list(Fault.objects.filter(kind=kind, subject=subject).order_by("at").values_list("at", flat=True))


def forget_faults(kind: FaultKind, subject: str) -> None:
    """Begin to count anew: these errors have had their consequence."""
    require_unit_of_work()
    Fault.objects.filter(kind=kind, subject=subject).delete()
