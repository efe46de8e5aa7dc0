from decimal import Decimal

import pytest

from configs.models import CommissionRate
from configs.resolver import effective_config, get_commission_rate
from configs.tests.builders import set_global, set_position, set_rate, set_tenant
from positions.models import Event
from positions.tests.builders import make_position, make_tenant
from volbal.errors import InvalidConfig, InvalidNumber, InvalidTicker
from volbal.fills import commission_on

pytestmark = pytest.mark.django_db


def rate_and_scope(position):
    effective = effective_config(position)
    return effective.order_policy.commission_rate, effective.scopes["order_policy"]["commission_rate"]


def test_the_most_specific_rate_wins_from_the_default_to_the_position():
    position = make_position(ticker="IBM")

    assert rate_and_scope(position) == (Decimal("0.0001"), "GLOBAL")
    set_rate("GLOBAL", "0.0002")
    assert rate_and_scope(position) == (Decimal("0.0002"), "GLOBAL")
    set_rate("TENANT", "0.0003", position.tenant)
    assert rate_and_scope(position) == (Decimal("0.0003"), "TENANT")
    set_rate("TENANT_ASSET", "0.0004", position.tenant, "IBM")
    assert rate_and_scope(position) == (Decimal("0.0004"), "TENANT_ASSET")
    set_position(position, "order_policy", commission_rate=Decimal("0"))
    assert rate_and_scope(position) == (Decimal("0"), "POSITION")


def test_a_rate_that_is_cleared_inherits_again():
    position = make_position()
    set_rate("GLOBAL", "0.0002")
    set_rate("TENANT", "0.0003", position.tenant)
    set_rate("TENANT", None, position.tenant)

    assert rate_and_scope(position) == (Decimal("0.0002"), "GLOBAL")


def test_rates_of_other_tenants_and_tickers_do_not_count():
    position = make_position(ticker="IBM")
    set_rate("TENANT", "0.5", make_tenant("other"))
    set_rate("TENANT_ASSET", "0.5", make_tenant("other"), "IBM")
    set_rate("TENANT_ASSET", "0.5", position.tenant, "MSFT")

    assert rate_and_scope(position) == (Decimal("0.0001"), "GLOBAL")


def test_the_rate_is_known_without_a_position():
    tenant = make_tenant()
    set_rate("GLOBAL", "0.0002")
    set_rate("TENANT", "0.0003", tenant)
    set_rate("TENANT_ASSET", "0.0004", tenant, "ibm")

    assert get_commission_rate() == Decimal("0.0002")
    assert get_commission_rate(tenant.pk) == Decimal("0.0003")
    assert get_commission_rate(tenant.pk, "IBM") == Decimal("0.0004")
    assert get_commission_rate(tenant.pk, "MSFT") == Decimal("0.0003")
    assert get_commission_rate(make_tenant("other").pk, "IBM") == Decimal("0.0002")


@pytest.mark.parametrize("rate", ["1", "-0.0001", "2"])
def test_a_rate_outside_its_range_is_refused(rate):
    with pytest.raises(InvalidConfig):
        set_rate("GLOBAL", rate)
    assert not CommissionRate.objects.exists()
    assert not Event.objects.filter(type="config_changed").exists()


@pytest.mark.parametrize("rate", ["NaN", "Infinity", "0.000000001"])
def test_a_rate_that_the_books_cannot_keep_is_refused(rate):
    with pytest.raises(InvalidNumber):
        set_rate("GLOBAL", rate)
    assert not CommissionRate.objects.exists()


def test_tenant_and_ticker_must_fit_the_scope():
    tenant = make_tenant()

    for scope, whose, ticker in (
        ("GLOBAL", tenant, None),
        ("TENANT", None, None),
        ("TENANT", tenant, "IBM"),
        ("TENANT_ASSET", tenant, None),
        ("POSITION", tenant, None),
    ):
        with pytest.raises(InvalidConfig):
            set_rate(scope, "0.1", whose, ticker)
    with pytest.raises(InvalidTicker):
        set_rate("TENANT_ASSET", "0.1", tenant, "I B M")
    assert not CommissionRate.objects.exists()


def test_a_change_is_told_in_the_tenants_history_and_no_change_is_not():
    tenant = make_tenant()
    set_rate("TENANT_ASSET", "0.0004", tenant, "IBM")
    set_rate("TENANT_ASSET", "0.0005", tenant, "IBM")
    set_rate("TENANT_ASSET", "0.00050000", tenant, "IBM")

    first, second = Event.objects.filter(type="config_changed", tenant=tenant).order_by("seq")

    assert first.inputs["before"] == {"rate": None}
    assert second.inputs == {
        "group": "commission",
        "scope": "TENANT_ASSET",
        "ticker": "IBM",
        "before": {"rate": "0.0004"},
    }
    assert second.outputs == {"after": {"rate": "0.0005"}}
    assert second.message == "Changed commission rate (TENANT_ASSET IBM): rate from 0.0004 to 0.0005."
    assert CommissionRate.objects.count() == 1


def test_the_order_policy_has_a_rate_only_at_position_scope():
    with pytest.raises(InvalidConfig):
        set_global("order_policy", commission_rate=Decimal("0.01"))
    with pytest.raises(InvalidConfig):
        set_tenant(make_tenant(), "order_policy", commission_rate=Decimal("0.01"))
    set_global("order_policy", commission_rate=None)


@pytest.mark.lesson
def test_the_rate_of_the_settings_is_the_rate_that_is_charged():
    """Commission in one path was a hundred times the other."""
    position = make_position()
    set_rate("TENANT", "0.01", position.tenant)

    rate = effective_config(position).order_policy.commission_rate

    assert rate == get_commission_rate(position.tenant_id, position.ticker) == Decimal("0.01")
    assert commission_on(Decimal(1000), rate) == Decimal("10.000000")
