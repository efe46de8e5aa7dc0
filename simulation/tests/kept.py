"""Kept values compared with the plain way."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import QuerySet

from positions.models import Position
from simulation.performance import CellPerformance, Performance, performance_of
from simulation.performance_plain import plain_performance_of
from simulation.value_keeping import keep_values


def same_in_all_ways(positions: QuerySet[Position], **span: date) -> Performance:
    """Tell how cells did, the same before and after everything is kept, and the plain way."""
    before = performance_of(positions, **span)
    plain = plain_performance_of(positions, **span)
    keep_values()
    after = performance_of(positions, **span)
    assert facts(before) == facts(plain)
    assert facts(after) == facts(plain)
    return before


def facts(told: Performance) -> dict[str, Any]:
    """Return all that is told, comparable."""
    names = ("total", "pending", "days_evaluated", "days_inside", "curve")
    together = {name: getattr(told, name) for name in names}
    return {**together, "cells": [_cell(cell) for cell in told.cells]}


def _cell(cell: CellPerformance) -> tuple[Any, ...]:
    return (
        cell.position.pk,
        cell.figures,
        cell.price,
        cell.pending,
        cell.days_evaluated,
        cell.days_inside,
    )
