"""Dividends, splits, and what they did to each position."""

from __future__ import annotations

import uuid
from datetime import date
from typing import ClassVar, TypeVar

from django.db import models
from django.db.models import F, Q

from accounts.models import Tenant
from market.values import DividendFact, SplitFact
from positions.models import Position, money_field, qty_field, rate_field

Action = TypeVar("Action", bound=models.Model)


class CorporateActionQuerySet(models.QuerySet[Action]):
    """Reads of rows that have an owner."""

    def seen_by(self, tenant_id: uuid.UUID) -> CorporateActionQuerySet[Action]:
        """Keep everybody's rows and this tenant's own, each date's own row last."""
        return self.filter(Q(owner__isnull=True) | Q(owner=tenant_id)).order_by(
            F("owner").asc(nulls_first=True)
        )


class CorporateAction(models.Model):
    """A fact about a ticker. `owner` is nobody (feed, import, command) or the tenant that announced it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(Tenant, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    ticker = models.CharField(max_length=12)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        abstract = True


class Dividend(CorporateAction):
    """One cash dividend: `dps` dollars per share held before `ex_date`, paid on `pay_date`."""

    ex_date = models.DateField()
    pay_date = models.DateField()
    dps = money_field()
    currency = models.CharField(max_length=3, default="USD")
    withholding_tax_rate = rate_field(null=True, blank=True)

    objects: ClassVar[CorporateActionQuerySet[Dividend]] = CorporateActionQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["owner", "ticker", "ex_date"], name="dividend_once_per_owner"),
            models.UniqueConstraint(
                fields=["ticker", "ex_date"], condition=Q(owner__isnull=True), name="dividend_once_unowned"
            ),
            models.CheckConstraint(condition=Q(dps__gt=0), name="dividend_dps_above_zero"),
            models.CheckConstraint(
                condition=Q(pay_date__gte=F("ex_date")), name="dividend_paid_after_ex_date"
            ),
            models.CheckConstraint(condition=Q(currency="USD"), name="dividend_in_dollars"),
            models.CheckConstraint(
                condition=Q(withholding_tax_rate__isnull=True)
                | Q(withholding_tax_rate__gte=0, withholding_tax_rate__lte=1),
                name="dividend_withholding_is_a_fraction",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.ticker} {self.dps} on {self.ex_date}"

    def fact(self) -> DividendFact:
        """Return the value that the market room speaks of."""
        return DividendFact(
            ex_date=self.ex_date, pay_date=self.pay_date, dps=self.dps, currency=self.currency
        )


class Split(CorporateAction):
    """One split, effective before the open of `date`: `old_shares` become `new_shares`."""

    date = models.DateField()
    new_shares = models.PositiveIntegerField()
    old_shares = models.PositiveIntegerField()

    objects: ClassVar[CorporateActionQuerySet[Split]] = CorporateActionQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["owner", "ticker", "date"], name="split_once_per_owner"),
            models.UniqueConstraint(
                fields=["ticker", "date"], condition=Q(owner__isnull=True), name="split_once_unowned"
            ),
            models.CheckConstraint(
                condition=Q(new_shares__gt=0, old_shares__gt=0), name="split_ratio_above_zero"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.ticker} {self.new_shares}:{self.old_shares} on {self.date}"

    def fact(self) -> SplitFact:
        """Return the value that the market room speaks of."""
        return SplitFact(date=self.date, new_shares=self.new_shares, old_shares=self.old_shares)


class ReceivableStatus(models.TextChoices):
    """A receivable is certain from the ex-date and becomes cash once."""

    PENDING = "pending"
    PAID = "paid"


class ReceivableQuerySet(models.QuerySet["Receivable"]):
    """Reads, named as the trade names them."""

    def pending(self) -> ReceivableQuerySet:
        return self.filter(status=ReceivableStatus.PENDING)

    def due(self, position: Position, on: date) -> ReceivableQuerySet:
        due = self.pending().filter(position=position, dividend__pay_date__lte=on)
        return due.order_by("dividend__pay_date", "ex_date")


class Receivable(models.Model):
    """One position's claim from one dividend: `amount` dollars net, gross minus tax.

    The row also says that the ex-date has been dealt with, so it exists for no shares too.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    position = models.ForeignKey(Position, on_delete=models.PROTECT, related_name="receivables")
    dividend = models.ForeignKey(Dividend, on_delete=models.PROTECT, related_name="receivables")
    ex_date = models.DateField()
    shares = qty_field()
    gross = money_field()
    tax = money_field()
    amount = money_field()
    status = models.CharField(
        max_length=10, choices=ReceivableStatus.choices, default=ReceivableStatus.PENDING
    )
    created_at = models.DateTimeField()
    paid_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[ReceivableQuerySet] = ReceivableQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["position", "ex_date"], name="receivable_once_per_ex_date"),
            models.CheckConstraint(
                condition=Q(shares__gte=0, gross__gte=0, tax__gte=0, amount__gte=0),
                name="receivable_amounts_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(status=ReceivableStatus.PENDING, paid_at__isnull=True)
                | Q(status=ReceivableStatus.PAID, paid_at__isnull=False),
                name="receivable_paid_at_when_paid",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount} for {self.position}"


class SplitApplication(models.Model):
    """Says that a split has been applied to a position, so that it never is twice."""

    position = models.ForeignKey(Position, on_delete=models.PROTECT, related_name="splits_applied")
    split = models.ForeignKey(Split, on_delete=models.PROTECT, related_name="applications")
    date = models.DateField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["position", "date"], name="split_once_per_position"),
        ]

    def __str__(self) -> str:
        return f"{self.split} for {self.position}"
