"""Instructions to a broker, and what became of them."""

from __future__ import annotations

import uuid
from datetime import date
from decimal import Decimal

from django.db import models
from django.db.models import F, Q

from accounts.models import Tenant
from accounts.prepared import Prepared, Slot
from accounts.transactions import for_update, the_row
from configs.models import Scope
from positions.models import Position, money_field, qty_field, rate_field
from volbal.order_states import OPEN, OrderStatus
from volbal.values import Side

STATUSES = [(status.value, status.value.replace("_", " ")) for status in OrderStatus]
# The broker whose orders a person executes.
MANUAL = "manual"
SIDES = [(side.value, side.value.lower()) for side in Side]


class OrderQuerySet(models.QuerySet["Order"]):
    """Reads, named as the trade names them."""

    def open(self) -> OrderQuerySet:
        return self.filter(status__in=sorted(OPEN))


class OrderManager(models.Manager["Order"]):
    """Reads of an order by its id, or of a position's, which take no other filter along."""

    def open_or_of_day(self, position: Position, day: date) -> list[Order]:
        """Read what counts today: a position's orders of that New York date, and those still open."""
        return _OPEN_OR_OF_DAY.rows(position=position.pk, day=day)

    def has_open(self, position: Position) -> bool:
        """Say whether an order of the position can still be executed."""
        return bool(_OPEN.rows(position=position.pk))

    def lock_with_position(self, order_id: uuid.UUID) -> Order:
        """Lock the order's position, then the order. Raises NotFound."""
        position = Position.objects.lock(the_row(_POSITION_OF.first(id=order_id), "order")[0])
        order = the_row(_LOCKED.first(id=order_id), "order")
        order.position = position
        return order


class Order(models.Model):
    """One instruction to buy or sell: a market order for the day, decided at `price`.

    `reserved_cash` and `reserved_qty` are what it still holds of its position. `reason` is why it was made,
    or why it was rejected.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    position = models.ForeignKey(Position, on_delete=models.PROTECT, related_name="orders")
    side = models.CharField(max_length=4, choices=SIDES)
    qty = qty_field()
    price = money_field(null=True)
    status = models.CharField(max_length=20, choices=STATUSES, default=OrderStatus.NEW)
    reason = models.CharField(max_length=200, blank=True)
    broker = models.CharField(max_length=40)
    client_order_id = models.CharField(max_length=64, unique=True)
    idempotency_key = models.CharField(max_length=255, null=True, blank=True)
    request_signature = models.CharField(max_length=64, null=True, blank=True)
    commission_rate = rate_field()
    filled_qty = qty_field(default=Decimal(0))
    filled_notional = money_field(default=Decimal(0))
    avg_fill_price = money_field(null=True, blank=True)
    commission = money_field(default=Decimal(0))
    reserved_cash = money_field(default=Decimal(0))
    reserved_qty = qty_field(default=Decimal(0))
    trading_date = models.DateField()
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField(auto_now=True)

    objects = OrderManager.from_queryset(OrderQuerySet)()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["position"], condition=Q(status__in=sorted(OPEN)), name="order_one_open_per_position"
            ),
            models.UniqueConstraint(
                fields=["position", "trading_date"],
                condition=Q(status=OrderStatus.REJECTED, reason="below_min"),
                name="order_one_below_min_per_day",
            ),
            models.CheckConstraint(condition=Q(qty__gt=0), name="order_qty_above_zero"),
            models.CheckConstraint(
                condition=Q(price__isnull=True) | Q(price__gt=0), name="order_price_above_zero"
            ),
            models.CheckConstraint(
                condition=Q(filled_qty__gte=0, filled_qty__lte=F("qty")), name="order_not_overfilled"
            ),
            models.CheckConstraint(
                condition=Q(commission__gte=0, commission_rate__gte=0, commission_rate__lt=1),
                name="order_commission_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(reserved_cash__gte=0, reserved_qty__gte=0), name="order_reserves_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(status__in=sorted(OPEN)) | Q(reserved_cash=0, reserved_qty=0),
                name="order_finished_reserves_nothing",
            ),
            models.CheckConstraint(
                condition=Q(status__in=[s.value for s in OrderStatus]), name="order_status_known"
            ),
            models.CheckConstraint(condition=Q(side__in=[s.value for s in Side]), name="order_side_known"),
        ]
        indexes = [
            models.Index(fields=["position", "trading_date"], name="order_by_day"),
            models.Index(fields=["position", "status"], name="order_by_status"),
        ]

    def __str__(self) -> str:
        return f"{self.side} {self.qty} ({self.status})"

    def facts(self) -> dict[str, object]:
        """Return what identifies it in an event."""
        return {
            "order_id": self.pk,
            "client_order_id": self.client_order_id,
            "side": self.side,
            "qty": self.qty,
            "price": self.price,
            "broker": self.broker,
            "reason": self.reason,
        }

    @property
    def is_open(self) -> bool:
        """Whether it can still be executed, as far as we know."""
        return self.status in OPEN

    @property
    def is_manual(self) -> bool:
        """Whether a person executes it."""
        return self.broker == MANUAL


def _of_day_or_open() -> models.QuerySet[Order]:
    """Not one filter with OR: that walks through all orders the position ever had."""
    of_day = _of_one().filter(trading_date=Slot("day", models.DateField()))
    return of_day.union(_of_one().open())


def _of_one() -> OrderQuerySet:
    return Order.objects.filter(position=Slot("position", models.UUIDField()))


def _one() -> models.QuerySet[Order]:
    return Order.objects.filter(pk=Slot("id", models.UUIDField()))


_OPEN_OR_OF_DAY = Prepared(_of_day_or_open)
_OPEN = Prepared(lambda: _of_one().open().values_list("pk"))
_POSITION_OF = Prepared(lambda: _one().values_list("position_id"))
_LOCKED = Prepared(lambda: for_update(_one()))


class TradingState(models.TextChoices):
    """What a switch allows: everything, sales only, nothing. Cancels and fills always pass."""

    ACTIVE = "ACTIVE"
    REDUCING = "REDUCING"
    HALTED = "HALTED"


class TradingSwitch(models.Model):
    """The kill switch of everyone (GLOBAL), of a tenant or of a position; without a row it is ACTIVE.

    `actor`, `changed_at` and `reason` tell of the last change; the events tell of all.
    """

    scope = models.CharField(max_length=10, choices=Scope.choices)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    position = models.ForeignKey(Position, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    state = models.CharField(max_length=10, choices=TradingState.choices)
    actor = models.CharField(max_length=150)
    reason = models.CharField(max_length=500)
    changed_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "trading switches"
        constraints = [
            models.CheckConstraint(
                condition=Q(scope=Scope.GLOBAL, tenant__isnull=True, position__isnull=True)
                | Q(scope=Scope.TENANT, tenant__isnull=False, position__isnull=True)
                | Q(scope=Scope.POSITION, tenant__isnull=True, position__isnull=False),
                name="switch_scope_matches",
            ),
            models.CheckConstraint(condition=Q(state__in=TradingState.values), name="switch_state_known"),
            models.UniqueConstraint(
                fields=["scope"], condition=Q(scope=Scope.GLOBAL), name="switch_one_global"
            ),
            models.UniqueConstraint(fields=["tenant"], name="switch_one_a_tenant"),
            models.UniqueConstraint(fields=["position"], name="switch_one_a_position"),
        ]

    def __str__(self) -> str:
        return f"{self.scope} {self.state}"


class Trade(models.Model):
    """One execution, booked once. Never changed: a mistake is corrected by an adjustment.

    Execution ids are a broker's within one tenant's account: two tenants' never meet.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="trades")
    position = models.ForeignKey(Position, on_delete=models.PROTECT, related_name="trades")
    broker = models.CharField(max_length=40)
    execution_id = models.CharField(max_length=120)
    side = models.CharField(max_length=4, choices=SIDES)
    qty = qty_field()
    price = money_field()
    notional = money_field()
    commission = money_field()
    executed_at = models.DateTimeField()
    booked_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "broker", "execution_id"], name="trade_execution_once"),
            models.CheckConstraint(
                condition=Q(qty__gt=0, price__gt=0, commission__gte=0), name="trade_amounts_above_zero"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.side} {self.qty} at {self.price}"
