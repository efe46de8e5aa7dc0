"""`/v1`: evaluating cells, replaying decisions, reading orders."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Router

from accounts.api_auth import BROKER, READ, TRADE, stamp_of, tenant_of
from accounts.api_once import key_of, once
from accounts.api_types import Flag, Limit, Offset, PriceIn, answer, page
from accounts.idempotency import idempotent_of
from accounts.transactions import read_one
from orders.cycle import Evaluation, evaluate, preview, quote_to_decide_on
from orders.fills import book_fill, quarantine_if_a_fact
from orders.hand_orders import quote_for, submit_order
from orders.lifecycle import cancel_order
from orders.models import Order
from orders.replay_decisions import Replayed, replay_decision
from orders.schemas import EvaluationOut, FillIn, OrderIn, OrderOut, OrderPage, ReplayOut
from positions.api import position_of
from positions.event_types import EventType
from positions.market_time import on_market
from positions.models import Event, Position
from volbal.fills import commission_on, notional_of
from volbal.values import Fill, Side

router = Router(tags=["orders"])


@router.post(
    "/positions/{uuid:position_id}/evaluate", auth=TRADE, response=EvaluationOut, summary="Evaluate a cell"
)
def evaluate_position(
    request: HttpRequest, position_id: UUID, price: PriceIn | None = None, dry_run: Flag = False
) -> HttpResponse | Evaluation:
    tenant_id = tenant_of(request).pk
    position = Position.objects.read(position_id, tenant_id=tenant_id)
    stamp = on_market(stamp_of(request), position.market_provider)
    quote, gate = quote_to_decide_on(position, price, stamp.at)
    about: dict[str, Any] = {"position_id": position_id, "tenant_id": tenant_id}
    if dry_run:
        key_of(request)  # nothing is kept under it, but a wrong one is wrong here too
        return preview(**about, quote=quote, gate=gate, at=stamp.at)
    return once(
        request,
        lambda: evaluate(**about, quote=quote, gate=gate, stamp=stamp),
        schema=EvaluationOut,
    )


@router.get(
    "/positions/{uuid:position_id}/events/{uuid:event_id}/replay",
    auth=READ,
    response=ReplayOut,
    summary="Make a recorded decision again",
)
def replay_event(request: HttpRequest, position_id: UUID, event_id: UUID) -> Replayed:
    events = Event.objects.filter(
        position=position_of(request, position_id), type=EventType.POSITION_EVALUATED
    )
    return replay_decision(read_one(events.filter(pk=event_id), "evaluation"))


@router.get(
    "/positions/{uuid:position_id}/orders", auth=READ, response=OrderPage, summary="List a cell's orders"
)
def list_position_orders(
    request: HttpRequest, position_id: UUID, limit: Limit = 100, offset: Offset = 0
) -> HttpResponse:
    rows = Order.objects.filter(position=position_of(request, position_id))
    return answer(OrderPage, page(rows.order_by("-created_at", "id"), limit, offset))


@router.post(
    "/positions/{uuid:position_id}/orders",
    auth=TRADE,
    response={201: OrderOut},
    summary="Order by hand",
    operation_id="submit_order",
)
def submit(request: HttpRequest, position_id: UUID, payload: OrderIn) -> HttpResponse:
    position = position_of(request, position_id)
    stamp = on_market(stamp_of(request), position.market_provider)
    quote, gate = quote_for(position, payload.price, stamp.at)

    def act() -> Order:
        asked = idempotent_of(request)
        return submit_order(
            position_id=position_id,
            side=payload.side,
            qty=payload.qty,
            quote=quote,
            gate=gate,
            idempotency_key=asked.key,
            request_signature=asked.fingerprint,
            stamp=stamp,
        )

    return once(request, act, schema=OrderOut, status=201, required=True, keep_forever=True)


@router.get("/orders", auth=READ, response=OrderPage, summary="List all orders")
def list_orders(request: HttpRequest, limit: Limit = 100, offset: Offset = 0) -> HttpResponse:
    rows = Order.objects.filter(tenant=tenant_of(request))
    return answer(OrderPage, page(rows.order_by("-created_at", "id"), limit, offset))


@router.get("/orders/{uuid:order_id}", auth=READ, response=OrderOut, summary="Read an order")
def read_order(request: HttpRequest, order_id: UUID) -> Order:
    return order_of(request, order_id)


@router.post(
    "/orders/{uuid:order_id}/cancel",
    auth=TRADE,
    response=OrderOut,
    summary="Cancel an order",
    operation_id="cancel_order",
)
def cancel(request: HttpRequest, order_id: UUID) -> HttpResponse:
    order_of(request, order_id)
    return once(
        request,
        lambda: cancel_order(order_id=order_id, stamp=stamp_of(request)),
        schema=OrderOut,
        keep_forever=True,
    )


@router.post(
    "/orders/{uuid:order_id}/fill",
    auth=BROKER,
    response=OrderOut,
    summary="Report an execution",
    operation_id="report_execution",
)
def fill(request: HttpRequest, order_id: UUID, payload: FillIn) -> HttpResponse:
    order = order_of(request, order_id)
    stamp = on_market(stamp_of(request), order.position.market_provider)
    reported = _fill_of(order, payload)
    return once(
        request,
        lambda: (
            book_fill(
                order_id=order_id,
                fill=reported,
                execution_id=payload.execution_id,
                executed_at=payload.executed_at or stamp.at,
                stamp=stamp,
            ).order
        ),
        schema=OrderOut,
        keep_forever=True,
        on_refusal=lambda error: quarantine_if_a_fact(
            order_id, reported, payload.execution_id, error, stamp=stamp
        ),
    )


def order_of(request: HttpRequest, order_id: UUID) -> Order:
    """Return one of the calling tenant's orders; another tenant's is NotFound like a random id."""
    orders = Order.objects.select_related("position").filter(tenant=tenant_of(request))
    return read_one(orders.filter(pk=order_id), "order")


def _fill_of(order: Order, payload: FillIn) -> Fill:
    commission = payload.commission
    if commission is None:
        commission = commission_on(notional_of(payload.qty, payload.price), order.commission_rate)
    return Fill(side=Side(order.side), qty=payload.qty, price=payload.price, commission=commission)
