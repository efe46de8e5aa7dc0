"""Connected accounts for tests, made the way the pages make them but without asking anybody."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from accounts.models import Tenant
from accounts.transactions import unit_of_work
from orders.brokers.base import AccountFacts, Environment, Holdings, Login
from orders.connection_models import BrokerConnection
from orders.connections import Sight, confirm_account, connect_account, words_to_type
from orders.tests.alpaca_process import ACCOUNT, LOGIN
from positions.models import Position
from positions.tests.builders import OPENED_AT, make_stamp


def make_sight(number: str = ACCOUNT, cash: int | str = 100_000, **shares: Any) -> Sight:
    """Return what an account would say."""
    held = {ticker: Decimal(qty) for ticker, qty in shares.items()}
    return Sight(
        facts=AccountFacts(number=number, clock=OPENED_AT),
        holdings=Holdings(shares=held, cash=Decimal(cash)),
        skew_s=0.0,
        seen_at=OPENED_AT,
    )


def make_connection(
    tenant: Tenant,
    *,
    number: str = ACCOUNT,
    environment: Environment = Environment.PAPER,
    confirmed: bool = False,
    login: Login = LOGIN,
    cash: int | str = 10_000_000,
    **shares: Any,
) -> BrokerConnection:
    """Connect an account of a tenant at Alpaca, and confirm it if asked."""
    plenty = dict.fromkeys(Position.objects.values_list("ticker", flat=True), 1_000_000)
    sight = make_sight(number, cash, **(shares or plenty))
    login = Login(environment=environment, secrets=login.secrets)
    with unit_of_work():
        connection = connect_account(
            tenant=tenant, broker="alpaca", login=login, sight=sight, stamp=make_stamp()
        )
        if confirmed:
            connection = confirm_account(
                tenant_id=tenant.pk,
                connection_id=connection.pk,
                typed=words_to_type(connection),
                sight=sight,
                stamp=make_stamp(),
            )
    return connection
