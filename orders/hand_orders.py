"""Orders that a person or a program asks for."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from accounts.transactions import Stamp
from orders.brokers import broker_named
from orders.cycle import Checked, given_quote, quote_to_decide_on, send_in_process, snapshot_of
from orders.lifecycle import OrderRequest, place_order
from orders.models import MANUAL, Order
from orders.snapshot import Snapshot
from orders.switches import share_switches
from positions.models import Position
from positions.services import lock_open_position
from volbal.errors import MissingField
from volbal.hand_orders import check_hand_order
from volbal.quotes import QuoteGate
from volbal.values import MarketQuote, Side

BY_HAND = "by_hand"


def quote_for(position: Position, price: Decimal | None, at: datetime) -> Checked:
    """Return what an order by hand is decided on: the price that was given, else the market's.

    No quote where the market has no price, and for a broker of proposals, which goes by the anchor. Opens
    transactions of its own. Raises what `quote_to_decide_on` raises.
    """
    if price is None and position.broker == MANUAL:
        return None, None
    return quote_to_decide_on(position, price, at)


def submit_order(
    *,
    position_id: UUID,
    side: Side,
    qty: Decimal,
    quote: MarketQuote | None,
    stamp: Stamp,
    gate: QuoteGate | None = None,
    idempotency_key: str | None = None,
    request_signature: str | None = None,
) -> Order:
    """Place an order of `qty` shares as it was asked for, and fill it if its broker does so at once.

    `quote` and `gate` as `quote_for` returns them. Raises NotFound, PositionClosed, MissingField for a
    proposal without price and anchor, and what `volbal.hand_orders.check_hand_order` raises: then nothing
    changed.
    """
    position = lock_open_position(position_id)
    quote = quote_or_anchor(position, quote, stamp.at)
    share_switches()
    snapshot, _ = snapshot_of(position, quote, stamp.at, gate)
    price = _checked_price(snapshot, side, qty)
    request = OrderRequest(
        side=side,
        qty=qty,
        price=price,
        reason=BY_HAND,
        commission_rate=snapshot.order_policy.commission_rate,
        slippage_bps=snapshot.order_policy.slippage_bps,
        idempotency_key=idempotency_key,
        request_signature=request_signature,
    )
    order = place_order(position, request, stamp=stamp)
    if broker_named(order.broker).in_process:
        send_in_process(order, snapshot, stamp=stamp)
    return order


def _checked_price(snapshot: Snapshot, side: Side, qty: Decimal) -> Decimal:
    return check_hand_order(
        position=snapshot.position,
        side=side,
        qty=qty,
        price=None if snapshot.quote is None else snapshot.quote.price,
        guardrail=snapshot.guardrail,
        order_policy=snapshot.order_policy,
        today=snapshot.today,
        gates=snapshot.gates,
    )


def quote_or_anchor(position: Position, quote: MarketQuote | None, at: datetime) -> MarketQuote | None:
    """Return the quote; for a proposal without one the anchor. Raises MissingField if there is none."""
    if quote is not None or position.broker != MANUAL:
        return quote
    if position.anchor_price is None:
        raise MissingField("price: without an anchor the order needs one.", field="price")
    return given_quote(position.anchor_price, at)
