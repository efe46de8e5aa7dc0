"""What is set anywhere that concerns a position, read in one query."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, NamedTuple
from uuid import UUID

from django.db import models
from django.db.models import Q, Value
from django.db.models.functions import Cast

from accounts.prepared import Prepared, Slot
from configs.models import (
    CommissionRate,
    GuardrailConfig,
    OrderPolicyConfig,
    Scope,
    SettingRow,
    TriggerConfig,
)
from positions.models import Position
from volbal.fields import GROUPS

MODELS: dict[str, type[SettingRow]] = {
    "trigger": TriggerConfig,
    "guardrail": GuardrailConfig,
    "order_policy": OrderPolicyConfig,
}
COMMISSION_RATE = "commission_rate"
RATES = "rates"
_FIELDS = [(group, name) for group, fields in GROUPS.items() for name in fields]
_NAMES = [name for _, name in _FIELDS]


class Found(NamedTuple):
    """One scope's say in one group, or (group RATES) one commission rate, as `commission_rate` and ticker."""

    group: str
    scope: str
    tenant_id: UUID | None
    position_id: UUID | None
    ticker: str | None
    values: dict[str, Any]


def rows_about_one(position: Position) -> Iterator[Found]:
    """Read all that one position takes something from."""
    return _found(_ABOUT_ONE.rows(pk=position.pk, tenant_id=position.tenant_id, ticker=position.ticker))


def rows_about(positions: Collection[Position]) -> Iterator[Found]:
    """Read all that some positions take something from."""
    settings = {group: model._default_manager.about(positions) for group, model in MODELS.items()}
    tenants, tickers = {p.tenant_id for p in positions}, {p.ticker for p in positions}
    return _found(_on_top_of_each_other(settings, CommissionRate.objects.about(tenants, tickers)))


def rows_between(first: UUID, last: UUID) -> Iterator[Found]:
    """Read all that positions with ids from `first` to `last` may take something from, whosever they are."""
    return _found(_BETWEEN.rows(first=first, last=last))


def rows_of_tenant(tenant_id: UUID, ticker: str = "") -> Iterator[Found]:
    """Read all that a tenant itself takes something from, and its rate of a ticker, "" for none."""
    return _found(_OF_TENANT.rows(tenant_id=tenant_id, ticker=ticker))


def _found(rows: Iterable[tuple[Any, ...]]) -> Iterator[Found]:
    for group, scope, tenant_id, position_id, ticker, *values in rows:
        yield Found(group, scope, tenant_id, position_id, ticker, dict(zip(_NAMES, values, strict=True)))


def _about_any_one() -> models.QuerySet[Any, Any]:
    position_id, tenant_id = Slot("pk", models.UUIDField()), Slot("tenant_id", models.UUIDField())
    ticker = Slot("ticker", models.CharField())
    return _on_top_of_each_other(
        {group: model._default_manager.about_one(position_id, tenant_id) for group, model in MODELS.items()},
        CommissionRate.objects.about_one(tenant_id, ticker),
    )


def _of_any_tenant() -> models.QuerySet[Any, Any]:
    tenant_id, ticker = Slot("tenant_id", models.UUIDField()), Slot("ticker", models.CharField())
    return _on_top_of_each_other(
        {
            group: model._default_manager.filter(Q(scope=Scope.GLOBAL) | Q(tenant_id=tenant_id))
            for group, model in MODELS.items()
        },
        CommissionRate.objects.about_one(tenant_id, ticker),
    )


def _about_any_between() -> models.QuerySet[Any, Any]:
    first, last = Slot("first", models.UUIDField()), Slot("last", models.UUIDField())
    return _on_top_of_each_other(
        {group: model._default_manager.about_those_between(first, last) for group, model in MODELS.items()},
        CommissionRate.objects.filter(rate__isnull=False),
    )


def _on_top_of_each_other(
    settings: Mapping[str, models.QuerySet[Any]], rates: models.QuerySet[Any]
) -> models.QuerySet[Any, Any]:
    """Unite three kinds of settings and the rates: a column for each setting there is."""
    first, *others = [_columns(rows, group) for group, rows in {**settings, RATES: rates}.items()]
    return first.union(*others, all=True)  # the first one says of what type each column is


def _columns(rows: models.QuerySet[Any], group: str) -> models.QuerySet[Any, Any]:
    own = {name: name for name in GROUPS[group]} if group in GROUPS else {COMMISSION_RATE: "rate"}
    return rows.values_list(
        Value(group),
        "scope",
        "tenant_id",
        _nothing(models.UUIDField(), group) if group == RATES else "position_id",
        "ticker" if group == RATES else _nothing(models.CharField(max_length=12), group),
        *(
            own[name] if name in own else _nothing(MODELS[of]._meta.get_field(name), group)
            for of, name in _FIELDS
        ),
    )


def _nothing(field: Any, group: str) -> Cast | Value:
    """A null. PostgreSQL wants all parts of a union alike, and takes their types from the first."""
    null = Value(None, output_field=field)
    return Cast(null, output_field=field) if group == next(iter(MODELS)) else null


_ABOUT_ONE = Prepared(_about_any_one)
_OF_TENANT = Prepared(_of_any_tenant)
_BETWEEN = Prepared(_about_any_between)
