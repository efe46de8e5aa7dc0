"""How cells did, against having held what they began with: figures as of now and a curve of values.

Told from what is kept of each day and what came since. Definitions: docs/metrics.md.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import TypeVar

from django.db.models import QuerySet

from positions.models import Position
from simulation.performance_plain import (
    MOST_POINTS,
    CellPerformance,
    Curve,
    Performance,
    inside_pct,
    plain_performance_of,
    thinned,
    together,
)
from simulation.value_curves import curve_of_courses
from simulation.value_models import TenantValues
from simulation.value_reading import courses_of
from volbal.trading_day import check_span

__all__ = [
    "MOST_POINTS",
    "CellPerformance",
    "Curve",
    "Performance",
    "inside_pct",
    "performance_of",
    "thinned",
]

_TRIES = 5
T = TypeVar("T")


def performance_of(
    positions: QuerySet[Position], *, start: date | None = None, end: date | None = None
) -> Performance:
    """Tell how the cells did from their opening until now, with the curve from `start` to `end` inclusive.

    Reads with the same number of queries however many cells there are, and their kept days once. Writes and
    fetches nothing. Raises OutOfRange for an end before the start.
    """
    check_span(start, end)

    def read() -> Performance:
        courses = courses_of(positions)
        return together(courses, curve_of_courses(courses, start, end))

    return undisturbed(positions, read) or plain_performance_of(positions, start=start, end=end)


def undisturbed(positions: QuerySet[Position], read: Callable[[], T]) -> T | None:
    """Return what is read of kept values while nothing of them is changed; None if that never was so."""
    before = _versions(positions)
    for _ in range(_TRIES):
        found = read()
        after = _versions(positions)
        if after == before:
            return found
        before = after
    return None


def _versions(positions: QuerySet[Position]) -> list[tuple[object, int]]:
    tenants = positions.order_by().values("tenant")
    return list(TenantValues.objects.filter(pk__in=tenants).order_by("pk").values_list("pk", "version"))
