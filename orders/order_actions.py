"""Pages that do something to one order: cancel it, or report what was executed of it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse

from accounts.form_memory import KEY_FIELD
from accounts.models import Role
from accounts.page_access import page, tenant_seen
from accounts.page_forms import ActionForm, MoneyField, PriceField, SharesField
from accounts.page_once import Done, form_page
from accounts.page_words import dollars, shares
from accounts.transactions import read_one
from orders import lifecycle
from orders.brokers import broker_named
from orders.fills import book_fill, quarantine_if_a_fact
from orders.models import Order
from positions.cell_pages import about, address_of, cell_stamp
from volbal.errors import IllegalTransition, VolbalError
from volbal.fills import commission_on, notional_of
from volbal.order_states import OrderStatus
from volbal.values import Fill, Side


class CancelForm(ActionForm):
    """Nothing to fill in: the button says it."""


class FillForm(ActionForm):
    """One execution, as the broker confirmed it."""

    ways_out = {
        "execution-conflict": "The cell is paused until somebody has looked. Compare with the confirmation.",
        "overfill": "If the confirmation really says so, correct the books instead.",
        "insufficient-cash": "If it really happened, deposit first.",
        "insufficient-shares": "If it really happened, correct the books first.",
    }
    qty = SharesField(label="Shares executed")
    price = PriceField(label="Price per share")
    commission = MoneyField(label="Commission", required=False, help_text="Empty: by the order's rate.")
    execution_id = forms.CharField(
        label="Number of the confirmation",
        required=False,
        max_length=120,
        help_text="The same number is never booked twice. Empty: this form gets one of its own.",
    )


@page(Role.TRADER)
def cancel_order(request: HttpRequest, order_id: UUID) -> HttpResponse:
    order = order_of(request, order_id)
    stamp = cell_stamp(request, order.position.market_provider)

    def act(said: dict[str, Any]) -> Done:
        done = lifecycle.cancel_order(order_id=order_id, stamp=stamp)
        cancelled = done.status == OrderStatus.CANCELLED
        what = "The order is cancelled." if cancelled else "The broker is asked to cancel the order."
        return Done(message=what, location=address_of(order.position), event="position-changed")

    context = about(order.position, order=order)
    return form_page(request, "orders/cancel.html", CancelForm, act, context, keep_forever=True)


@page(Role.TRADER)
def report_fill(request: HttpRequest, order_id: UUID) -> HttpResponse:
    """For orders whose executions nobody else reports: proposals, and brokers that can't be asked."""
    order = order_of(request, order_id)
    stamp = cell_stamp(request, order.position.market_provider)
    if not is_reported_by_hand(order):
        raise IllegalTransition("The broker itself reports what it executes.")

    def prepare(said: dict[str, Any]) -> dict[str, Any]:
        return {"fill": _fill_of(order, said), "execution_id": said["execution_id"] or _own_id(request)}

    def act(said: dict[str, Any]) -> Done:
        trade = book_fill(order_id=order_id, executed_at=stamp.at, stamp=stamp, **said)
        verb = "Bought" if trade.side == Side.BUY else "Sold"
        what = (
            f"{verb} {shares(trade.qty)} at {dollars(trade.price)}, commission {dollars(trade.commission)}."
        )
        return Done(message=what, location=address_of(order.position), event="position-changed")

    def keep(said: dict[str, Any], error: VolbalError) -> None:
        quarantine_if_a_fact(order_id, said["fill"], said["execution_id"], error, stamp=stamp)

    return form_page(
        request,
        "orders/fill.html",
        FillForm,
        act,
        about(order.position, order=order, rest=order.qty - order.filled_qty),
        prepare=prepare,
        on_refusal=keep,
        keep_forever=True,
        initial={"qty": order.qty - order.filled_qty, "price": order.price},
    )


def order_of(request: HttpRequest, order_id: UUID) -> Order:
    """Return one of the orders of the tenant that is seen; another's is NotFound like a random id."""
    orders = Order.objects.select_related("position").filter(tenant=tenant_seen(request))
    return read_one(orders.filter(pk=order_id), "order")


def is_reported_by_hand(order: Order) -> bool:
    """Say whether a person tells what was executed of the order."""
    broker = broker_named(order.broker)
    return not (broker.in_process or broker.finds_by_client_id)


def _fill_of(order: Order, said: dict[str, Any]) -> Fill:
    commission = said["commission"]
    if commission is None:
        commission = commission_on(notional_of(said["qty"], said["price"]), order.commission_rate)
    return Fill(side=Side(order.side), qty=said["qty"], price=said["price"], commission=commission)


def _own_id(request: HttpRequest) -> str:
    """Return an execution's number made of the form's key, so that it is one however often it is sent."""
    return str(request.POST.get(KEY_FIELD, ""))
