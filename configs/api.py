"""`/v1/positions/{id}/config`: what holds for a cell and where it comes from, and its own settings."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Router

from accounts.api_auth import READ, TRADE, stamp_of
from accounts.transactions import unit_of_work
from configs.lint import lint
from configs.models import Scope
from configs.resolver import as_public, effective_config
from configs.schemas import ConfigChange, ConfigOut
from configs.services import change_config
from positions.api import position_of
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
    stamp = stamp_of(request)
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


def _config_of(position: Position) -> dict[str, Any]:
    effective = effective_config(position)
    return {**as_public(effective), "lint": lint(position.state(), effective)}
