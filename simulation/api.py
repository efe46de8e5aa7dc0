"""`/v1`: how cells did."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Router

from accounts.api_auth import READ, tenant_of
from accounts.api_types import FirstDay, LastDay, Limit, Offset, answer
from positions.api import position_of
from positions.models import Position
from simulation.performance import performance_of
from simulation.schemas import (
    CellPerformanceOut,
    PerformanceOut,
    cell_performance_out,
    performance_out,
)

router = Router(tags=["performance"])


@router.get("/performance", auth=READ, response=PerformanceOut, summary="Tell how all cells did")
def read_performance(
    request: HttpRequest,
    first: FirstDay = None,
    last: LastDay = None,
    limit: Limit = 100,
    offset: Offset = 0,
) -> HttpResponse:
    cells = Position.objects.of_tenant(tenant_of(request))
    told = performance_of(cells, start=first, end=last)
    return answer(PerformanceOut, performance_out(told, limit, offset))


@router.get(
    "/positions/{uuid:position_id}/performance",
    auth=READ,
    response=CellPerformanceOut,
    summary="Tell how a cell did",
)
def read_cell_performance(
    request: HttpRequest, position_id: UUID, first: FirstDay = None, last: LastDay = None
) -> HttpResponse:
    cell = Position.objects.filter(pk=position_of(request, position_id).pk)
    told = performance_of(cell, start=first, end=last)
    return answer(CellPerformanceOut, cell_performance_out(told))
