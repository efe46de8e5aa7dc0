"""Pages on which an owner connects an account at a broker, confirms it, compares it and lets it go."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from accounts.errors import NotFound
from accounts.forms import ConfirmForm
from accounts.models import Role
from accounts.page_access import page, password_asked, tenant_seen, user_stamp
from accounts.page_forms import ActionForm
from accounts.page_once import Done, form_page
from accounts.transactions import read_one
from orders.broker_accounts import BrokerAccount, has_accounts
from orders.brokers.base import Environment
from orders.connection_models import BrokerConnection
from orders.connections import (
    accounts_broker,
    confirm_account,
    connect_account,
    disconnect_account,
    login_from,
    look_again,
    look_at_account,
    words_to_type,
)
from orders.differences import open_differences
from orders.models import BrokerDifference
from orders.real_money import unreal_data_faults_of
from positions.models import PositionStatus
from volbal.numbers import ZERO

ENVIRONMENTS = {
    Environment.PAPER: "Paper: the broker's practice account, no real money",
    Environment.LIVE: "Live: your own money",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What the account holds of one thing beside what the cells add up to."""

    name: str
    cells: Decimal
    account: Decimal | None

    @property
    def is_short(self) -> bool:
        """Whether the account holds less than the cells have on their books."""
        return self.account is not None and self.account < self.cells


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """An account as its page shows it."""

    connection: BrokerConnection
    cash: Line
    shares: list[Line]
    differences: list[BrokerDifference]
    cells: int
    open_orders: int


class ConnectForm(ActionForm):
    """Which account, and the login to it; its fields are the broker's."""

    environment = forms.ChoiceField(label="Which account?", widget=forms.RadioSelect)

    def __init__(self, *args: Any, broker: str, **options: Any) -> None:
        super().__init__(*args, **options)
        at = accounts_broker(broker)
        choices = [(one.value, ENVIRONMENTS[one]) for one in at.environments]
        self.fields["environment"] = forms.ChoiceField(
            label="Which account?", choices=choices, widget=forms.RadioSelect
        )
        for field in at.credential_fields:
            # "secret" in its name: such entries are never kept while somebody logs in again.
            hidden = forms.PasswordInput(attrs={"autocomplete": "off", "spellcheck": "false"})
            self.fields[f"secret_{field.name}"] = forms.CharField(
                label=field.label, max_length=200, widget=hidden
            )


class GoLiveForm(ActionForm):
    """The checklist's end: the account's words, typed."""

    confirmation = forms.CharField(label="Type the words in bold", max_length=80)


@page()
def broker_accounts(request: HttpRequest) -> HttpResponse:
    tenant = tenant_seen(request)
    rows = BrokerConnection.objects.in_force().filter(tenant=tenant).order_by("connected_at")
    shown = [shown_account(row) for row in rows]
    taken = {row.broker for row in rows}
    names = [name for name in _brokers_with_accounts() if name not in taken]
    return render(request, "orders/accounts.html", {"accounts": shown, "brokers": names})


@page(Role.OWNER, password_again=True)
def connect(request: HttpRequest) -> HttpResponse:
    """Connects at the broker that the address names, without a name at the first that has accounts."""
    broker = request.GET.get("broker") or next(iter(_brokers_with_accounts()), "")
    if broker not in _brokers_with_accounts():
        raise NotFound("There is no such broker.")
    tenant = tenant_seen(request)

    def prepare(said: dict[str, Any]) -> dict[str, Any]:
        typed = {
            name.removeprefix("secret_"): text for name, text in said.items() if name.startswith("secret_")
        }
        login = login_from(said["environment"], typed)
        return {"login": login, "sight": look_at_account(broker, login)}

    def act(said: dict[str, Any]) -> Done:
        connection = connect_account(tenant=tenant, broker=broker, stamp=user_stamp(request), **said)
        return Done(
            message=f"Connected: {connection}. Go through the checklist before it trades.",
            location=reverse("confirm_account", args=[connection.pk]),
        )

    return form_page(
        request,
        "orders/connect_account.html",
        ConnectForm,
        act,
        {"broker": broker},
        prepare=prepare,
        broker=broker,
    )


@page(Role.OWNER)
def confirm(request: HttpRequest, connection_id: UUID) -> HttpResponse:
    connection = _connection_of(request, connection_id)

    def prepare(said: dict[str, Any]) -> dict[str, Any]:
        return {"typed": said["confirmation"], "sight": look_again(connection)}

    def act(said: dict[str, Any]) -> Done:
        tenant_id, stamp = connection.tenant_id, user_stamp(request)
        confirm_account(tenant_id=tenant_id, connection_id=connection.pk, stamp=stamp, **said)
        return Done(
            message=f"Confirmed: cells may trade at {connection}.", location=reverse("broker_accounts")
        )

    context = {"account": shown_account(connection), "words": words_to_type(connection)}
    context["points"] = checklist(context["account"])  # type: ignore[arg-type]
    return password_asked(request) or form_page(
        request, "orders/confirm_account.html", GoLiveForm, act, context, prepare=prepare
    )


@page(Role.OWNER)
def disconnect(request: HttpRequest, connection_id: UUID) -> HttpResponse:
    connection = _connection_of(request, connection_id)

    def act(_: dict[str, Any]) -> Done:
        tenant_id, stamp = connection.tenant_id, user_stamp(request)
        disconnect_account(tenant_id=tenant_id, connection_id=connection.pk, stamp=stamp)
        return Done(message=f"Disconnected: {connection}.", location=reverse("broker_accounts"))

    context = {"account": shown_account(connection)}
    return form_page(request, "orders/disconnect_account.html", ConfirmForm, act, context)


def shown_account(connection: BrokerConnection) -> Shown:
    """Return what an account held when it was last looked at, beside what its cells add up to now."""
    account = BrokerAccount(broker=connection.broker, connection=connection)
    cells = account.positions().exclude(status=PositionStatus.CLOSED)
    cash, shares = ZERO, defaultdict[str, Decimal](Decimal)
    for ticker, qty, dollars in cells.values_list("ticker", "qty", "cash"):
        shares[ticker] += qty
        cash += dollars
    seen = {ticker: Decimal(qty) for ticker, qty in connection.seen_shares.items()}
    there = Decimal(connection.seen_cash) if connection.seen_cash else None
    return Shown(
        connection=connection,
        cash=Line(name="Cash", cells=cash, account=there),
        shares=[
            Line(name=ticker, cells=shares.get(ticker, ZERO), account=seen.get(ticker, ZERO))
            for ticker in sorted({*shares, *seen})
        ],
        differences=list(open_differences(account.broker, account.subject)),
        cells=cells.count(),
        open_orders=account.orders().open().count(),
    )


def checklist(shown: Shown) -> list[tuple[bool, str]]:
    """Return what should hold before orders go to an account, each with whether it does."""
    connection = shown.connection
    is_short = shown.cash.is_short or any(line.is_short for line in shown.shares)
    unreal = unreal_data_faults_of(connection.broker, connection.tenant_id)
    return [
        (True, f"The broker answers to the login, and says that it is {connection.account_number}."),
        (not unreal, f"Its cells go by live prices{f': {unreal}' if unreal else ''}."),
        (not is_short, "The account holds at least the cash and shares that its cells have on their books."),
        (not shown.differences, "Nothing is unexplained between its books and ours."),
    ]


def _brokers_with_accounts() -> list[str]:
    return [name for name in sorted(settings.BROKERS) if has_accounts(name)]


def _connection_of(request: HttpRequest, connection_id: UUID) -> BrokerConnection:
    rows = BrokerConnection.objects.in_force().filter(tenant=tenant_seen(request), pk=connection_id)
    return read_one(rows, "account")
