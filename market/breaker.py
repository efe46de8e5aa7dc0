"""A breaker per host, kept in the database: when one process was turned away, all leave the host alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from accounts.transactions import require_unit_of_work
from alerts.models import AlertKind
from alerts.services import clear_alert, raise_alert
from market.errors import Unavailable
from market.models import HostBreaker

FIRST_PAUSE = timedelta(seconds=60)
LONGEST_PAUSE = timedelta(minutes=15)
PROBE_TIME = timedelta(seconds=15)
JITTER = 0.1
# About three minutes without anything.
WORTH_TELLING = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """Leave to ask a host, which had failed `failures` times in a row when it was given."""

    host: str
    failures: int


def admit(host: str, *, at: datetime) -> Admission:
    """Return leave to ask `host` at `at`. Raises Unavailable while it is being left alone.

    When its pause is over one asker alone is let through; the others wait for what becomes of it.
    """
    row = HostBreaker.objects.filter(pk=host).first()
    if row is None or row.open_until is None:
        return Admission(host=host, failures=0)
    if at < row.open_until or not _claim_probe(row, at):
        until = f"{row.open_until:%H:%M:%S} UTC"
        raise Unavailable(f"{host} failed {row.failures} times in a row and is left alone until {until}.")
    return Admission(host=host, failures=row.failures)


def record_failure(admission: Admission, *, at: datetime, jitter: float) -> None:
    """Leave the host alone for a while, inside the caller's unit of work.

    `jitter` from 0 to 1 lengthens the pause by up to a tenth. Of those who failed together one counts. From
    the third failure in a row on an alert says so.
    """
    require_unit_of_work()
    row, _ = HostBreaker.objects.select_for_update().get_or_create(pk=admission.host)
    if row.failures != admission.failures:
        return
    row.failures += 1
    row.open_until = at + pause_after(row.failures, jitter)
    row.save()
    if row.failures >= WORTH_TELLING:
        raise_alert(
            kind=AlertKind.STALE_FEED,
            key=row.host,
            message=f"{row.host} failed {row.failures} times in a row: nothing new comes from there.",
            at=at,
        )


def record_success(admission: Admission, *, at: datetime) -> None:
    """Forget the failures, unless the host has failed again since this asker was let through.

    Inside the caller's unit of work. A host that had not failed has nothing to forget, and needs none.
    """
    if not admission.failures:
        return
    row = HostBreaker.objects.filter(pk=admission.host, failures=admission.failures)
    if row.update(failures=0, open_until=None):
        clear_alert(kind=AlertKind.STALE_FEED, key=admission.host, at=at)


def pause_after(failures: int, jitter: float) -> timedelta:
    """Return how long a host is left alone: a minute, doubled with each failure up to 15, plus jitter."""
    doublings: int = 2 ** min(failures - 1, 10)
    return min(FIRST_PAUSE * doublings, LONGEST_PAUSE) * (1 + JITTER * jitter)


def _claim_probe(row: HostBreaker, at: datetime) -> bool:
    rows = HostBreaker.objects.filter(pk=row.pk, failures=row.failures, open_until=row.open_until)
    return rows.update(open_until=at + PROBE_TIME) == 1
