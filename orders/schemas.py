"""The shapes of decisions, orders and evaluations in the API."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from ninja import Field

from accounts.api_types import DecimalOut, InSchema, MomentIn, MoneyIn, OutSchema, PriceIn, QtyIn
from market.schemas import QuoteOut
from volbal.values import Side


class DecisionOut(OutSchema):
    """What the rules say, and why."""

    action: str
    reason: str
    side: str | None
    raw_qty: DecimalOut
    qty: DecimalOut
    notional: DecimalOut
    commission: DecimalOut
    stock_pct_before: DecimalOut | None
    stock_pct_after: DecimalOut | None
    binding_limit: str | None
    buy_at: DecimalOut | None
    sell_at: DecimalOut | None
    explanation: str


class OrderOut(OutSchema):
    """An instruction and what became of it."""

    id: UUID
    position_id: UUID
    side: str
    qty: DecimalOut
    status: str
    reason: str
    broker: str
    client_order_id: str
    idempotency_key: str | None
    request_signature: str | None
    commission_rate: DecimalOut
    filled_qty: DecimalOut
    avg_fill_price: DecimalOut | None
    commission: DecimalOut
    created_at: datetime
    updated_at: datetime


class OrderIn(InSchema):
    """An order by hand. Without a price it is decided on the market, for `manual` on the anchor."""

    side: Side
    qty: QtyIn
    price: PriceIn | None = None


class FillIn(InSchema):
    """One execution as it happened. Without a commission the order's rate applies; without a time, now."""

    execution_id: Annotated[str, Field(pattern=r"^[ -~]{1,120}$")]
    qty: QtyIn
    price: PriceIn
    commission: MoneyIn | None = None
    executed_at: MomentIn | None = None


class OrderPage(OutSchema):
    """One page of orders, newest first."""

    items: list[OrderOut]
    count: int


class EvaluationOut(OutSchema):
    """One evaluation. A dry run has no event and no order."""

    event_id: UUID | None
    position_id: UUID
    quote: QuoteOut | None
    decision: DecisionOut
    order: OrderOut | None


class ReplayOut(OutSchema):
    """A recorded decision beside the one that its inputs give now."""

    identical: bool
    recorded: dict[str, Any]
    recomputed: dict[str, Any]
