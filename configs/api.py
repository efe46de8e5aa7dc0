"""`/v1/positions/{id}/config`: a cell's settings and where they come from. `/v1/commissions`: rates."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Router

from accounts.api_auth import ADMIN, READ, TRADE, stamp_of, tenant_of
from accounts.api_types import Limit, Offset
from accounts.errors import Forbidden
from accounts.transactions import unit_of_work
from configs.lint import lint
from configs.models import CommissionRate, CommissionScope, Scope
from configs.resolver import as_public, commission_rates_of, effective_config
from configs.schemas import CommissionIn, CommissionOut, CommissionPage, ConfigChange, ConfigOut
from configs.services import change_commission, change_config
from positions.api import position_of
from positions.market_time import on_market
from positions.models import Position

router = Router(tags=["settings"])


@router.get(
    "/positions/{uuid:position_id}/config",
    auth=READ,
    response=ConfigOut,
    summary="Read a cell's settings",
)
def read_config(request: HttpRequest, position_id: UUID) -> dict[str, Any]:
    return _config_of(position_of(request, position_id))


@router.put(
    "/positions/{uuid:position_id}/config",
    auth=TRADE,
    response=ConfigOut,
    summary="Set settings of a cell",
)
def write_config(request: HttpRequest, position_id: UUID, payload: ConfigChange) -> dict[str, Any]:
    position = position_of(request, position_id)
    stamp = on_market(stamp_of(request), position.market_provider)
    with unit_of_work():
        for group, values in payload.dict(exclude_unset=True).items():
            change_config(
                group=group,
                scope=Scope.POSITION,
                values=values,
                position_id=position_id,
                stamp=stamp,
            )
        return _config_of(position)


@router.get("/commissions", auth=READ, response=CommissionPage, summary="List commission rates")
def list_commissions(request: HttpRequest, limit: Limit = 100, offset: Offset = 0) -> dict[str, Any]:
    rates = commission_rates_of(tenant_of(request).pk)
    return {"items": rates[offset : offset + limit], "count": len(rates)}


@router.put("/commissions", auth=ADMIN, response=CommissionOut, summary="Set a commission rate")
def write_commission(request: HttpRequest, payload: CommissionIn) -> CommissionRate:
    if payload.scope == CommissionScope.GLOBAL:
        raise Forbidden("The GLOBAL rate is the installation's; its staff set it in the admin.")
    with unit_of_work():
        return change_commission(tenant_id=tenant_of(request).pk, **payload.dict(), stamp=stamp_of(request))


def _config_of(position: Position) -> dict[str, Any]:
    effective = effective_config(position)
    return {**as_public(effective), "lint": lint(position.state(), effective)}
