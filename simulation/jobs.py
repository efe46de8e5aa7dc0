"""What holds for everything that workers run in the background: claims with an end, progress, cancelling.

A claim says who is at it and until when, so that what a killed worker had begun is taken up by another. Only
the holder of the claim saves, and only once, so that nothing is lost and nothing counted twice.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID, uuid4

from django.db.models import Q, QuerySet

from accounts.transactions import lock_one, require_unit_of_work, unit_of_work
from orders.claims import Clock
from simulation.models import OPEN_STATUSES, Job, JobStatus, OptimizationChunk, Simulation

# Longer than any piece of work takes; a worker with a longer one renews its claim.
LEASE = timedelta(seconds=15)
TASK = "simulation.work_off_jobs"

J = TypeVar("J", bound=Job)
C = TypeVar("C", Simulation, OptimizationChunk)


def free_at(at: datetime) -> Q:
    """Return what nobody has claimed, or somebody who was not heard of for a while."""
    return Q(claimed_until=None) | Q(claimed_until__lt=at)


def claim_first(rows: QuerySet[C], clock: Clock) -> C | None:
    """Claim the first free row, in a unit of work of its own; None if there is none."""
    with unit_of_work():
        row = rows.filter(free_at(clock())).select_for_update(of=("self",), skip_locked=True).first()
        if row is None:
            return None
        row.claim, row.claimed_until = uuid4(), clock() + LEASE
        row.save(update_fields=["claim", "claimed_until"])
    return row


def is_held(row: Any) -> bool:
    """Lock a claimed row and say whether the claim still is the one it was read with."""
    fresh = lock_one(type(row).objects.filter(pk=row.pk), "claim")
    return bool(fresh.claim == row.claim)


def cancel(rows: QuerySet[J], job_id: UUID, at: datetime) -> J:
    """End a tenant's job that is not over; one that is stays as it is. Raises NotFound."""
    job = lock_one(rows.filter(pk=job_id), "run")
    if job.is_open:
        finish(job, JobStatus.CANCELLED, at)
    return job


def finish(job: Job, status: JobStatus, at: datetime, *, error: str = "") -> None:
    """Write down how a locked job ended."""
    require_unit_of_work()
    job.status, job.error, job.finished_at = status, error, at
    job.save(update_fields=["status", "error", "finished_at"])


def still_open(rows: QuerySet[J]) -> QuerySet[J]:
    """Return the jobs with something to do, oldest first."""
    return rows.filter(status__in=OPEN_STATUSES).order_by("created_at", "pk")
