"""`/v1`: simulations and optimizations."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Router

from accounts.api_auth import READ, stamp_of, tenant_of
from accounts.api_once import once
from accounts.api_types import Limit, Offset, answer, page
from accounts.transactions import read_one
from simulation.models import Optimization, Simulation
from simulation.optimizations import cancel_optimization, start_optimization
from simulation.requests import keep_history
from simulation.run_schemas import (
    HistoryIn,
    HistoryOut,
    JobOut,
    OptimizationIn,
    OptimizationJobOut,
    OptimizationOut,
    OptimizationPage,
    SimulationIn,
    SimulationOut,
    SimulationPage,
    optimization_out,
    optimization_request,
    run_request,
    simulation_out,
)
from simulation.runs import cancel_simulation, start_simulation
from simulation.verdicts import ranked_trials

router = Router(tags=["simulations"])


@router.post("/histories", auth=READ, response={201: HistoryOut}, summary="Bring a history along")
def create_history(request: HttpRequest, payload: HistoryIn) -> HttpResponse:
    files, tenant_id = payload.model_dump(), tenant_of(request).pk
    return once(request, lambda: keep_history(tenant_id=tenant_id, **files), schema=HistoryOut, status=201)


@router.post("/simulations", auth=READ, response={201: JobOut}, summary="Simulate", operation_id="simulate")
def create_simulation(request: HttpRequest, payload: SimulationIn) -> HttpResponse:
    asked, tenant_id, stamp = run_request(payload), tenant_of(request).pk, stamp_of(request)
    return once(
        request,
        lambda: start_simulation(tenant_id=tenant_id, request=asked, stamp=stamp),
        schema=JobOut,
        status=201,
    )


@router.get("/simulations", auth=READ, response=SimulationPage, summary="List simulations")
def list_simulations(request: HttpRequest, limit: Limit = 100, offset: Offset = 0) -> HttpResponse:
    rows = Simulation.objects.filter(tenant=tenant_of(request)).defer("metrics", "final")
    return answer(SimulationPage, page(rows.order_by("-created_at", "id"), limit, offset))


@router.get(
    "/simulations/{uuid:simulation_id}", auth=READ, response=SimulationOut, summary="Read a simulation"
)
def read_simulation(request: HttpRequest, simulation_id: UUID) -> HttpResponse:
    mine = Simulation.objects.filter(tenant=tenant_of(request), pk=simulation_id)
    return answer(SimulationOut, simulation_out(read_one(mine, "simulation")))


@router.post(
    "/simulations/{uuid:simulation_id}/cancel", auth=READ, response=JobOut, summary="Cancel a simulation"
)
def end_simulation(request: HttpRequest, simulation_id: UUID) -> HttpResponse:
    tenant_id, stamp = tenant_of(request).pk, stamp_of(request)
    return once(
        request,
        lambda: cancel_simulation(tenant_id=tenant_id, simulation_id=simulation_id, stamp=stamp),
        schema=JobOut,
    )


@router.post("/optimizations", auth=READ, response={201: OptimizationJobOut}, summary="Optimize")
def optimize(request: HttpRequest, payload: OptimizationIn) -> HttpResponse:
    asked, tenant_id, stamp = optimization_request(payload), tenant_of(request).pk, stamp_of(request)
    return once(
        request,
        lambda: start_optimization(tenant_id=tenant_id, request=asked, stamp=stamp),
        schema=OptimizationJobOut,
        status=201,
    )


@router.get("/optimizations", auth=READ, response=OptimizationPage, summary="List optimizations")
def list_optimizations(request: HttpRequest, limit: Limit = 100, offset: Offset = 0) -> HttpResponse:
    rows = Optimization.objects.filter(tenant=tenant_of(request))
    return answer(OptimizationPage, page(rows.order_by("-created_at", "id"), limit, offset))


@router.get(
    "/optimizations/{uuid:optimization_id}",
    auth=READ,
    response=OptimizationOut,
    summary="Read an optimization",
)
def read_optimization(
    request: HttpRequest, optimization_id: UUID, limit: Limit = 100, offset: Offset = 0
) -> HttpResponse:
    mine = Optimization.objects.filter(tenant=tenant_of(request), pk=optimization_id)
    optimization = read_one(mine, "optimization")
    told = optimization_out(optimization, ranked_trials(optimization), limit, offset)
    return answer(OptimizationOut, told)


@router.post(
    "/optimizations/{uuid:optimization_id}/cancel",
    auth=READ,
    response=OptimizationJobOut,
    summary="Cancel an optimization",
)
def end_optimization(request: HttpRequest, optimization_id: UUID) -> HttpResponse:
    tenant_id, stamp = tenant_of(request).pk, stamp_of(request)
    return once(
        request,
        lambda: cancel_optimization(tenant_id=tenant_id, optimization_id=optimization_id, stamp=stamp),
        schema=OptimizationJobOut,
    )
