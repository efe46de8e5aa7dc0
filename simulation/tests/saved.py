"""Saved runs and optimizations for tests: asked for, and made where that is wanted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django.utils import timezone

from accounts.models import Tenant
from accounts.transactions import Stamp, unit_of_work
from simulation.models import Optimization, Simulation
from simulation.optimizations import OptimizationRequest, start_optimization, work_off_optimizations
from simulation.requests import RunRequest
from simulation.runs import start_simulation, work_off_simulations
from simulation.setup import settings_from

SPAN = {"start": date(2004, 1, 2), "end": date(2006, 12, 29)}
GRID = {"up_threshold_pct": ["2", "4", "6"], "down_threshold_pct": ["3", "5"]}


def make_run(tenant: Tenant, *settings: str, **asked: Any) -> Simulation:
    """Save a run over three years of IBM that no worker has seen yet."""
    request = RunRequest(**{"ticker": "IBM", **SPAN, "settings": settings_from(settings), **asked})
    with unit_of_work():
        return start_simulation(tenant_id=tenant.pk, request=request, stamp=stamp())


def make_grid(tenant: Tenant, grid: Mapping[str, Sequence[str]] = GRID, **asked: Any) -> Optimization:
    """Save an optimization over the same that no worker has seen yet."""
    request = OptimizationRequest(run=RunRequest(ticker="IBM", **SPAN), grid=grid, **asked)
    with unit_of_work():
        return start_optimization(tenant_id=tenant.pk, request=request, stamp=stamp())


def stamp() -> Stamp:
    """Return now, as a tester's."""
    return Stamp(at=timezone.now(), actor="tester")


def work() -> None:
    """Do in this process what workers do."""
    work_off_simulations(clock=timezone.now)
    work_off_optimizations(clock=timezone.now)


def done_run(tenant: Tenant, *settings: str, **asked: Any) -> Simulation:
    """Return a run that is done."""
    run = make_run(tenant, *settings, **asked)
    work()
    run.refresh_from_db()
    return run


def done_grid(tenant: Tenant, **asked: Any) -> Optimization:
    """Return an optimization that is done."""
    optimization = make_grid(tenant, **asked)
    work()
    optimization.refresh_from_db()
    return optimization
