from decimal import Decimal

import pytest
from django.urls import reverse

from accounts.models import User
from accounts.tests.people import log_in_staff, with_second_factor
from configs.models import CommissionRate, GuardrailConfig, OrderPolicyConfig, TriggerConfig
from configs.tests.builders import set_global, set_position, set_rate, set_tenant
from positions.models import Event
from positions.tests.builders import make_position, make_tenant

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(client):
    log_in_staff(client)
    return client


def page(model, action, *args):
    return reverse(f"admin:configs_{model._meta.model_name}_{action}", args=args)


def post_new(staff, model, scope, tenant=None, position=None, **typed):
    owner = {
        "scope": scope,
        "tenant": "" if tenant is None else tenant.pk,
        "position": "" if position is None else position.pk,
    }
    return staff.post(page(model, "add"), {**owner, **typed})


def config_events():
    return Event.objects.filter(type="config_changed")


def test_a_new_row_is_saved_by_the_service_and_told(staff):
    position = make_position()

    answer = post_new(staff, TriggerConfig, "POSITION", position=position, up_threshold_pct="4.5")

    assert answer.status_code == 302
    assert TriggerConfig.objects.get(position=position).up_threshold_pct == Decimal("4.5")
    event = config_events().get()
    assert (event.actor, event.position, event.outputs) == (
        "root",
        position,
        {"after": {"up_threshold_pct": "4.5"}},
    )


def test_an_edit_is_told_with_before_and_after(staff):
    row = set_tenant(make_tenant(), "guardrail", min_stock_pct=Decimal(30), max_orders_per_day=4)

    answer = staff.post(
        page(GuardrailConfig, "change", row.pk),
        {"min_stock_pct": "35", "max_stock_pct": "", "max_daily_notional": "None", "max_orders_per_day": ""},
    )

    assert answer.status_code == 302
    row.refresh_from_db()
    assert (row.min_stock_pct, row.max_daily_notional, row.max_orders_per_day) == (35, "none", None)
    event = config_events().get(actor="root")
    assert event.inputs["before"] == {
        "min_stock_pct": "30",
        "max_daily_notional": None,
        "max_orders_per_day": 4,
    }
    assert event.outputs["after"] == {
        "min_stock_pct": "35",
        "max_daily_notional": "none",
        "max_orders_per_day": None,
    }


def test_saving_without_a_change_is_not_told(staff):
    row = set_global("guardrail", min_stock_pct=Decimal(30), max_daily_notional="none")

    staff.post(
        page(GuardrailConfig, "change", row.pk),
        {"min_stock_pct": "30.000000", "max_daily_notional": "none"},
    )

    assert config_events().count() == 1


def test_the_form_shows_limits_the_way_they_are_typed(staff):
    row = set_global("guardrail", max_trade_pct_of_position=Decimal("12.5"), max_daily_notional="none")

    text = staff.get(page(GuardrailConfig, "change", row.pk)).content.decode()

    assert 'value="12.5"' in text
    assert 'value="none"' in text


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"min_stock_pct": "80"}, "GLOBAL: min_stock_pct must be below max_stock_pct"),
        ({"min_stock_pct": "60"}, "Position IBM #1 of t: min_stock_pct must be below max_stock_pct"),
        ({"min_stock_pct": "101"}, "min_stock_pct must be within 0 and 100."),
        ({"max_daily_notional": "lots"}, "write it as plain digits"),
        ({"max_daily_notional": "-1"}, "may not be negative"),
        ({"max_orders_per_day": "1.5"}, "at most 0 decimal places"),
        ({"max_orders_per_day": "9" * 20}, "at most 15 digits"),
        ({"scope": "TENANT"}, "TENANT a tenant"),
    ],
)
def test_what_makes_no_sense_is_an_error_in_the_form_and_nothing_is_written(staff, typed, said):
    set_position(make_position(), "guardrail", max_stock_pct=Decimal(50))
    events = Event.objects.count()

    answer = post_new(staff, GuardrailConfig, **{"scope": "GLOBAL", **typed})

    assert answer.status_code == 200
    assert said in answer.content.decode()
    assert GuardrailConfig.objects.count() == 1
    assert Event.objects.count() == events


def test_a_second_row_for_the_same_owner_is_an_error_in_the_form(staff):
    set_global("trigger", up_threshold_pct=Decimal(4))

    answer = post_new(staff, TriggerConfig, "GLOBAL", up_threshold_pct="5")

    assert answer.status_code == 200
    assert TriggerConfig.objects.get().up_threshold_pct == 4


def test_whose_row_it_is_does_not_change(staff):
    row = set_tenant(make_tenant("acme"), "trigger", up_threshold_pct=Decimal(4))
    other = make_tenant("other")

    staff.post(
        page(TriggerConfig, "change", row.pk), {"scope": "GLOBAL", "tenant": other.pk, "up_threshold_pct": 5}
    )

    row.refresh_from_db()
    assert (row.scope, row.tenant.name, row.up_threshold_pct) == ("TENANT", "acme", 5)


def test_an_order_policy_chooses_among_the_strategies_there_are(staff):
    answer = post_new(staff, OrderPolicyConfig, "GLOBAL", order_sizing_strategy="original", min_notional="50")
    assert answer.status_code == 302
    row = OrderPolicyConfig.objects.get()
    assert (row.order_sizing_strategy, row.allow_after_hours, row.action_below_min) == (
        "original",
        None,
        None,
    )

    refused = staff.post(page(OrderPolicyConfig, "change", row.pk), {"order_sizing_strategy": "martingale"})
    assert refused.status_code == 200
    assert "martingale is not one of the available choices" in refused.content.decode()


def test_the_commission_rate_of_a_policy_is_asked_for_only_at_a_position(staff):
    everyones = set_global("order_policy", min_notional=Decimal(50))
    own = set_position(make_position(), "order_policy", commission_rate=Decimal("0.001"))

    assert b"id_commission_rate" not in staff.get(page(OrderPolicyConfig, "change", everyones.pk)).content
    assert b"id_commission_rate" in staff.get(page(OrderPolicyConfig, "change", own.pk)).content


def test_the_history_shows_when_who_before_and_after_newest_first(staff):
    position = make_position()
    row = set_position(position, "trigger", up_threshold_pct=Decimal(4))
    set_position(position, "guardrail", min_stock_pct=Decimal(31))
    set_position(make_position(), "trigger", up_threshold_pct=Decimal(77))
    set_position(position, "trigger", up_threshold_pct=Decimal("6.5"))

    text = staff.get(page(TriggerConfig, "change", row.pk)).content.decode()
    history = text[text.index("When (UTC)") :]

    assert history.index("up_threshold_pct = 6.5") < history.index("up_threshold_pct = inherits")
    assert "2024-01-08 16:00:00" in history
    assert "<td>tester</td>" in history
    assert "77" not in history[: history.index("</table>")]
    assert "min_stock_pct" not in history[: history.index("</table>")]


def test_a_positions_row_shows_what_is_in_effect_and_where_it_comes_from(staff):
    position = make_position()
    set_tenant(position.tenant, "guardrail", min_stock_pct=Decimal(31))
    row = set_position(position, "guardrail", max_daily_notional="none")

    text = staff.get(page(GuardrailConfig, "change", row.pk)).content.decode()

    assert "min_stock_pct = 31 (TENANT)" in text
    assert "max_daily_notional = none (POSITION)" in text
    assert "max_orders_per_day = 5 (GLOBAL)" in text


def test_a_commission_rate_is_edited_and_told(staff):
    tenant = make_tenant()
    new = {"scope": "TENANT_ASSET", "tenant": tenant.pk, "ticker": "ibm", "rate": "0.0005"}

    assert staff.post(page(CommissionRate, "add"), new).status_code == 302
    row = CommissionRate.objects.get()
    assert (row.ticker, row.rate) == ("IBM", Decimal("0.0005"))
    assert staff.post(page(CommissionRate, "change", row.pk), {"rate": ""}).status_code == 302

    text = staff.get(page(CommissionRate, "change", row.pk)).content.decode()
    assert text.index("rate = inherits") < text.rindex("rate = 0.0005")
    assert config_events().filter(tenant=tenant, actor="root").count() == 2


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"scope": "GLOBAL", "rate": "1"}, "rate is at least 0 and below 1"),
        ({"scope": "GLOBAL", "rate": "NaN"}, "Enter a number"),
        ({"scope": "GLOBAL", "ticker": "IBM", "rate": "0.1"}, "GLOBAL takes no tenant"),
    ],
)
def test_a_bad_commission_rate_is_an_error_in_the_form(staff, typed, said):
    answer = staff.post(page(CommissionRate, "add"), {"tenant": "", "ticker": "", **typed})

    assert answer.status_code == 200
    assert said in answer.content.decode()
    assert not CommissionRate.objects.exists()


@pytest.mark.parametrize("model", [TriggerConfig, GuardrailConfig, OrderPolicyConfig, CommissionRate])
def test_rows_are_listed_filtered_and_never_deleted(staff, model):
    tenant = make_tenant()
    set_rate("TENANT", "0.001", tenant)
    for group, settings in (
        ("trigger", {"up_threshold_pct": Decimal(4)}),
        ("guardrail", {"max_daily_notional": "none"}),
        ("order_policy", {"min_notional": Decimal(4)}),
    ):
        set_tenant(tenant, group, **settings)
    row = model.objects.get(scope="TENANT")

    listed = staff.get(page(model, "changelist"), {"scope__exact": "TENANT", "q": tenant.name})

    assert listed.status_code == 200
    assert "TENANT t" in listed.content.decode()
    assert staff.post(page(model, "delete", row.pk), {"post": "yes"}).status_code == 403
    assert model.objects.filter(pk=row.pk).exists()


def test_staff_without_the_permission_changes_nothing(client):
    user = with_second_factor(User.objects.create_user("clerk", is_staff=True))
    client.force_login(user)
    row = set_global("trigger", up_threshold_pct=Decimal(4))

    assert client.post(page(TriggerConfig, "change", row.pk), {"up_threshold_pct": "5"}).status_code == 403
    row.refresh_from_db()
    assert row.up_threshold_pct == 4
