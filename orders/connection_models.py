"""Accounts at brokers that tenants have connected."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q

from accounts.models import Tenant
from orders.brokers.base import Environment

ENVIRONMENTS = [(one.value, one.value) for one in Environment]


class ConnectionQuerySet(models.QuerySet["BrokerConnection"]):
    """Reads, named as the trade names them."""

    def in_force(self) -> ConnectionQuerySet:
        return self.filter(disconnected_at__isnull=True)

    def trading(self) -> ConnectionQuerySet:
        return self.in_force().filter(confirmed_at__isnull=False)


class BrokerConnection(models.Model):
    """An account at a broker: a tenant has one at each broker, and an account is one tenant's.

    Nothing is sent before `confirmed_at`, when its owner went through the checklist. `credentials` is
    encrypted, and gone with the disconnection; the row stays. `seen_*` is what the account held, by ticker,
    when it was last looked at, and how far its clock was ahead of ours.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    broker = models.CharField(max_length=40)
    environment = models.CharField(max_length=10, choices=ENVIRONMENTS)
    account_number = models.CharField(max_length=64)
    credentials = models.TextField(blank=True)
    connected_at = models.DateTimeField()
    connected_by = models.CharField(max_length=150)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    confirmed_by = models.CharField(max_length=150, blank=True, default="")
    disconnected_at = models.DateTimeField(null=True, blank=True)
    disconnected_by = models.CharField(max_length=150, blank=True, default="")
    seen_at = models.DateTimeField(null=True, blank=True)
    seen_cash = models.CharField(max_length=32, blank=True, default="")
    seen_shares = models.JSONField(default=dict, blank=True)

    objects = ConnectionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "broker"],
                condition=Q(disconnected_at__isnull=True),
                name="connection_one_a_tenant_and_broker",
            ),
            models.UniqueConstraint(
                fields=["broker", "environment", "account_number"],
                condition=Q(disconnected_at__isnull=True),
                name="connection_one_an_account",
            ),
            models.CheckConstraint(
                condition=Q(environment__in=[one.value for one in Environment]),
                name="connection_environment_known",
            ),
            models.CheckConstraint(
                condition=Q(disconnected_at__isnull=True, disconnected_by="") & ~Q(credentials="")
                | Q(disconnected_at__isnull=False, credentials="") & ~Q(disconnected_by=""),
                name="connection_login_ends_with_it",
            ),
            models.CheckConstraint(
                condition=Q(confirmed_at__isnull=True, confirmed_by="")
                | (Q(confirmed_at__isnull=False) & ~Q(confirmed_by="")),
                name="connection_confirmed_by_someone",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.broker} {self.environment} {self.account_number}"

    @property
    def is_live(self) -> bool:
        """Whether it trades its owner's money."""
        return self.environment == Environment.LIVE

    @property
    def is_trading(self) -> bool:
        """Whether orders may be sent to it."""
        return self.confirmed_at is not None and self.disconnected_at is None
