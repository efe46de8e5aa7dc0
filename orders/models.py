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
from orders.connection_models import BrokerConnection
from orders.tick_models import RulesVersion, Tick, TickChunk, TickQuote, Watch
from positions.models import Position, money_field, qty_field, rate_field
from volbal.order_states import OPEN, OrderStatus
from volbal.values import Side

__all__ = [
    "BrokerConnection",
    "BrokerDifference",
    "Order",
    "RulesVersion",
    "Tick",
    "TickChunk",
    "TickQuote",
    "Trade",
    "TradingSwitch",
    "Watch",
]

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
    or why it was rejected. `redecisions` counts the orders before it whose price had moved. `tenant` is the
    position's, kept here so that a tenant's orders are read in their order, however many there are.

    On its way to a broker: `send_token` counts who took it on (only the last one's news counts) and
    `leased_until` keeps others away meanwhile; `sent_at` is when it was last sent, None while the broker
    can't have it; `acknowledged_at` when the broker first said it has it; `ask_at` when to look next. These
    five are by the wall clock, the other times by the position's market.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, db_index=False, related_name="+")
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
    slippage_bps = models.DecimalField(max_digits=9, decimal_places=4, default=Decimal(0))
    cancel_asked_by = models.CharField(max_length=150, blank=True, default="")
    redecisions = models.PositiveSmallIntegerField(default=0)
    send_token = models.PositiveIntegerField(default=0)
    sent_at = models.DateTimeField(null=True, blank=True)
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    leased_until = models.DateTimeField(null=True, blank=True)
    ask_at = models.DateTimeField(null=True, blank=True)
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
            models.Index(fields=["status", "broker"], name="order_by_work"),
            models.Index(fields=["tenant", "-created_at", "-id"], name="order_newest_of_tenant"),
            models.Index(fields=["tenant", "status"], name="order_by_tenant_status"),
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
    def may_be_at_broker(self) -> bool:
        """Whether it was sent, so that the broker may be working on it."""
        return self.sent_at is not None

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


class DifferenceKind(models.TextChoices):
    """How a broker's word and our books can differ."""

    FOREIGN_ORDER = "foreign_order", "an open order at the broker that is not ours"
    OPEN_THERE = "open_there", "open at the broker, done in our books"
    LOST_ORDER = "lost_order", "an order of ours that the broker had and has no more"
    MISSING_EXECUTION = "missing_execution", "done at the broker, with executions that it doesn't tell"
    FOREIGN_EXECUTION = "foreign_execution", "an execution of an order that is not ours"
    OTHER_EXECUTION = "other_execution", "an execution that doesn't fit our books"
    SHARES = "shares", "other shares than in our books"
    CASH = "cash", "other cash than in our books"


class BrokerDifference(models.Model):
    """A broker and our books differ, and nobody has explained it yet; nothing is ever repaired by itself.

    `account` is the connection's id where the broker has accounts, and `tenant` then whose it is.
    `subject` is what differs: an order's client id, an execution's id, a ticker, or nothing for cash. The
    position is null where it may be several; `facts` holds both sides' numbers.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    broker = models.CharField(max_length=40)
    account = models.CharField(max_length=36, blank=True, default="")
    kind = models.CharField(max_length=20, choices=DifferenceKind.choices)
    subject = models.CharField(max_length=120, blank=True)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    position = models.ForeignKey(Position, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    facts = models.JSONField()
    found_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolved_by = models.CharField(max_length=150, blank=True, default="")
    resolution = models.CharField(max_length=500, blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["broker", "account", "kind", "subject"],
                condition=Q(resolved_at__isnull=True),
                name="difference_found_once_while_open",
            ),
            models.CheckConstraint(condition=Q(kind__in=DifferenceKind.values), name="difference_kind_known"),
            models.CheckConstraint(
                condition=Q(resolved_at__isnull=True, resolved_by="", resolution="")
                | (Q(resolved_at__isnull=False) & ~Q(resolved_by="") & ~Q(resolution="")),
                name="difference_resolved_by_someone",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.broker}: {self.get_kind_display()} {self.subject}".strip()
