"""Connecting accounts at brokers: looking first, then keeping the login, confirming, disconnecting."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import cast
from uuid import UUID, uuid4

from django.db import IntegrityError
from django.utils import timezone

from accounts.models import Tenant
from accounts.transactions import Stamp, current_unit, lock_one, require_no_transaction
from orders.broker_accounts import has_accounts, login_of
from orders.brokers import broker_named
from orders.brokers.base import AccountFacts, BrokerWithAccounts, Environment, Holdings, Login
from orders.connection_models import BrokerConnection
from orders.models import Order
from orders.reconcile_holdings import keep_seen
from orders.sealing import seal
from positions.event_types import EventType
from positions.events import record_event
from positions.models import Position, PositionStatus
from positions.services import pause
from volbal.errors import Conflict, OutOfRange
from volbal.numbers import ZERO

# What fits into a header, and nothing that could end one.
SECRET = re.compile(r"[!-~]{1,200}\Z")
MOST_SKEW_S = 30


class AccountInUse(Conflict):
    """An account is connected once, and not let go while it is worked with."""

    code = "account-in-use"
    title = "The account is in use"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What an account says of itself, and what it holds; `skew_s` is how far its clock is ahead of ours."""

    facts: AccountFacts
    holdings: Holdings
    skew_s: float
    seen_at: datetime


def accounts_broker(name: str) -> BrokerWithAccounts:
    """Return a broker that has accounts. Raises OutOfRange for another."""
    if not has_accounts(name):
        raise OutOfRange(f"broker: {name} has no accounts to connect.", field="broker")
    return cast(BrokerWithAccounts, broker_named(name))


def look_at_account(broker: str, login: Login) -> Sight:
    """Ask an account what it is. Raises OutOfRange if it gives no answer, InsideTransaction.

    What is asked with a login that a person typed just now must not say more of it than that it isn't taken.
    """
    require_no_transaction()
    if not all(SECRET.match(secret) for secret in login.secrets.values()):
        raise OutOfRange("A login has no blanks, and no other letters than those of English.")
    at = accounts_broker(broker).connected(login)
    try:
        facts, holdings = at.account(), at.holdings()
    except OSError as error:
        raise OutOfRange(f"The account gave no answer to this login: {error}.") from None
    now = timezone.now()
    skew_s = (facts.clock - now).total_seconds()
    return Sight(facts=facts, holdings=holdings or Holdings(shares={}), skew_s=skew_s, seen_at=now)


def look_again(connection: BrokerConnection) -> Sight:
    """Ask a connected account what it is now. Raises OutOfRange, also if it may not trade."""
    try:
        sight = look_at_account(connection.broker, login_of(connection))
    except OSError as error:
        raise OutOfRange(f"The account can't be asked: {error}.") from None
    if sight.facts.number != connection.account_number:
        raise OutOfRange("The login leads to another account now. Disconnect it, and connect the other.")
    if sight.facts.why_not:
        raise OutOfRange(f"The broker doesn't let this account trade: {sight.facts.why_not}.")
    if abs(sight.skew_s) > MOST_SKEW_S:
        raise OutOfRange(f"The broker's clock and ours differ by {sight.skew_s:.0f} s. Set ours first.")
    return sight


def connect_account(
    *, tenant: Tenant, broker: str, login: Login, sight: Sight, stamp: Stamp
) -> BrokerConnection:
    """Keep a login, encrypted, and whose account it leads to, inside the caller's unit of work.

    Nothing is sent there until it is confirmed. Raises AccountInUse, NoSealingKey.
    """
    connection = BrokerConnection(
        id=uuid4(),
        tenant=tenant,
        broker=broker,
        environment=login.environment,
        account_number=sight.facts.number,
        connected_at=stamp.at,
        connected_by=stamp.actor,
    )
    connection.credentials = seal(login.secrets, row=connection.pk)
    try:
        with current_unit().savepoint():
            connection.save(force_insert=True)
    except IntegrityError:
        raise AccountInUse(
            "You have an account at this broker, or this one is connected already. Disconnect it first."
        ) from None
    keep_seen(connection.pk, sight.holdings, sight.seen_at)
    _tell(connection, "Connected", "not yet to be traded at", stamp)
    return connection


def confirm_account(
    *, tenant_id: UUID, connection_id: UUID, typed: str, sight: Sight, stamp: Stamp
) -> BrokerConnection:
    """Let cells trade at an account that its owner has looked at.

    Raises NotFound, or OutOfRange for other words or an account that holds less than its cells have.
    """
    connection = lock_connection(tenant_id, connection_id)
    if typed.strip() != words_to_type(connection):
        raise OutOfRange(f"Type {words_to_type(connection)}, as it stands there.", field="confirmation")
    require_enough(connection, sight.holdings)
    if connection.confirmed_at is None:
        connection.confirmed_at, connection.confirmed_by = stamp.at, stamp.actor
        connection.save(update_fields=["confirmed_at", "confirmed_by"])
        _tell(connection, "Confirmed", "cells may trade at", stamp)
    keep_seen(connection.pk, sight.holdings, sight.seen_at)
    return connection


def disconnect_account(*, tenant_id: UUID, connection_id: UUID, stamp: Stamp) -> BrokerConnection:
    """Forget a login for good and pause the cells that traded there, inside the caller's unit of work.

    Raises NotFound, AccountInUse while an order is open there: nobody could ask what became of it.
    """
    found = BrokerConnection.objects.in_force().filter(tenant=tenant_id, pk=connection_id)
    broker = found.values_list("broker", flat=True).first() or ""
    cells = Position.objects.filter(tenant=tenant_id, broker=broker).exclude(status=PositionStatus.CLOSED)
    for position_id in list(cells.order_by("pk").values_list("pk", flat=True)):
        pause(Position.objects.lock(position_id), "its account was disconnected", stamp=stamp)
    if Order.objects.open().filter(tenant=tenant_id, broker=broker).exists():
        raise AccountInUse("An order is open there. Wait for its end, or cancel it first.")
    connection = lock_connection(tenant_id, connection_id)
    connection.credentials = ""
    connection.disconnected_at, connection.disconnected_by = stamp.at, stamp.actor
    connection.save(update_fields=["credentials", "disconnected_at", "disconnected_by"])
    _tell(connection, "Disconnected", "no longer to be traded at", stamp)
    return connection


def lock_connection(tenant_id: UUID, connection_id: UUID) -> BrokerConnection:
    """Lock a tenant's connection that is in force. Raises NotFound."""
    rows = BrokerConnection.objects.in_force().filter(tenant=tenant_id, pk=connection_id)
    return lock_one(rows, "account")


def require_enough(connection: BrokerConnection, there: Holdings) -> None:
    """Raise OutOfRange if an account holds less than its cells have on their books."""
    cells = Position.objects.filter(tenant=connection.tenant_id, broker=connection.broker)
    needed: dict[str, Decimal] = defaultdict(Decimal)
    for ticker, qty, cash in cells.values_list("ticker", "qty", "cash"):
        needed[ticker] += qty
        needed[""] += cash
    held = {**there.shares, **({} if there.cash is None else {"": there.cash})}
    short = [ticker or "cash" for ticker, amount in needed.items() if held.get(ticker, ZERO) < amount]
    if short:
        raise OutOfRange(f"The account holds less than its cells have on their books: {', '.join(short)}.")


def require_account(broker: str, tenant_id: UUID) -> None:
    """Raise OutOfRange unless a tenant has connected an account at the broker, where it has accounts."""
    if not has_accounts(broker):
        return
    if not BrokerConnection.objects.in_force().filter(broker=broker, tenant=tenant_id).exists():
        raise OutOfRange("Connect your account there first, under Settings.", field="broker")


def words_to_type(connection: BrokerConnection) -> str:
    """Return what an owner types to say that they mean this account, and whose money it has."""
    return f"{connection.environment} {connection.account_number}"


def login_from(environment: str, said: Mapping[str, str]) -> Login:
    """Return the way into an account as somebody typed it."""
    return Login(environment=Environment(environment), secrets=dict(said))


def _tell(connection: BrokerConnection, verb: str, means: str, stamp: Stamp) -> None:
    record_event(
        connection.tenant,
        EventType.CONFIG_CHANGED,
        f"{verb}: {connection}, {means} from now on.",
        stamp=stamp,
        inputs={"connection_id": connection.pk, "broker": connection.broker},
        outputs={"environment": connection.environment, "account": connection.account_number},
    )
