"""`/v1`: how cells did."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Router

from accounts.api_auth import READ, tenant_of
from accounts.api_types import FirstDay, LastDay, Limit, Offset
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
) -> dict[str, Any]:
    cells = Position.objects.of_tenant(tenant_of(request))
    return performance_out(performance_of(cells, start=first, end=last), limit, offset)


@router.get(
    "/positions/{uuid:position_id}/performance",
    auth=READ,
    response=CellPerformanceOut,
    summary="Tell how a cell did",
)
def read_cell_performance(
    request: HttpRequest, position_id: UUID, first: FirstDay = None, last: LastDay = None
) -> dict[str, Any]:
    cell = Position.objects.filter(pk=position_of(request, position_id).pk)
    return cell_performance_out(performance_of(cell, start=first, end=last))
