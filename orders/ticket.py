"""The order ticket: what somebody wants to buy or sell, what it would come to, and sending it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse

from accounts.idempotency import idempotent_of
from accounts.models import Role
from accounts.page_access import page
from accounts.page_forms import ActionForm, PriceField, SharesField
from accounts.page_once import LIVE, LOOK_FIELD, Done, form_page
from accounts.page_words import dollars, shares
from configs.resolver import effective_config
from orders.hand_looks import OrderSize, look_at_order, priced
from orders.hand_orders import quote_for, submit_order
from orders.models import Order
from positions.cell_pages import about, address_of, cell_of, cell_stamp
from volbal.order_states import OrderStatus
from volbal.policy import qty_unit
from volbal.values import MarketQuote, Side

DOLLARS = "dollars"


class TicketForm(ActionForm):
    """What is to be bought or sold."""

    ways_out = {
        "order-open": "Wait until it is done, or cancel it.",
        "position-paused": "Resume the cell first.",
        "trading-halted": "An owner can let it go on.",
        "market-closed": "Wait until it opens, or allow orders after hours in the settings.",
        "stale-quote": "Try again in a moment, or type a price.",
        "missing-field": "Type one, or set an anchor.",
        "guardrail-breach": "Order less, or change the guardrails in the settings.",
        "insufficient-cash": "Buy less, or deposit first.",
        "insufficient-shares": "Sell less.",
        "daily-order-cap": "Wait for tomorrow, or raise the cap in the settings.",
        "daily-notional-cap": "Order less, or raise the cap in the settings.",
        "below-min": "Order more, or lower the smallest trade in the settings.",
    }
    side = forms.ChoiceField(
        label="Buy or sell?", choices=[(Side.BUY, "Buy"), (Side.SELL, "Sell")], widget=forms.RadioSelect
    )
    unit = forms.ChoiceField(
        label="How much in", choices=[("shares", "Shares"), (DOLLARS, "Dollars")], initial="shares"
    )
    qty = SharesField(label="How much", unit="")
    price = PriceField(
        label="Price per share",
        required=False,
        help_text="Empty: the market's price at the moment it is sent.",
    )


@page(Role.TRADER)
def order_ticket(request: HttpRequest, position_id: UUID) -> HttpResponse:
    """Two steps: the entries with what they would come to, then the order as it will be sent."""
    position = cell_of(request, position_id)
    stamp = cell_stamp(request, position.market_provider)

    def prepare(said: dict[str, Any]) -> dict[str, Any]:
        quote, gate = quote_for(position, said["price"], stamp.at)
        size = OrderSize(amount=said["qty"], in_dollars=said["unit"] == DOLLARS)
        return {"side": Side(said["side"]), "size": size, "quote": quote, "gate": gate}

    def act(said: dict[str, Any]) -> Done:
        asked, size = idempotent_of(request), said.pop("size")
        order = submit_order(
            position_id=position_id,
            qty=qty_of(size, said["quote"]),
            idempotency_key=asked.key,
            request_signature=asked.fingerprint,
            stamp=stamp,
            **said,
        )
        return Done(message=told(order), location=address_of(position), event="position-changed")

    def qty_of(size: OrderSize, quote: MarketQuote | None) -> Decimal:
        if not size.in_dollars:
            return size.amount
        unit = qty_unit(effective_config(position).order_policy)
        return size.qty_at(priced(position, quote, stamp.at).price, unit)

    def look(said: dict[str, Any]) -> dict[str, Any]:
        seen = look_at_order(position, at=stamp.at, **prepare(said))
        is_ready = seen.refusal is None and request.POST[LOOK_FIELD] != LIVE
        way_out = TicketForm.ways_out.get(seen.refusal.code, "") if seen.refusal else ""
        return {"seen": seen, "is_ready": is_ready, "way_out": way_out, "in_dollars": said["unit"] == DOLLARS}

    return form_page(
        request,
        "orders/ticket.html",
        TicketForm,
        act,
        about(position),
        prepare=prepare,
        look=look,
        keep_forever=True,
        initial=_initial(request),
    )


def told(order: Order) -> str:
    """Return what became of an order that was sent, in one sentence."""
    verb = ("buy", "Bought") if order.side == Side.BUY else ("sell", "Sold")
    if order.status == OrderStatus.FILLED and order.avg_fill_price is not None:
        price, fee = dollars(order.avg_fill_price), dollars(order.commission)
        return f"{verb[1]} {shares(order.qty)} at {price}, commission {fee}."
    if order.is_manual:
        return f"Proposed: {verb[0]} {shares(order.qty)}. Execute it, then report what was done."
    return f"The order to {verb[0]} {shares(order.qty)} is on its way."


def _initial(request: HttpRequest) -> dict[str, str]:
    """Links may say which side they mean."""
    side = request.GET.get("side", "")
    return {"side": side} if side in list(Side) else {}
