"""Whom to ask about an order or a cell: a broker, or one account at a broker that has accounts.

Brokers without accounts are one instance a process (`broker_named`); an account's is made anew of its
connection each time, so that what was disconnected is asked no more. Both have a key, a line of text that
tasks and breakers go by.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import cast
from uuid import UUID

from django.core.exceptions import ImproperlyConfigured

from orders.brokers import broker_named
from orders.brokers.base import Broker, BrokerWithAccounts, Environment, Login, NoAnswer
from orders.connection_models import BrokerConnection
from orders.models import Order, OrderQuerySet
from orders.sealing import Unreadable, unseal
from positions.models import Position, PositionQuerySet
from volbal.errors import OutOfRange


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerAccount:
    """A broker, and where it has accounts the one that a tenant has connected."""

    broker: str
    connection: BrokerConnection | None = None

    @property
    def key(self) -> str:
        """The broker's name, with an account's connection behind it."""
        return self.broker if self.connection is None else f"{self.broker}/{self.connection.pk}"

    @property
    def subject(self) -> str:
        """What tells an account's differences from another's; "" without accounts."""
        return "" if self.connection is None else str(self.connection.pk)

    @property
    def holds_more(self) -> bool:
        """Whether it may hold what is no cell's: an investor's account may, our own broker's may not."""
        return self.connection is not None

    def orders(self) -> OrderQuerySet:
        """Return the orders that are, or were, sent there."""
        rows = Order.objects.filter(broker=self.broker)
        return rows if self.connection is None else rows.filter(tenant=self.connection.tenant_id)

    def positions(self) -> PositionQuerySet:
        """Return the cells that trade there."""
        rows = Position.objects.filter(broker=self.broker)
        return rows if self.connection is None else rows.filter(tenant=self.connection.tenant_id)

    def adapter(self) -> Broker:
        """Return what speaks to it. Raises NoAnswer if its login can't be read."""
        broker = broker_named(self.broker)
        if self.connection is None:
            return broker
        return cast(BrokerWithAccounts, broker).connected(login_of(self.connection))


def has_accounts(broker: str) -> bool:
    """Say whether tenants have accounts of their own at a broker. Raises OutOfRange for an unknown one."""
    return hasattr(broker_named(broker), "connected")


def account_of(broker: str, tenant_id: UUID) -> BrokerAccount:
    """Return where a tenant's orders at a broker are. Raises NoAnswer without a connected account."""
    if not has_accounts(broker):
        return BrokerAccount(broker=broker)
    connection = BrokerConnection.objects.in_force().filter(broker=broker, tenant=tenant_id).first()
    if connection is None:
        raise NoAnswer("no account is connected")
    return BrokerAccount(broker=broker, connection=connection)


def account_named(key: str) -> BrokerAccount:
    """Return the account of a key. Raises OutOfRange for an unknown broker or one that isn't connected."""
    name, _, connection_id = key.partition("/")
    if not has_accounts(name):
        return BrokerAccount(broker=name)
    wanted = _uuid(connection_id)
    rows = BrokerConnection.objects.in_force().filter(broker=name)
    found = None if wanted is None else rows.filter(pk=wanted).first()
    if found is None:
        raise OutOfRange(f"broker: {key} is no account that is connected.", field="broker")
    return BrokerAccount(broker=name, connection=found)


def accounts_at(brokers: Iterable[str]) -> list[BrokerAccount]:
    """Return what is to be asked at some brokers: each itself, or the accounts connected there."""
    found = []
    for name in sorted(set(brokers)):
        if has_accounts(name):
            rows = BrokerConnection.objects.in_force().filter(broker=name).order_by("pk")
            found += [BrokerAccount(broker=name, connection=row) for row in rows]
        else:
            found.append(BrokerAccount(broker=name))
    return found


def tenants_trading(broker: str, tenant_ids: Iterable[UUID]) -> set[UUID]:
    """Return which of some tenants may trade at a broker: all where it has no accounts, none if unknown."""
    wanted = set(tenant_ids)
    try:
        if not has_accounts(broker):
            return wanted
    except OutOfRange:
        return set()
    rows = BrokerConnection.objects.trading().filter(broker=broker, tenant__in=wanted)
    return set(rows.values_list("tenant_id", flat=True))


def login_of(connection: BrokerConnection) -> Login:
    """Return the way into an account. Raises NoAnswer if no key of ours opens it."""
    try:
        said = unseal(connection.credentials, row=connection.pk)
    except (Unreadable, ImproperlyConfigured) as error:
        raise NoAnswer(f"its login can't be read: {error}") from None
    return Login(environment=Environment(connection.environment), secrets=said)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
