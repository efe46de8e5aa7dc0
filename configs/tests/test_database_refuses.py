"""The database itself refuses what the rules refuse, for whoever comes past the services."""

from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from configs.models import CommissionRate, GuardrailConfig, OrderPolicyConfig, TriggerConfig
from positions.tests.builders import make_position, make_tenant

pytestmark = pytest.mark.django_db

BAD_VALUES = [
    (TriggerConfig, {"up_threshold_pct": 0}),
    (TriggerConfig, {"up_threshold_pct": 100}),
    (TriggerConfig, {"down_threshold_pct": -3}),
    (TriggerConfig, {"down_threshold_pct": 100}),
    (GuardrailConfig, {"min_stock_pct": -1}),
    (GuardrailConfig, {"min_stock_pct": 101}),
    (GuardrailConfig, {"max_stock_pct": -1}),
    (GuardrailConfig, {"max_stock_pct": 101}),
    (GuardrailConfig, {"min_stock_pct": 50, "max_stock_pct": 50}),
    (GuardrailConfig, {"max_trade_pct_of_position": -2}),
    (GuardrailConfig, {"max_daily_notional": Decimal("-0.5")}),
    (GuardrailConfig, {"max_orders_per_day": -2}),
    (OrderPolicyConfig, {"min_qty": -1}),
    (OrderPolicyConfig, {"min_notional": -1}),
    (OrderPolicyConfig, {"lot_size": -1}),
    (OrderPolicyConfig, {"qty_step": -1}),
    (OrderPolicyConfig, {"lot_size": 10, "qty_step": 3}),
    (OrderPolicyConfig, {"lot_size": 1, "qty_step": Decimal("0.3")}),
    (OrderPolicyConfig, {"lot_size": 1, "qty_step": Decimal("0.00000003")}),
    (OrderPolicyConfig, {"action_below_min": "ignore"}),
    (OrderPolicyConfig, {"rebalance_ratio": 0}),
    (OrderPolicyConfig, {"slippage_bps": -1}),
    (OrderPolicyConfig, {"slippage_bps": 10_000}),
    (OrderPolicyConfig, {"commission_rate": Decimal("0.1")}),
    (CommissionRate, {"rate": 1}),
    (CommissionRate, {"rate": Decimal("-0.0001")}),
]
GOOD_VALUES = [
    (TriggerConfig, {}),
    (TriggerConfig, {"up_threshold_pct": Decimal("0.000001"), "down_threshold_pct": Decimal("99.999999")}),
    (GuardrailConfig, {"min_stock_pct": 0, "max_stock_pct": 100}),
    (
        GuardrailConfig,
        {"max_trade_pct_of_position": 0, "max_daily_notional": "none", "max_orders_per_day": 0},
    ),
    (OrderPolicyConfig, {"lot_size": 10, "qty_step": 0}),
    (OrderPolicyConfig, {"lot_size": 0, "qty_step": 3}),
    (OrderPolicyConfig, {"lot_size": Decimal("0.7"), "qty_step": Decimal("0.1")}),
    (OrderPolicyConfig, {"lot_size": Decimal("9999999.99999999"), "qty_step": Decimal("0.00000001")}),
    (OrderPolicyConfig, {"rebalance_ratio": Decimal("0.000001"), "slippage_bps": Decimal("9999.9999")}),
    (CommissionRate, {"rate": Decimal("0.99999999")}),
    (CommissionRate, {"rate": None}),
]


def refused(model, **columns):
    with pytest.raises(IntegrityError), transaction.atomic():
        model.objects.create(**columns)
    return True


@pytest.mark.parametrize(("model", "columns"), BAD_VALUES)
def test_values_that_make_no_sense_are_refused(model, columns):
    assert refused(model, scope="GLOBAL", **columns)


@pytest.mark.parametrize(("model", "columns"), GOOD_VALUES)
def test_values_at_the_very_edge_are_kept_exactly(model, columns):
    pk = model.objects.create(scope="GLOBAL", **columns).pk

    row = model.objects.get(pk=pk)

    assert {name: getattr(row, name) for name in columns} == columns


@pytest.mark.parametrize("rate", [1, -1])
def test_a_positions_own_rate_stays_below_one(rate):
    assert refused(OrderPolicyConfig, scope="POSITION", position=make_position(), commission_rate=rate)


@pytest.mark.parametrize("model", [TriggerConfig, GuardrailConfig, OrderPolicyConfig])
def test_the_scope_says_whose_row_it_is(model):
    position = make_position()
    tenant = position.tenant

    assert refused(model, scope="GLOBAL", tenant=tenant)
    assert refused(model, scope="GLOBAL", position=position)
    assert refused(model, scope="TENANT")
    assert refused(model, scope="TENANT", tenant=tenant, position=position)
    assert refused(model, scope="POSITION")
    assert refused(model, scope="POSITION", tenant=tenant)
    assert refused(model, scope="POSITION", tenant=tenant, position=position)
    assert refused(model, scope="COUNTRY")


@pytest.mark.parametrize("model", [TriggerConfig, GuardrailConfig, OrderPolicyConfig])
def test_there_is_one_row_for_each_owner(model):
    position = make_position()
    for owner in (
        {"scope": "GLOBAL"},
        {"scope": "TENANT", "tenant": position.tenant},
        {"scope": "POSITION", "position": position},
    ):
        model.objects.create(**owner)
        assert refused(model, **owner)


def test_there_is_one_commission_rate_for_each_scope():
    tenant = make_tenant()
    for owner in (
        {"scope": "GLOBAL"},
        {"scope": "TENANT", "tenant": tenant},
        {"scope": "TENANT_ASSET", "tenant": tenant, "ticker": "IBM"},
    ):
        CommissionRate.objects.create(rate=Decimal("0.1"), **owner)
        assert refused(CommissionRate, rate=Decimal("0.2"), **owner)
    CommissionRate.objects.create(scope="TENANT_ASSET", tenant=tenant, ticker="MSFT", rate=Decimal("0.1"))


def test_the_scope_says_what_a_commission_rate_is_for():
    tenant = make_tenant()

    assert refused(CommissionRate, scope="GLOBAL", tenant=tenant)
    assert refused(CommissionRate, scope="GLOBAL", ticker="IBM")
    assert refused(CommissionRate, scope="TENANT")
    assert refused(CommissionRate, scope="TENANT", tenant=tenant, ticker="IBM")
    assert refused(CommissionRate, scope="TENANT_ASSET", tenant=tenant)
    assert refused(CommissionRate, scope="TENANT_ASSET", tenant=tenant, ticker="")
    assert refused(CommissionRate, scope="TENANT_ASSET", ticker="IBM")
