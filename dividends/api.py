"""`/v1/dividends` and `/v1/splits`: what is known, what a tenant announces, what cells are owed and paid."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import F
from django.http import HttpRequest, HttpResponse
from ninja import Router

from accounts.api_auth import ADMIN, READ, stamp_of, tenant_of
from accounts.api_once import once
from accounts.api_types import Limit, Offset, TickerIn, page
from dividends.announcements import announce_dividend, announce_split
from dividends.models import Dividend, Receivable, ReceivableStatus
from dividends.schemas import (
    DividendIn,
    DividendOut,
    DividendPage,
    PaymentIn,
    PaymentOut,
    ReceivablePage,
    SplitIn,
    SplitOut,
)
from dividends.services import pay_dividend
from positions.api import position_of

router = Router(tags=["dividends"])


@router.get("/dividends", auth=READ, response=DividendPage, summary="List dividends")
def list_dividends(
    request: HttpRequest, ticker: TickerIn | None = None, limit: Limit = 100, offset: Offset = 0
) -> dict[str, Any]:
    rows = Dividend.objects.seen_by(tenant_of(request).pk)
    if ticker is not None:
        rows = rows.filter(ticker=ticker)
    own_first = F("owner").asc(nulls_last=True)
    return page(rows.order_by("-ex_date", "ticker", own_first), limit, offset)


@router.post(
    "/dividends/announce",
    auth=ADMIN,
    response={201: DividendOut},
    summary="Announce a dividend",
    operation_id="announce_dividend",
)
def announce(request: HttpRequest, payload: DividendIn) -> HttpResponse:
    return once(
        request,
        lambda: announce_dividend(tenant_id=tenant_of(request).pk, **payload.dict(), stamp=stamp_of(request)),
        schema=DividendOut,
        status=201,
    )


@router.post(
    "/dividends/pay",
    auth=ADMIN,
    response=PaymentOut,
    summary="Pay a dividend",
    operation_id="pay_dividend",
)
def pay(request: HttpRequest, payload: PaymentIn) -> HttpResponse:
    def act() -> dict[str, Any]:
        paid = pay_dividend(
            tenant_id=tenant_of(request).pk, dividend_id=payload.dividend_id, stamp=stamp_of(request)
        )
        return {"paid": paid}

    return once(request, act, schema=PaymentOut)


@router.get("/dividends/receivables", auth=READ, response=ReceivablePage, summary="List receivables")
def list_receivables(
    request: HttpRequest,
    position_id: UUID | None = None,
    status: ReceivableStatus | None = None,
    limit: Limit = 100,
    offset: Offset = 0,
) -> dict[str, Any]:
    rows = Receivable.objects.filter(position__tenant=tenant_of(request))
    if position_id is not None:
        rows = rows.filter(position=position_of(request, position_id))
    if status is not None:
        rows = rows.filter(status=status)
    return page(rows.order_by("-ex_date", "position__number"), limit, offset)


@router.post(
    "/splits",
    auth=ADMIN,
    response={201: SplitOut},
    summary="Announce a split",
    operation_id="announce_split",
)
def split(request: HttpRequest, payload: SplitIn) -> HttpResponse:
    return once(
        request,
        lambda: announce_split(tenant_id=tenant_of(request).pk, **payload.dict(), stamp=stamp_of(request)),
        schema=SplitOut,
        status=201,
    )
