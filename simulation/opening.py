"""The page on which a cell is opened: what it holds, a preset, what the last years would have looked like."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse

from accounts.models import Role, Tenant
from accounts.page_access import has_role, page, password_asked, tenant_seen
from accounts.page_forms import ActionForm, DecimalTextField, MoneyField, PriceField
from accounts.page_once import LIVE, LOOK_FIELD, Done, form_page
from accounts.page_words import dollars, shares
from configs.layers import effective_for_new
from configs.looks import Outcome, outcome_of
from configs.models import Scope
from configs.resolver import EffectiveConfig
from configs.services import apply_preset
from configs.words import PRESETS as PRESET_WORDS
from market.providers.registry import provider
from market.quotes import checked_quotes
from orders.brokers import broker_named
from orders.terms import broker_choices
from positions.cell_pages import address_of, cell_stamp
from positions.services import open_position
from simulation.hindsight import Hindsight, hindsight
from volbal.errors import OutOfRange, StaleQuote, VolbalError
from volbal.fields import PRESETS, read_ticker
from volbal.fills import notional_of, require_in_range
from volbal.guardrails import stock_pct
from volbal.numbers import QTY_PLACES, exact, qty_down, require_price
from volbal.policy import check_config
from volbal.trading_day import trading_date
from volbal.values import MarketQuote, PositionState

DOLLARS = "dollars"
CLASSIC = "classic"
PROVIDERS = {
    "yfinance": "Live prices by Yahoo Finance",
    "replay": "Prices of the past, played again",
    "static": "Prices set by hand, for trying things out",
}


def provider_choices() -> list[tuple[str, str]]:
    """Return the sources of prices, the installation's own first; those for tests only where they are it."""
    own = settings.MARKET_PROVIDER
    others = sorted(name for name in settings.MARKET_PROVIDERS if name not in (own, "static"))
    return [(name, PROVIDERS.get(name, name)) for name in (own, *others)]


class OpeningForm(ActionForm):
    """A new cell."""

    ticker = forms.CharField(label="Ticker", max_length=12, help_text="Like IBM or BRK.B.")
    unit = forms.ChoiceField(
        label="The shares in it are given in",
        choices=[("shares", "Shares"), (DOLLARS, "Dollars")],
        initial="shares",
        widget=forms.RadioSelect,
    )
    qty = DecimalTextField(
        label="How much stock",
        places=QTY_PLACES,
        help_text="What you put into this cell. 0 is fine.",
    )
    cash = MoneyField(label="Starting cash", help_text="What it may buy with. 0 is fine.")
    price = PriceField(label="Price per share", required=False, help_text="Empty: the market's price of now.")
    anchor_price = PriceField(
        label="Anchor",
        required=False,
        help_text="What trades are measured from. Empty: the price above.",
    )
    preset = forms.ChoiceField(
        label="How it trades",
        choices=[(name, f"{PRESET_WORDS[name].label}. {PRESET_WORDS[name].help}") for name in PRESETS],
        initial=CLASSIC,
        widget=forms.RadioSelect,
    )
    broker = forms.ChoiceField(label="Broker", initial="paper", widget=forms.RadioSelect)
    market_provider = forms.ChoiceField(label="Prices", choices=provider_choices, widget=forms.RadioSelect)

    def __init__(self, *args: Any, may_be_real: bool, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["broker"].choices = broker_choices(may_be_real=may_be_real)  # type: ignore[attr-defined]
        self.fields["market_provider"].initial = settings.MARKET_PROVIDER

    def clean_ticker(self) -> str:
        try:
            return read_ticker(self.cleaned_data["ticker"].strip())
        except VolbalError as error:
            raise forms.ValidationError(error.detail) from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """A cell as it would be opened, with the price that dollars were converted at."""

    state: PositionState
    price: Decimal
    quote: MarketQuote | None
    effective: EffectiveConfig
    preset: str
    broker: str
    market_provider: str

    @property
    def stock(self) -> Decimal:
        """What the shares are worth, in dollars."""
        return notional_of(self.state.qty, self.price)

    @property
    def value(self) -> Decimal:
        """What the cell is worth, in dollars."""
        return self.stock + self.state.cash

    @property
    def stock_pct(self) -> Decimal | None:
        """The share of stock in percent points."""
        return stock_pct(self.state, self.price)

    @property
    def outcome(self) -> Outcome:
        """What the settings mean for it."""
        return outcome_of(self.state, self.effective)


@page(Role.TRADER)
def new_position(request: HttpRequest) -> HttpResponse:
    """Three steps: the entries, what the last years would have looked like, and opening it."""
    tenant = tenant_seen(request)

    def prepare(said: dict[str, Any]) -> dict[str, Any]:
        return {"opening": opening_of(request, tenant, said)}

    def act(said: dict[str, Any]) -> Done:
        opening: Opening = said["opening"]
        stamp = cell_stamp(request, opening.market_provider)
        position = open_position(
            tenant_id=tenant.pk,
            ticker=opening.state.ticker,
            qty=opening.state.qty,
            cash=opening.state.cash,
            anchor_price=opening.state.anchor_price,
            broker=opening.broker,
            market_provider=opening.market_provider,
            stamp=stamp,
        )
        if opening.preset != CLASSIC:
            apply_preset(name=opening.preset, scope=Scope.POSITION, position_id=position.pk, stamp=stamp)
        what = f"{shares(position.qty)} and {dollars(position.cash)} of cash"
        return Done(message=f"{position.ticker} is open, with {what}.", location=address_of(position))

    def look(said: dict[str, Any]) -> dict[str, Any]:
        opening = opening_of(request, tenant, said)
        if request.POST[LOOK_FIELD] == LIVE:
            return {"opening": opening}
        return {"opening": opening, "is_ready": True, "hindsight": _hindsight(request, opening)}

    return _password_to_go_live(request) or form_page(
        request,
        "simulation/opening.html",
        OpeningForm,
        act,
        prepare=prepare,
        look=look,
        may_be_real=has_role(request, Role.OWNER),
    )


def opening_of(request: HttpRequest, tenant: Tenant, said: dict[str, Any]) -> Opening:
    """Return the cell that the entries mean, at the price given or else the market's, which is asked.

    Raises StaleQuote without a price, OutOfRange for more than the books keep, InvalidConfig.
    """
    quote = None if said["price"] is not None else _market_price(request, said)
    price = said["price"] if quote is None else quote.price
    require_price(price, "price")
    anchor = said["anchor_price"]
    state = PositionState(
        ticker=said["ticker"],
        qty=_shares(said, price),
        cash=said["cash"],
        anchor_price=price if anchor is None else require_price(anchor, "anchor_price"),
    )
    effective = effective_for_new(tenant, said["ticker"], PRESETS[said["preset"]])
    check_config(effective.trigger, effective.guardrail, effective.order_policy)
    _require_live_prices(said)
    return Opening(
        state=require_in_range(state),
        price=price,
        quote=quote,
        effective=effective,
        preset=said["preset"],
        broker=said["broker"],
        market_provider=said["market_provider"],
    )


def _market_price(request: HttpRequest, said: dict[str, Any]) -> MarketQuote:
    name, ticker = said["market_provider"], said["ticker"]
    at = cell_stamp(request, name).at
    quote = checked_quotes(provider_name=name, tickers=[ticker], at=at)[ticker].quote
    if quote is None:
        raise StaleQuote(f"There is no price of {ticker} to be had now. Type one.", field="price")
    return quote


def _shares(said: dict[str, Any], price: Decimal) -> Decimal:
    amount: Decimal = said["qty"]
    if said["unit"] != DOLLARS:
        return amount
    with exact():
        return qty_down(amount / price)


def _require_live_prices(said: dict[str, Any]) -> None:
    if broker_named(said["broker"]).is_real and not provider(said["market_provider"]).is_live:
        raise OutOfRange("Real money is only traded on live prices.", field="market_provider")


def _hindsight(request: HttpRequest, opening: Opening) -> Hindsight | None:
    return hindsight(
        ticker=opening.state.ticker,
        stock=opening.stock,
        cash=opening.state.cash,
        effective=opening.effective,
        until=trading_date(cell_stamp(request, opening.market_provider).at),
    )


def _password_to_go_live(request: HttpRequest) -> HttpResponse | None:
    broker = request.POST.get("broker", "")
    is_real = broker in settings.BROKERS and broker_named(broker).is_real
    return password_asked(request) if is_real else None
