"""Pages on which a person sets a cell's anchor, or has it evaluated now."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from accounts.models import Role
from accounts.page_access import page
from accounts.page_forms import ActionForm, PriceField
from accounts.page_once import Done, form_page
from accounts.page_words import dollars
from orders.cycle import evaluate, market_quote, preview, quote_to_decide_on
from orders.hand_looks import look_at_anchor
from positions import services
from positions.cell_pages import about, address_of, cell_of, cell_stamp

# In the address of the anchor's page: fill in the market's price.
AT_MARKET = "market"


class AnchorForm(ActionForm):
    """The price that the next trades are measured from."""

    price = PriceField(label="Anchor price", help_text="Per share. The thresholds are counted from it.")


class EvaluateForm(ActionForm):
    """Nothing to fill in: the market says the price."""


@page(Role.TRADER)
def set_anchor(request: HttpRequest, position_id: UUID) -> HttpResponse:
    position = cell_of(request, position_id)
    stamp = cell_stamp(request, position.market_provider)

    def act(said: dict[str, Any]) -> Done:
        cell = services.set_anchor(position_id=position_id, price=said["price"], stamp=stamp)
        message = f"The anchor of {cell.ticker} is now {dollars(said['price'])}."
        return Done(message=message, location=address_of(cell), event="position-changed")

    def look(said: dict[str, Any]) -> dict[str, Any]:
        return {"decision": look_at_anchor(position, said["price"], stamp.at)}

    context, initial = about(position), {}
    if request.method == "GET" and AT_MARKET in request.GET:
        context["quote"], _ = market_quote(position, stamp.at)
        context["is_without_price"] = context["quote"] is None
        initial = {"price": context["quote"].price} if context["quote"] else {}
    return form_page(request, "orders/anchor.html", AnchorForm, act, context, look=look, initial=initial)


@page(Role.TRADER)
def evaluate_now(request: HttpRequest, position_id: UUID) -> HttpResponse:
    """Evaluate on the market's price, which is fetched before the unit of work begins."""
    position = cell_of(request, position_id)
    stamp = cell_stamp(request, position.market_provider)

    def prepare(said: dict[str, Any]) -> dict[str, Any]:
        quote, gate = quote_to_decide_on(position, None, stamp.at)
        return {"quote": quote, "gate": gate}

    def act(said: dict[str, Any]) -> Done:
        done = evaluate(position_id=position_id, stamp=stamp, **said)
        location = reverse("decision", args=[done.event_id])
        return Done(message=done.decision.explanation, location=location, event="position-changed")

    def look(said: dict[str, Any]) -> dict[str, Any]:
        seen = preview(position_id=position_id, at=stamp.at, **prepare(said))
        return {"decision": seen.decision, "quote": seen.quote}

    return form_page(
        request, "orders/evaluate.html", EvaluateForm, act, about(position), prepare=prepare, look=look
    )
