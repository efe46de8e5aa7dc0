from decimal import Decimal

import pytest

from configs.models import GuardrailConfig
from configs.resolver import as_public, effective_config, settings_of_many
from configs.tests.builders import set_global, set_position, set_tenant
from positions.tests.builders import make_position, make_tenant
from volbal import values
from volbal.decision import decide
from volbal.fields import GROUPS

pytestmark = pytest.mark.django_db


def test_without_any_row_the_defaults_of_the_rules_hold_and_are_global():
    effective = effective_config(make_position())

    assert effective.trigger == values.TriggerConfig()
    assert effective.guardrail == values.GuardrailConfig()
    assert effective.order_policy == values.OrderPolicyConfig()
    assert effective.scopes == {group: dict.fromkeys(names, "GLOBAL") for group, names in GROUPS.items()}


def test_the_most_specific_value_wins_field_by_field():
    position = make_position()
    set_global("trigger", up_threshold_pct=Decimal(4), down_threshold_pct=Decimal(4))
    set_tenant(position.tenant, "trigger", up_threshold_pct=Decimal(5))
    set_position(position, "trigger", down_threshold_pct=Decimal(6))

    effective = effective_config(position)

    assert effective.trigger == values.TriggerConfig(
        up_threshold_pct=Decimal(5), down_threshold_pct=Decimal(6)
    )
    assert effective.scopes["trigger"] == {"up_threshold_pct": "TENANT", "down_threshold_pct": "POSITION"}


def test_each_group_is_resolved_on_its_own():
    position = make_position()
    set_tenant(position.tenant, "guardrail", min_stock_pct=Decimal(40))
    set_position(position, "order_policy", min_notional=Decimal(7), allow_after_hours=True)

    effective = effective_config(position)

    assert effective.guardrail.min_stock_pct == 40
    assert effective.guardrail.max_stock_pct == 75
    assert (effective.order_policy.min_notional, effective.order_policy.allow_after_hours) == (7, True)
    assert effective.scopes["guardrail"]["min_stock_pct"] == "TENANT"
    assert effective.scopes["guardrail"]["max_stock_pct"] == "GLOBAL"
    assert effective.scopes["order_policy"]["min_notional"] == "POSITION"


@pytest.mark.parametrize(
    ("field", "number"),
    [
        ("max_trade_pct_of_position", Decimal(10)),
        ("max_daily_notional", Decimal(5000)),
        ("max_orders_per_day", 2),
    ],
)
def test_no_limit_at_a_more_specific_scope_beats_a_number_above(field, number):
    position = make_position()
    set_tenant(position.tenant, "guardrail", **{field: number})
    set_position(position, "guardrail", **{field: "none"})

    effective = effective_config(position)

    assert getattr(effective.guardrail, field) is None
    assert effective.scopes["guardrail"][field] == "POSITION"


def test_a_number_at_a_more_specific_scope_beats_no_limit_above():
    position = make_position()
    set_global("guardrail", max_orders_per_day="none")
    set_position(position, "guardrail", max_orders_per_day=0)

    assert effective_config(position).guardrail.max_orders_per_day == 0


def test_zero_and_false_are_values_and_do_not_inherit():
    position = make_position()
    set_tenant(position.tenant, "order_policy", min_notional=Decimal(50), allow_after_hours=True)
    set_position(position, "order_policy", min_notional=Decimal(0), allow_after_hours=False)

    policy = effective_config(position).order_policy

    assert (policy.min_notional, policy.allow_after_hours) == (0, False)


def test_what_is_cleared_inherits_again():
    position = make_position()
    set_tenant(position.tenant, "trigger", up_threshold_pct=Decimal(5))
    set_position(position, "trigger", up_threshold_pct=Decimal(9))
    set_position(position, "trigger", up_threshold_pct=None)

    effective = effective_config(position)

    assert effective.trigger.up_threshold_pct == 5
    assert effective.scopes["trigger"]["up_threshold_pct"] == "TENANT"


def test_another_tenants_and_another_positions_settings_do_not_reach_here():
    position = make_position()
    set_tenant(make_tenant("other"), "trigger", up_threshold_pct=Decimal(50))
    set_position(make_position(), "trigger", up_threshold_pct=Decimal(60))

    assert effective_config(position).trigger == values.TriggerConfig()


def test_one_position_takes_one_query_and_many_take_one_too(django_assert_num_queries):
    positions = [make_position(ticker=ticker) for ticker in ("IBM", "MSFT", "KO")]
    set_position(positions[1], "trigger", up_threshold_pct=Decimal(8))

    with django_assert_num_queries(1):
        effective_config(positions[0])
    with django_assert_num_queries(1):
        many = settings_of_many(positions)

    assert [many.of(position).trigger.up_threshold_pct for position in positions] == [3, 8, 3]


def test_pages_get_plain_strings_with_their_scope():
    position = make_position()
    set_position(position, "guardrail", max_daily_notional=Decimal("2500.50"), max_orders_per_day="none")

    public = as_public(effective_config(position))

    assert public["trigger"]["up_threshold_pct"] == {"value": "3", "scope": "GLOBAL"}
    assert public["guardrail"]["max_daily_notional"] == {"value": "2500.5", "scope": "POSITION"}
    assert public["guardrail"]["max_orders_per_day"] == {"value": "none", "scope": "POSITION"}
    assert public["guardrail"]["max_trade_pct_of_position"] == {"value": "none", "scope": "GLOBAL"}
    assert public["order_policy"]["allow_after_hours"] == {"value": False, "scope": "GLOBAL"}
    assert public["order_policy"]["order_sizing_strategy"]["value"] == "proportional"


def test_no_limit_is_the_word_in_python_and_minus_one_in_the_column():
    row = set_global("guardrail", max_daily_notional="none", max_orders_per_day="none")

    again = GuardrailConfig.objects.get(pk=row.pk)

    assert (again.max_daily_notional, again.max_orders_per_day) == ("none", "none")
    assert GuardrailConfig.objects.filter(max_daily_notional="none", max_orders_per_day=-1).exists()


@pytest.mark.lesson
def test_saved_thresholds_decide():
    """Saved thresholds and guardrails were ignored by the live worker (set 10 %, fired at 3 %)."""
    position = make_position()
    set_tenant(position.tenant, "trigger", up_threshold_pct=Decimal(10))
    set_position(position, "guardrail", min_stock_pct=Decimal(49))
    effective = effective_config(position)

    def decision_at(price):
        return decide(
            position=position.state(),
            quote=values.MarketQuote(price=Decimal(price)),
            trigger=effective.trigger,
            guardrail=effective.guardrail,
            order_policy=effective.order_policy,
            today=values.DayActivity(),
            gates=values.Gates(),
        )

    assert decision_at("103").action == "HOLD"
    assert decision_at("109.99").action == "HOLD"
    sold = decision_at("110")
    assert (sold.action, sold.binding_limit) == ("SELL", "min_stock_pct")
    assert round(sold.stock_pct_after, 4) == 49
