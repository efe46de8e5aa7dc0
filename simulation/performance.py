"""How cells did, against having held what they began with: figures as of now and a curve of values.

Told from what is kept of each day and what came since. Definitions: docs/metrics.md.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import partial
from typing import TypeVar

from django.db import models
from django.db.models import QuerySet

from accounts.polls import version_of
from accounts.prepared import Prepared, Slot
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
from simulation.value_models import CellValues, TenantValues
from simulation.value_reading import courses_of, heads_of
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
    return _performance(positions, versions_of(positions), start, end)


def performance_of_cell(cell: Position) -> Performance:
    """Tell the same of one cell, from its opening until now."""
    return _performance(
        Position.objects.filter(pk=cell.pk), partial(_VERSION.rows, tenant=cell.tenant_id), None, None
    )


def settled_by(cell: Position) -> str:
    """Return a text that differs when `performance_of_cell` does; "" as long as nothing is kept of the cell.

    All of it follows from the cell's events, its books and its stored bars.
    """
    ends = _ENDS.first(cell=cell.pk)
    return "" if ends is None else version_of(cell.pk, ends)


def _performance(
    positions: QuerySet[Position], versions: Callable[[], object], start: date | None, end: date | None
) -> Performance:
    check_span(start, end)

    def read() -> Performance:
        courses = courses_of(positions)
        return together(courses, curve_of_courses(courses, start, end))

    return undisturbed(versions, read) or plain_performance_of(positions, start=start, end=end)


def undisturbed(versions: Callable[[], object], read: Callable[[], T]) -> T | None:
    """Return what is read of kept values while their versions stay; None if they never did."""
    before = versions()
    for _ in range(_TRIES):
        found = read()
        after = versions()
        if after == before:
            return found
        before = after
    return None


def versions_of(positions: QuerySet[Position]) -> Callable[[], object]:
    """Return what tells the versions of what is kept of the tenants of cells."""
    kept = TenantValues.objects.filter(pk__in=positions.order_by().values("tenant")).order_by("pk")
    return lambda: list(kept.values_list("pk", "version"))


_VERSION = Prepared(
    lambda: TenantValues.objects.filter(pk=Slot("tenant", models.UUIDField())).values_list("version")
)
_ENDS = Prepared(lambda: heads_of(CellValues.objects.filter(pk=Slot("cell", models.UUIDField()))))
