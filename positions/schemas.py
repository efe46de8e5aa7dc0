"""The shapes of positions and their history in the API."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from accounts.api_types import (
    DecimalOut,
    InSchema,
    MoneyIn,
    OutSchema,
    PriceIn,
    QtyIn,
    RateIn,
    SignedMoneyIn,
    SignedQtyIn,
    TickerIn,
    text_in,
)
from positions.services import LONGEST_REASON

ReasonIn: Any = text_in(LONGEST_REASON)


class PositionIn(InSchema):
    """A new cell. Without an anchor it waits until one is set."""

    ticker: TickerIn
    qty: QtyIn
    cash: MoneyIn
    anchor_price: PriceIn | None = None
    withholding_tax_rate: RateIn | None = None
    broker: str = "paper"


class PositionChange(InSchema):
    """What may be changed of a cell; a field that is left out stays."""

    status: Literal["active", "paused", "closed"] | None = None
    broker: str | None = None
    withholding_tax_rate: RateIn | None = None


class AnchorIn(InSchema):
    """A new anchor, dollars per share."""

    price: PriceIn


class CashIn(InSchema):
    """Dollars to deposit; negative withdraws."""

    amount: SignedMoneyIn


class AdjustmentIn(InSchema):
    """A correction of the books: signed dollars, signed shares or both, and why."""

    cash: SignedMoneyIn | None = None
    qty: SignedQtyIn | None = None
    reason: ReasonIn


class PositionOut(OutSchema):
    """A cell as it is now."""

    id: UUID
    ticker: str
    qty: DecimalOut
    cash: DecimalOut
    anchor_price: DecimalOut | None
    dividend_receivable: DecimalOut
    effective_cash: DecimalOut
    reserved_cash: DecimalOut
    reserved_qty: DecimalOut
    withholding_tax_rate: DecimalOut | None
    status: str
    broker: str
    created_at: datetime
    updated_at: datetime


class PositionPage(OutSchema):
    """One page of cells."""

    items: list[PositionOut]
    count: int


class EventOut(OutSchema):
    """Why something happened."""

    id: UUID
    seq: int
    type: str
    ts: datetime
    actor: str
    request_id: str
    message: str
    inputs: dict[str, Any]
    outputs: dict[str, Any]


class EventPage(OutSchema):
    """Newest first; `next` is the cursor of the following page, null at the end."""

    items: list[EventOut]
    next: str | None
