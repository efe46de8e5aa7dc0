"""`/v1/positions`: cells, their anchor, cash and history."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from ninja import Query, Router

from accounts.api_auth import ADMIN, READ, TRADE, stamp_of, tenant_of
from accounts.api_once import once
from accounts.api_types import Limit, Offset, TickerIn, answer, page
from accounts.transactions import unit_of_work
from positions import services
from positions.event_types import EventType
from positions.history import history_of
from positions.market_time import on_market
from positions.models import Position, PositionStatus
from positions.queries import events_page
from positions.schemas import (
    AdjustmentIn,
    AnchorIn,
    CashIn,
    EventPage,
    PositionChange,
    PositionIn,
    PositionOut,
    PositionPage,
)

router = Router(tags=["positions"])

Cursor = Annotated[str | None, Query(max_length=18, pattern=r"^[1-9][0-9]*$")]


def position_of(request: HttpRequest, position_id: UUID) -> Position:
    """Return one of the calling tenant's cells; another tenant's is NotFound like a random id."""
    return Position.objects.read(position_id, tenant_id=tenant_of(request).pk)


@router.get("/positions", auth=READ, response=PositionPage, summary="List cells")
def list_positions(
    request: HttpRequest,
    ticker: TickerIn | None = None,
    status: PositionStatus | None = None,
    limit: Limit = 100,
    offset: Offset = 0,
) -> HttpResponse:
    wanted = {"ticker": ticker, "status": status}
    rows = Position.objects.of_tenant(tenant_of(request)).filter(
        **{name: value for name, value in wanted.items() if value is not None}
    )
    return answer(PositionPage, page(rows.order_by("number"), limit, offset))


@router.post("/positions", auth=TRADE, response={201: PositionOut}, summary="Open a cell")
def create_position(request: HttpRequest, payload: PositionIn) -> HttpResponse:
    services.require_broker(payload.broker)
    return once(
        request,
        lambda: services.open_position(
            tenant_id=tenant_of(request).pk,
            **payload.dict(),
            market_provider=settings.MARKET_PROVIDER,
            stamp=on_market(stamp_of(request), settings.MARKET_PROVIDER),
        ),
        schema=PositionOut,
        status=201,
    )


@router.get("/positions/{uuid:position_id}", auth=READ, response=PositionOut, summary="Read a cell")
def read_position(request: HttpRequest, position_id: UUID) -> Position:
    return position_of(request, position_id)


@router.patch("/positions/{uuid:position_id}", auth=TRADE, response=PositionOut, summary="Change a cell")
def change_position(request: HttpRequest, position_id: UUID, payload: PositionChange) -> Position:
    with unit_of_work():
        return services.change_position(
            position_id=position_id,
            changes=payload.dict(exclude_unset=True),
            stamp=stamp_of(request),
            tenant_id=tenant_of(request).pk,
        )


@router.post(
    "/positions/{uuid:position_id}/anchor", auth=TRADE, response=PositionOut, summary="Set the anchor"
)
def set_anchor(request: HttpRequest, position_id: UUID, payload: AnchorIn) -> HttpResponse:
    owner = tenant_of(request).pk
    return once(
        request,
        lambda: services.set_anchor(
            position_id=position_id, price=payload.price, stamp=stamp_of(request), tenant_id=owner
        ),
        schema=PositionOut,
    )


@router.post(
    "/positions/{uuid:position_id}/cash", auth=TRADE, response=PositionOut, summary="Deposit or withdraw"
)
def move_cash(request: HttpRequest, position_id: UUID, payload: CashIn) -> HttpResponse:
    owner = tenant_of(request).pk
    return once(
        request,
        lambda: services.move_cash(
            position_id=position_id, amount=payload.amount, stamp=stamp_of(request), tenant_id=owner
        ),
        schema=PositionOut,
    )


@router.post(
    "/positions/{uuid:position_id}/adjustments", auth=ADMIN, response=PositionOut, summary="Correct the books"
)
def adjust_books(request: HttpRequest, position_id: UUID, payload: AdjustmentIn) -> HttpResponse:
    position_of(request, position_id)
    amounts = {name: value for name, value in payload.dict(exclude={"reason"}).items() if value is not None}
    return once(
        request,
        lambda: services.adjust_books(
            position_id=position_id, reason=payload.reason, stamp=stamp_of(request), **amounts
        ),
        schema=PositionOut,
    )


@router.get(
    "/positions/{uuid:position_id}/events", auth=READ, response=EventPage, summary="Read a cell's history"
)
def list_events(
    request: HttpRequest,
    position_id: UUID,
    type: EventType | None = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> HttpResponse:
    events = history_of(position_of(request, position_id), type)
    before = None if cursor is None else int(cursor)
    return answer(EventPage, events_page(events, before=before, limit=limit))
