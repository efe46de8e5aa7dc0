"""Settings at three scopes, and commission rates at three of their own. Null inherits."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, ClassVar
from uuid import UUID

from django.db import models
from django.db.models import ExpressionWrapper, F, Q, Value
from django.db.models.functions import Cast, NullIf, Round
from django.db.models.lookups import Exact

from accounts.models import Tenant
from configs.limit_fields import STORED_NO_LIMIT, DecimalLimitField, WholeLimitField
from positions.models import Position
from volbal.numbers import QTY_PLACES
from volbal.values import BelowMin


class Scope(models.TextChoices):
    """Whose settings: everyone's, a tenant's, or one position's."""

    GLOBAL = "GLOBAL"
    TENANT = "TENANT"
    POSITION = "POSITION"


class CommissionScope(models.TextChoices):
    """What a commission rate is for: everything, a tenant, or one ticker of a tenant's."""

    GLOBAL = "GLOBAL"
    TENANT = "TENANT"
    TENANT_ASSET = "TENANT_ASSET"


def optional_decimal(places: int = 6) -> models.DecimalField[Any, Any]:
    """A column of 15 digits that may inherit."""
    return models.DecimalField(max_digits=15, decimal_places=places, null=True, blank=True)


def refuse_unless(name: str, condition: Q | Exact, message: str) -> models.CheckConstraint:
    """A CHECK named for the model that it stands in. What is null passes."""
    return models.CheckConstraint(
        condition=condition, name=f"%(class)s_{name}", violation_error_message=message
    )


def not_negative(*names: str) -> list[models.CheckConstraint]:
    """One CHECK a column: at least 0."""
    return [
        refuse_unless(f"{name}_not_negative", Q(**{f"{name}__gte": 0}), f"{name} may not be negative.")
        for name in names
    ]


def limit_or_none(*names: str) -> list[models.CheckConstraint]:
    """One CHECK a limit: at least 0, or the number that stands for "none"."""
    return [
        refuse_unless(
            f"{name}_a_limit",
            Q(**{f"{name}__gte": 0}) | Q(**{name: STORED_NO_LIMIT}),
            f"{name} may not be negative.",
        )
        for name in names
    ]


def _ticks(name: str) -> Cast:
    """A quantity counted in its last place: of whole numbers every database knows the remainder."""
    scaled = ExpressionWrapper(F(name) * 10**QTY_PLACES, models.DecimalField(max_digits=23, decimal_places=8))
    return Cast(Round(scaled), models.BigIntegerField())


class SettingQuerySet(models.QuerySet[Any]):
    """Reads, named for whom the rows concern."""

    def about(self, positions: Collection[Position]) -> SettingQuerySet:
        """Every row that one of `positions` takes something from."""
        return self.filter(
            Q(scope=Scope.GLOBAL)
            | Q(tenant_id__in={position.tenant_id for position in positions})
            | Q(position_id__in=[position.pk for position in positions])
        )

    def about_one(self, position_id: object, tenant_id: object) -> SettingQuerySet:
        """Every row that one position takes something from."""
        return self.filter(Q(scope=Scope.GLOBAL) | Q(tenant_id=tenant_id) | Q(position_id=position_id))

    def about_those_between(self, first: object, last: object) -> SettingQuerySet:
        """Every row of positions with ids from `first` to `last`, of any tenant, and the GLOBAL one."""
        return self.filter(~Q(scope=Scope.POSITION) | Q(position_id__gte=first, position_id__lte=last))

    def of_tenant_and_below(self, tenant_id: UUID) -> SettingQuerySet:
        """A tenant's row, those of its positions, and the GLOBAL one they all inherit from."""
        return self.filter(Q(scope=Scope.GLOBAL) | Q(tenant_id=tenant_id) | Q(position__tenant_id=tenant_id))


class SettingRow(models.Model):
    """One scope's say in one group of settings; a null field inherits from the scope above.

    A POSITION row names its position only: the tenant is the position's.
    """

    scope = models.CharField(max_length=10, choices=Scope.choices)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, null=True, blank=True)
    position = models.ForeignKey(Position, on_delete=models.PROTECT, null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects: ClassVar[SettingQuerySet] = SettingQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        abstract = True
        constraints = [
            refuse_unless(
                "scope_matches",
                Q(scope=Scope.GLOBAL, tenant__isnull=True, position__isnull=True)
                | Q(scope=Scope.TENANT, tenant__isnull=False, position__isnull=True)
                | Q(scope=Scope.POSITION, tenant__isnull=True, position__isnull=False),
                "GLOBAL takes no tenant and no position, TENANT a tenant, POSITION a position.",
            ),
            models.UniqueConstraint(
                fields=["scope"], condition=Q(scope=Scope.GLOBAL), name="%(class)s_one_global"
            ),
            models.UniqueConstraint(
                fields=["tenant"], condition=Q(scope=Scope.TENANT), name="%(class)s_one_per_tenant"
            ),
            models.UniqueConstraint(
                fields=["position"], condition=Q(scope=Scope.POSITION), name="%(class)s_one_per_position"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.scope} {self.position or self.tenant or ''}".strip()

    @property
    def owner_key(self) -> UUID | None:
        """The id of the tenant or position it belongs to; None for GLOBAL."""
        return self.position_id or self.tenant_id


class TriggerConfig(SettingRow):
    """Thresholds in % of the anchor, at one scope."""

    up_threshold_pct = optional_decimal()
    down_threshold_pct = optional_decimal()

    class Meta(SettingRow.Meta):
        constraints = [
            *SettingRow.Meta.constraints,
            *(
                refuse_unless(
                    f"{name}_in_range",
                    Q(**{f"{name}__gt": 0, f"{name}__lt": 100}),
                    f"{name} must be above 0 and below 100.",
                )
                for name in ("up_threshold_pct", "down_threshold_pct")
            ),
        ]


class GuardrailConfig(SettingRow):
    """The band for the stock share in %, and the caps on trading, at one scope."""

    min_stock_pct = optional_decimal()
    max_stock_pct = optional_decimal()
    max_trade_pct_of_position = DecimalLimitField(max_digits=15, decimal_places=6, null=True, blank=True)
    max_daily_notional = DecimalLimitField(max_digits=15, decimal_places=6, null=True, blank=True)
    max_orders_per_day = WholeLimitField(null=True, blank=True)

    class Meta(SettingRow.Meta):
        constraints = [
            *SettingRow.Meta.constraints,
            refuse_unless(
                "min_in_range",
                Q(min_stock_pct__gte=0, min_stock_pct__lte=100),
                "min_stock_pct must be within 0 and 100.",
            ),
            refuse_unless(
                "max_in_range",
                Q(max_stock_pct__gte=0, max_stock_pct__lte=100),
                "max_stock_pct must be within 0 and 100.",
            ),
            refuse_unless(
                "min_below_max",
                Q(min_stock_pct__lt=F("max_stock_pct")),
                "min_stock_pct must be below max_stock_pct.",
            ),
            *limit_or_none("max_trade_pct_of_position", "max_daily_notional", "max_orders_per_day"),
        ]


class OrderPolicyConfig(SettingRow):
    """How trades are sized, rounded and paid, at one scope; `commission_rate` only at POSITION."""

    min_qty = optional_decimal(8)
    min_notional = optional_decimal()
    lot_size = optional_decimal(8)
    qty_step = optional_decimal(8)
    action_below_min = models.CharField(
        max_length=10, null=True, blank=True, choices=[(word.value, word.value) for word in BelowMin]
    )
    rebalance_ratio = optional_decimal()
    order_sizing_strategy = models.CharField(max_length=60, null=True, blank=True)
    allow_after_hours = models.BooleanField(null=True, blank=True)
    commission_rate = optional_decimal(8)
    slippage_bps = optional_decimal(4)

    class Meta(SettingRow.Meta):
        constraints = [
            *SettingRow.Meta.constraints,
            refuse_unless(
                "lot_of_steps",
                Exact(_ticks("lot_size") % NullIf(_ticks("qty_step"), Value(0)), 0),
                "lot_size must be a multiple of qty_step.",
            ),
            *not_negative("min_qty", "min_notional", "lot_size", "qty_step"),
            refuse_unless(
                "below_min_known",
                Q(action_below_min__in=[word.value for word in BelowMin]),
                "action_below_min: choose hold, reject or clip.",
            ),
            refuse_unless("ratio_above_zero", Q(rebalance_ratio__gt=0), "rebalance_ratio must be above 0."),
            refuse_unless(
                "rate_in_range",
                Q(commission_rate__gte=0, commission_rate__lt=1),
                "commission_rate must be at least 0 and below 1.",
            ),
            refuse_unless(
                "rate_at_position",
                Q(commission_rate__isnull=True) | Q(scope=Scope.POSITION),
                "commission_rate stands here only at POSITION scope.",
            ),
            refuse_unless(
                "slippage_in_range",
                Q(slippage_bps__gte=0, slippage_bps__lt=10_000),
                "slippage_bps must be at least 0 and below 10000.",
            ),
        ]


class CommissionRateQuerySet(models.QuerySet["CommissionRate"]):
    """Reads, named for whom the rates are."""

    def about(self, tenant_ids: Collection[UUID], tickers: Collection[str]) -> CommissionRateQuerySet:
        """Every rate that a position of one of these tenants and tickers may pay."""
        return self.filter(rate__isnull=False).filter(
            Q(scope=CommissionScope.GLOBAL)
            | Q(scope=CommissionScope.TENANT, tenant_id__in=tenant_ids)
            | Q(scope=CommissionScope.TENANT_ASSET, tenant_id__in=tenant_ids, ticker__in=tickers)
        )

    def of_tenant(self, tenant_id: UUID) -> CommissionRateQuerySet:
        """Every rate that a tenant may pay."""
        return self.filter(rate__isnull=False).filter(
            Q(scope=CommissionScope.GLOBAL) | Q(tenant_id=tenant_id)
        )

    def about_one(self, tenant_id: object, ticker: object) -> CommissionRateQuerySet:
        """Every rate that a position of this tenant and ticker may pay."""
        return self.filter(rate__isnull=False).filter(
            Q(scope=CommissionScope.GLOBAL)
            | Q(scope=CommissionScope.TENANT, tenant_id=tenant_id)
            | Q(scope=CommissionScope.TENANT_ASSET, tenant_id=tenant_id, ticker=ticker)
        )


class CommissionRate(models.Model):
    """What a trade costs as a fraction of its notional (0.0001 is 1 bp), at one scope; null inherits."""

    scope = models.CharField(max_length=12, choices=CommissionScope.choices)
    tenant = models.ForeignKey(
        Tenant, on_delete=models.PROTECT, null=True, blank=True, related_name="commission_rates"
    )
    ticker = models.CharField(max_length=12, null=True, blank=True)
    rate = optional_decimal(8)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects: ClassVar[CommissionRateQuerySet] = CommissionRateQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            refuse_unless(
                "scope_matches",
                Q(scope=CommissionScope.GLOBAL, tenant__isnull=True, ticker__isnull=True)
                | Q(scope=CommissionScope.TENANT, tenant__isnull=False, ticker__isnull=True)
                | Q(
                    scope=CommissionScope.TENANT_ASSET,
                    tenant__isnull=False,
                    ticker__isnull=False,
                    ticker__gt="",
                ),
                "GLOBAL takes no tenant and no ticker, TENANT a tenant, TENANT_ASSET both.",
            ),
            refuse_unless("in_range", Q(rate__gte=0, rate__lt=1), "A rate is at least 0 and below 1."),
            models.UniqueConstraint(
                fields=["scope"], condition=Q(scope=CommissionScope.GLOBAL), name="commissionrate_one_global"
            ),
            models.UniqueConstraint(
                fields=["tenant"],
                condition=Q(scope=CommissionScope.TENANT),
                name="commissionrate_one_per_tenant",
            ),
            models.UniqueConstraint(
                fields=["tenant", "ticker"],
                condition=Q(scope=CommissionScope.TENANT_ASSET),
                name="commissionrate_one_per_tenant_and_ticker",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.scope} {self.tenant or ''} {self.ticker or ''}".strip()
