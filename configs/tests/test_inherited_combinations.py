"""Settings that are fine by themselves and make no sense for someone who inherits them."""

from decimal import Decimal

import pytest

from accounts.transactions import unit_of_work
from configs.models import GuardrailConfig, OrderPolicyConfig
from configs.tests.builders import set_global, set_position, set_tenant
from positions.models import Event
from positions.services import close_position
from positions.tests.builders import make_position, make_stamp, make_tenant
from volbal.errors import InvalidConfig

pytestmark = pytest.mark.django_db


def books():
    """Everything a refused change could have touched."""
    rows = [*GuardrailConfig.objects.values(), *OrderPolicyConfig.objects.values()]
    return rows, Event.objects.count()


def test_a_minimum_for_all_that_passes_a_positions_maximum_is_refused_naming_the_position():
    position = make_position(make_tenant("acme"), ticker="IBM")
    set_position(position, "guardrail", max_stock_pct=Decimal(50))
    before = books()

    with pytest.raises(InvalidConfig, match=r"^Position IBM #1 of acme: min_stock_pct must be below"):
        set_global("guardrail", min_stock_pct=Decimal(60))

    assert books() == before


def test_a_minimum_for_all_that_passes_a_tenants_maximum_is_refused_naming_the_tenant():
    set_tenant(make_tenant("acme"), "guardrail", max_stock_pct=Decimal(50))
    before = books()

    with pytest.raises(InvalidConfig, match=r"^Tenant acme: "):
        set_global("guardrail", min_stock_pct=Decimal(60))

    assert books() == before


def test_a_tenants_step_that_does_not_divide_its_positions_lot_is_refused():
    position = make_position(make_tenant("acme"))
    set_position(position, "order_policy", lot_size=Decimal(10))
    before = books()

    with pytest.raises(InvalidConfig, match=r"^Position IBM #1 of acme: lot_size must be a multiple"):
        set_tenant(position.tenant, "order_policy", qty_step=Decimal(4))

    assert books() == before


def test_a_position_may_not_pass_what_it_inherits():
    position = make_position()
    set_tenant(position.tenant, "guardrail", min_stock_pct=Decimal(60))
    before = books()

    with pytest.raises(InvalidConfig, match="Position IBM"):
        set_position(position, "guardrail", max_stock_pct=Decimal(60))

    assert books() == before


def test_clearing_is_checked_like_setting():
    position = make_position()
    set_position(position, "guardrail", min_stock_pct=Decimal(80), max_stock_pct=Decimal(90))
    before = books()

    with pytest.raises(InvalidConfig):
        set_position(position, "guardrail", max_stock_pct=None)

    assert books() == before


def test_a_tenant_that_overrides_what_changes_is_not_in_the_way():
    position = make_position()
    set_tenant(position.tenant, "guardrail", min_stock_pct=Decimal(10))
    set_position(position, "guardrail", max_stock_pct=Decimal(50))

    set_global("guardrail", min_stock_pct=Decimal(60))


def test_other_tenants_are_not_in_the_way_of_a_tenant():
    set_position(make_position(make_tenant("other")), "guardrail", max_stock_pct=Decimal(50))

    set_tenant(make_tenant("acme"), "guardrail", min_stock_pct=Decimal(60))


def test_closed_positions_are_not_in_the_way():
    position = make_position()
    set_position(position, "guardrail", max_stock_pct=Decimal(50))
    with unit_of_work():
        close_position(position_id=position.pk, stamp=make_stamp())

    set_global("guardrail", min_stock_pct=Decimal(60))
