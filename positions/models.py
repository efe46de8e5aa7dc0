"""A cell's state and its history."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import F, Q

from accounts.models import Tenant
from accounts.prepared import Prepared, Slot
from accounts.transactions import for_update, require_unit_of_work, the_row
from positions.event_types import EventType
from volbal.numbers import MONEY_LIMIT, QTY_LIMIT
from volbal.values import PositionState


def money_field(**options: Any) -> models.DecimalField[Any, Any]:
    """A column for dollars or dollars per share: 15 digits, 6 after the point."""
    return models.DecimalField(max_digits=15, decimal_places=6, **options)


def qty_field(**options: Any) -> models.DecimalField[Any, Any]:
    """A column for shares: 15 digits, 8 after the point."""
    return models.DecimalField(max_digits=15, decimal_places=8, **options)


def rate_field(**options: Any) -> models.DecimalField[Any, Any]:
    """A column for a fraction such as a commission: 15 digits, 8 after the point."""
    return models.DecimalField(max_digits=15, decimal_places=8, **options)


class PositionStatus(models.TextChoices):
    """Active positions are evaluated; paused ones wait for a person; closed ones are history."""

    ACTIVE = "active"
    PAUSED = "paused"
    CLOSED = "closed"


class PositionQuerySet(models.QuerySet["Position"]):
    """Reads, named as the trade names them."""

    def of_tenant(self, tenant: Tenant) -> PositionQuerySet:
        return self.filter(tenant=tenant)

    def in_ledger_order(self) -> PositionQuerySet:
        return self.order_by("tenant__name", "number")


class PositionManager(models.Manager["Position"]):
    """Reads of one position by its id, which take no other filter along."""

    def lock(self, position_id: uuid.UUID, *, tenant_id: uuid.UUID | None = None) -> Position:
        """Lock one position until the unit of work ends: the mutex of everything done to it.

        With `tenant_id` only if it is that tenant's: another's is not even waited for. Raises NotFound.
        """
        require_unit_of_work()
        if tenant_id is None:
            return the_row(_LOCKED.first(id=position_id), "position")
        return the_row(_LOCKED_OF_TENANT.first(id=position_id, tenant_id=tenant_id), "position")

    def read(self, position_id: uuid.UUID, *, tenant_id: uuid.UUID | None = None) -> Position:
        """Read one position, with `tenant_id` only if it is that tenant's. Raises NotFound."""
        if tenant_id is None:
            return the_row(_ANY.first(id=position_id), "position")
        return the_row(_OF_TENANT.first(id=position_id, tenant_id=tenant_id), "position")


class Position(models.Model):
    """One cell: shares of one ticker with the cash reserved for them, and what open orders hold of both.

    The row is the mutex for evaluating, trading, dividends, cash, anchor and settings.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="positions")
    number = models.PositiveIntegerField(editable=False)
    ticker = models.CharField(max_length=12)
    qty = qty_field(default=Decimal(0))
    cash = money_field(default=Decimal(0))
    dividend_receivable = money_field(default=Decimal(0))
    anchor_price = money_field(null=True, blank=True)
    reserved_cash = money_field(default=Decimal(0))
    reserved_qty = qty_field(default=Decimal(0))
    withholding_tax_rate = rate_field(null=True, blank=True)
    status = models.CharField(max_length=10, choices=PositionStatus.choices, default=PositionStatus.ACTIVE)
    broker = models.CharField(max_length=40, default="paper")
    market_provider = models.CharField(max_length=40)
    opened_date = models.DateField()
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = PositionManager.from_queryset(PositionQuerySet)()

    class Meta:
        indexes = [
            # Every page tells what kinds of cells there are.
            models.Index(fields=["tenant", "status", "broker", "market_provider"], name="position_by_kind"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "number"], name="position_number_once"),
            models.CheckConstraint(
                condition=Q(cash__gte=0, cash__lt=MONEY_LIMIT), name="position_cash_in_range"
            ),
            models.CheckConstraint(condition=Q(qty__gte=0, qty__lt=QTY_LIMIT), name="position_qty_in_range"),
            models.CheckConstraint(
                condition=Q(dividend_receivable__gte=0, dividend_receivable__lt=MONEY_LIMIT),
                name="position_receivable_in_range",
            ),
            models.CheckConstraint(
                condition=Q(reserved_cash__gte=0, reserved_cash__lte=F("cash")),
                name="position_reserved_cash_covered",
            ),
            models.CheckConstraint(
                condition=Q(reserved_qty__gte=0, reserved_qty__lte=F("qty")),
                name="position_reserved_qty_covered",
            ),
            models.CheckConstraint(
                condition=Q(anchor_price__isnull=True) | Q(anchor_price__gt=0, anchor_price__lt=MONEY_LIMIT),
                name="position_anchor_above_zero",
            ),
            models.CheckConstraint(
                condition=Q(withholding_tax_rate__isnull=True)
                | Q(withholding_tax_rate__gte=0, withholding_tax_rate__lte=1),
                name="position_withholding_is_a_fraction",
            ),
            models.CheckConstraint(
                condition=Q(status__in=PositionStatus.values), name="position_status_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.ticker} #{self.number}"

    @property
    def effective_cash(self) -> Decimal:
        """Cash plus the dividends that are certain but not yet paid."""
        return self.state().get_effective_cash()

    def state(self) -> PositionState:
        """Return the value that the rules decide on."""
        return PositionState(
            ticker=self.ticker,
            qty=self.qty,
            cash=self.cash,
            dividend_receivable=self.dividend_receivable,
            anchor_price=self.anchor_price,
        )


def _one(**also: Slot) -> models.QuerySet[Position]:
    return Position.objects.filter(pk=Slot("id", models.UUIDField()), **also)


_ANY = Prepared(_one)
_OF_TENANT = Prepared(lambda: _one(tenant=Slot("tenant_id", models.UUIDField())))
_LOCKED = Prepared(lambda: for_update(_one()))
_LOCKED_OF_TENANT = Prepared(lambda: for_update(_one(tenant=Slot("tenant_id", models.UUIDField()))))


class ChainHead(models.Model):
    """Where an append-only chain ends: its last number and hash. Locked while rows are appended."""

    chain = models.CharField(max_length=60, primary_key=True)
    seq = models.PositiveIntegerField(default=0)
    hash = models.CharField(max_length=64, blank=True, default="")

    def __str__(self) -> str:
        return f"{self.chain} at {self.seq}"


class ChainedRow(models.Model):
    """A row of an append-only chain; its hash covers every other column and the hash before."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    chain = models.CharField(max_length=60)
    seq = models.PositiveIntegerField()
    prev_hash = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64)

    class Meta:
        abstract = True


class EventScope(models.TextChoices):
    """Whose chain an event stands in."""

    POSITION = "POSITION"
    TENANT = "TENANT"
    GLOBAL = "GLOBAL"


class Event(ChainedRow):
    """Why something happened: what was known (`inputs`), what followed (`outputs`), in plain words."""

    scope = models.CharField(max_length=10, choices=EventScope.choices)
    # Their own indexes would only repeat the beginnings of those below, in the table that grows most.
    tenant = models.ForeignKey(
        Tenant, on_delete=models.PROTECT, null=True, related_name="events", db_index=False
    )
    position = models.ForeignKey(
        Position, on_delete=models.PROTECT, null=True, related_name="events", db_index=False
    )
    type = models.CharField(max_length=40, choices=EventType.choices)
    ts = models.DateTimeField()
    actor = models.CharField(max_length=150)
    request_id = models.CharField(max_length=64, blank=True)
    message = models.TextField()
    inputs = models.JSONField()
    outputs = models.JSONField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["chain", "seq"], name="event_seq_once"),
            # The commonest first: SQLite sorts the list anew for every row that it has to look for in it.
            models.CheckConstraint(
                condition=Q(type=EventType.POSITION_EVALUATED) | Q(type__in=EventType.values),
                name="event_type_known",
            ),
            models.CheckConstraint(
                condition=Q(scope=EventScope.POSITION, tenant__isnull=False, position__isnull=False)
                | Q(scope=EventScope.TENANT, tenant__isnull=False, position__isnull=True)
                | Q(scope=EventScope.GLOBAL, tenant__isnull=True, position__isnull=True),
                name="event_scope_matches",
            ),
        ]
        indexes = [
            # Evaluations are nearly all there is, and are found by their chain: see positions/history.py.
            models.Index(
                fields=["position", "type", "seq"],
                condition=~Q(type=EventType.POSITION_EVALUATED),
                name="event_by_kind",
            ),
            # A tick writes thousands at one moment; lists go on in the order of chains and numbers.
            models.Index(fields=["tenant", "ts", "chain", "seq"], name="event_by_moment"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.chain}#{self.seq}"


class CauseKind(models.TextChoices):
    """What moved the money or the shares; with the cause's id it leads to the whole story."""

    OPENING = "opening"
    CASH = "cash"
    ADJUSTMENT = "adjustment"
    TRADE = "trade"
    EX_DIVIDEND = "ex_dividend"
    DIVIDEND_PAYMENT = "dividend_payment"
    SPLIT = "split"


class JournalEntry(ChainedRow):
    """How much: one change of cash, shares or receivable, its cause, and the balances after it."""

    position = models.ForeignKey(Position, on_delete=models.PROTECT, related_name="journal")
    at = models.DateTimeField()
    cause_kind = models.CharField(max_length=20, choices=CauseKind.choices)
    cause_id = models.CharField(max_length=64)
    cash_delta = money_field()
    qty_delta = qty_field()
    receivable_delta = money_field()
    cash_after = money_field()
    qty_after = qty_field()
    receivable_after = money_field()

    class Meta:
        verbose_name_plural = "journal entries"
        constraints = [
            models.UniqueConstraint(fields=["chain", "seq"], name="journal_seq_once"),
            models.CheckConstraint(
                condition=Q(cash_after__gte=0, qty_after__gte=0, receivable_after__gte=0),
                name="journal_balances_not_negative",
            ),
            models.CheckConstraint(condition=Q(cause_kind__in=CauseKind.values), name="journal_cause_known"),
        ]
        indexes = [models.Index(fields=["position", "seq"], name="journal_by_position")]

    def __str__(self) -> str:
        return f"{self.cause_kind} {self.chain}#{self.seq}"
