"""`/v1/trading`: the kill switch of a tenant and of its positions."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from ninja import Field, Router, Schema

from accounts.api_auth import ADMIN, READ, TRADE, stamp_of, tenant_of
from accounts.api_once import once
from accounts.api_types import InSchema, Limit, Offset, page
from configs.models import Scope
from orders.models import TradingState, TradingSwitch
from orders.sends import wait_after_turn
from orders.switches import LONGEST_REASON, turn
from positions.api import position_of
from positions.models import Position

router = Router(tags=["trading"])


class HaltIn(InSchema):
    """What to stop, and why: all of the tenant's trading, or one position's."""

    position_id: UUID | None = None
    state: Literal["HALTED", "REDUCING"] = "HALTED"
    reason: str = Field(min_length=1, max_length=LONGEST_REASON)


class UnhaltIn(InSchema):
    """What goes on, and why."""

    position_id: UUID | None = None
    reason: str = Field(min_length=1, max_length=LONGEST_REASON)


class SwitchOut(Schema):
    """A switch: GLOBAL is the operator's, TENANT the tenant's own, POSITION one cell's."""

    scope: str
    position_id: UUID | None
    state: str
    reason: str
    actor: str
    changed_at: datetime

    @staticmethod
    def resolve_actor(switch: TradingSwitch) -> str:
        """Staff's names are nobody's business."""
        return "operator" if switch.scope == Scope.GLOBAL else switch.actor


class SwitchPage(Schema):
    """One page of the switches that were ever turned."""

    items: list[SwitchOut]
    count: int


@router.get("/trading", auth=READ, response=SwitchPage, summary="Read the kill switches")
def list_switches(request: HttpRequest, limit: Limit = 100, offset: Offset = 0) -> dict[str, Any]:
    return page(_switches_of(request).order_by("scope", "position__number"), limit, offset)


@router.post(
    "/trading/halt", auth=TRADE, response=SwitchOut, summary="Stop trading", operation_id="halt_trading"
)
def halt(request: HttpRequest, payload: HaltIn) -> HttpResponse:
    return _turn(request, TradingState(payload.state), payload.position_id, payload.reason)


@router.post(
    "/trading/unhalt",
    auth=ADMIN,
    response=SwitchOut,
    summary="Let trading go on",
    operation_id="unhalt_trading",
)
def unhalt(request: HttpRequest, payload: UnhaltIn) -> HttpResponse:
    return _turn(request, TradingState.ACTIVE, payload.position_id, payload.reason)


def _turn(request: HttpRequest, state: TradingState, position_id: UUID | None, reason: str) -> HttpResponse:
    owner: dict[str, UUID] = {"tenant_id": tenant_of(request).pk}
    if position_id is not None:
        owner = {"position_id": position_of(request, position_id).pk}
    answer = once(
        request, lambda: turn(state, reason=reason, stamp=stamp_of(request), **owner), schema=SwitchOut
    )
    wait_after_turn(state, **owner)
    return answer


def _switches_of(request: HttpRequest) -> QuerySet[TradingSwitch]:
    tenant = tenant_of(request)
    mine = Position.objects.of_tenant(tenant)
    return TradingSwitch.objects.filter(
        Q(scope=Scope.GLOBAL) | Q(tenant=tenant) | Q(position__in=mine)
    ).select_related("position")
