"""The page on which an owner chooses a cell's broker and its withholding tax."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse

from accounts.models import Role
from accounts.page_access import page, password_asked
from accounts.page_forms import ActionForm, RateField
from accounts.page_once import Done, form_page
from orders.brokers import broker_named
from orders.connections import require_account
from positions import services
from positions.cell_pages import about, address_of, cell_of, cell_stamp

BROKERS = {
    "paper": "Paper: filled at once at the price decided on, no real money",
    "manual": "By hand: orders are proposals, you execute them and report what was done",
    "alpaca": "Alpaca: your own account there, paper or live, connected under Settings",
    "paper_http": "Paper server: a simulated broker over the network, no real money",
}


def broker_choices(*, may_be_real: bool = True) -> list[tuple[str, str]]:
    """Return the brokers that there are, with a few words each."""
    names = [name for name in sorted(settings.BROKERS) if may_be_real or not broker_named(name).is_real]
    return [(name, BROKERS.get(name, _words(name))) for name in names]


def _words(name: str) -> str:
    return f"{name}: real money" if broker_named(name).is_real else name


class TermsForm(ActionForm):
    """How a cell's orders are executed, and what is withheld of its dividends."""

    broker = forms.ChoiceField(label="Broker", choices=broker_choices, widget=forms.RadioSelect)
    withholding_tax_rate = RateField(
        label="Withholding tax on dividends",
        required=False,
        help_text="Empty: what the dividend says, else 25 %.",
    )


@page(Role.OWNER)
def position_terms(request: HttpRequest, position_id: UUID) -> HttpResponse:
    """Asks for the password again: this is where a cell goes live."""
    position = cell_of(request, position_id)
    stamp = cell_stamp(request, position.market_provider)

    def act(said: dict[str, Any]) -> Done:
        require_account(said["broker"], position.tenant_id)
        changes = {name: said[name] for name in ("broker", "withholding_tax_rate")}
        cell = services.change_position(position_id=position_id, changes=changes, stamp=stamp)
        message = f"{cell.ticker} trades by {cell.broker}."
        return Done(message=message, location=address_of(cell), event="position-changed")

    initial = {"broker": position.broker, "withholding_tax_rate": position.withholding_tax_rate}
    return password_asked(request) or form_page(
        request, "orders/terms.html", TermsForm, act, about(position), initial=initial
    )
