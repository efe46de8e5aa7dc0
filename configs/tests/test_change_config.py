import uuid
from decimal import Decimal

import pytest

from accounts.errors import NotFound, OutsideUnitOfWork
from accounts.transactions import unit_of_work
from configs.models import GuardrailConfig, OrderPolicyConfig, TriggerConfig
from configs.services import apply_preset, change_config
from configs.tests.builders import set_global, set_position, set_tenant
from positions.errors import PositionClosed
from positions.models import Event
from positions.services import close_position
from positions.tests.builders import OPENED_AT, make_position, make_stamp
from volbal.errors import InvalidConfig, InvalidNumber, OutOfRange, UnknownField

pytestmark = pytest.mark.django_db


def config_events():
    return Event.objects.filter(type="config_changed")


def test_a_change_keeps_who_when_before_and_after_of_what_changed():
    position = make_position()
    set_position(position, "trigger", up_threshold_pct=Decimal(4), down_threshold_pct=Decimal(5))
    with unit_of_work():
        change_config(
            group="trigger",
            scope="POSITION",
            position_id=position.pk,
            values={"up_threshold_pct": Decimal("4.5"), "down_threshold_pct": Decimal(5)},
            stamp=make_stamp(actor="ann"),
        )

    event = config_events().filter(position=position).order_by("-seq").first()

    assert (event.scope, event.actor, event.ts, event.request_id) == ("POSITION", "ann", OPENED_AT, "test")
    assert event.inputs == {"group": "trigger", "scope": "POSITION", "before": {"up_threshold_pct": "4"}}
    assert event.outputs == {"after": {"up_threshold_pct": "4.5"}}
    assert event.message == "Changed trigger settings (POSITION): up_threshold_pct from 4 to 4.5."


def test_every_scope_has_its_own_history():
    position = make_position()
    set_global("guardrail", max_orders_per_day=7)
    set_tenant(position.tenant, "guardrail", max_orders_per_day="none")
    set_position(position, "guardrail", max_orders_per_day=None)
    set_position(position, "guardrail", max_orders_per_day=3)

    told = [(event.scope, event.tenant, event.position) for event in config_events().order_by("id")]

    assert sorted(told, key=lambda row: row[0]) == [
        ("GLOBAL", None, None),
        ("POSITION", position.tenant, position),
        ("TENANT", position.tenant, None),
    ]
    event = config_events().get(scope="TENANT")
    assert event.outputs == {"after": {"max_orders_per_day": "none"}}
    assert event.message.endswith("max_orders_per_day from inherited to no limit.")


def test_a_change_of_nothing_is_no_event():
    set_global("order_policy", min_notional=Decimal("100.50"), action_below_min="clip")
    set_global("order_policy", min_notional=Decimal("100.5"), action_below_min="clip")

    assert config_events().count() == 1


def test_fields_that_are_not_named_stay():
    set_global("trigger", up_threshold_pct=Decimal(4))
    row = set_global("trigger", down_threshold_pct=Decimal(5))

    assert (row.up_threshold_pct, row.down_threshold_pct) == (4, 5)
    assert TriggerConfig.objects.count() == 1


def test_text_is_read_as_everywhere():
    row = set_global("guardrail", min_stock_pct="12.5", max_orders_per_day="3")

    assert (row.min_stock_pct, row.max_orders_per_day) == (Decimal("12.5"), 3)


@pytest.mark.parametrize(
    ("group", "settings", "refusal"),
    [
        ("trigger", {"up_threshold_pct": Decimal(0)}, InvalidConfig),
        ("trigger", {"up_threshold_pct": Decimal(100)}, InvalidConfig),
        ("trigger", {"up_threshold_pct": "none"}, InvalidNumber),
        ("trigger", {"up_threshold_pct": 3.5}, InvalidNumber),
        ("trigger", {"up_threshold_pct": True}, InvalidNumber),
        ("trigger", {"up_threshold_pct": Decimal("3.1234567")}, InvalidNumber),
        ("trigger", {"up_threshold_pct": Decimal("NaN")}, InvalidNumber),
        ("trigger", {"side": "BUY"}, UnknownField),
        ("triggers", {}, UnknownField),
        ("guardrail", {"min_stock_pct": Decimal(75)}, InvalidConfig),
        ("guardrail", {"min_stock_pct": Decimal(-1)}, InvalidConfig),
        ("guardrail", {"max_stock_pct": Decimal("100.000001")}, InvalidConfig),
        ("guardrail", {"max_daily_notional": Decimal(-1)}, InvalidConfig),
        ("guardrail", {"max_daily_notional": Decimal(1_000_000_000)}, OutOfRange),
        ("guardrail", {"max_orders_per_day": Decimal("1.5")}, InvalidNumber),
        ("guardrail", {"max_orders_per_day": -1}, InvalidConfig),
        ("order_policy", {"lot_size": Decimal(10), "qty_step": Decimal(3)}, InvalidConfig),
        ("order_policy", {"rebalance_ratio": Decimal(0)}, InvalidConfig),
        ("order_policy", {"slippage_bps": Decimal(10_000)}, InvalidConfig),
        ("order_policy", {"action_below_min": "ignore"}, InvalidConfig),
        ("order_policy", {"order_sizing_strategy": "martingale" * 20}, InvalidConfig),
        ("order_policy", {"allow_after_hours": "yes"}, InvalidConfig),
    ],
)
def test_what_makes_no_sense_is_refused_and_nothing_is_written(group, settings, refusal):
    with pytest.raises(refusal):
        set_global(group, **settings)

    assert not config_events().exists()
    assert not any(model.objects.exists() for model in (TriggerConfig, GuardrailConfig, OrderPolicyConfig))


@pytest.mark.lesson
def test_a_negative_threshold_is_refused():
    """A threshold stored as -3 bought on a rise."""
    with pytest.raises(InvalidConfig):
        set_position(make_position(), "trigger", down_threshold_pct=Decimal(-3))

    assert not TriggerConfig.objects.exists()


def test_whose_settings_must_fit_the_scope():
    position = make_position()
    for scope, ids in (
        ("GLOBAL", {"tenant_id": position.tenant_id}),
        ("TENANT", {}),
        ("POSITION", {"tenant_id": position.tenant_id}),
        ("POSITION", {"tenant_id": position.tenant_id, "position_id": position.pk}),
        ("NOWHERE", {}),
    ):
        with pytest.raises(InvalidConfig), unit_of_work():
            change_config(group="trigger", scope=scope, values={}, stamp=make_stamp(), **ids)


def test_an_unknown_tenant_or_position_is_not_found():
    for scope, ids in (("TENANT", {"tenant_id": uuid.uuid4()}), ("POSITION", {"position_id": uuid.uuid4()})):
        with pytest.raises(NotFound), unit_of_work():
            change_config(group="trigger", scope=scope, values={}, stamp=make_stamp(), **ids)


def test_a_closed_position_keeps_its_settings():
    position = make_position()
    with unit_of_work():
        close_position(position_id=position.pk, stamp=make_stamp())

    with pytest.raises(PositionClosed):
        set_position(position, "trigger", up_threshold_pct=Decimal(4))


def test_settings_change_only_inside_a_unit_of_work():
    with pytest.raises(OutsideUnitOfWork):
        change_config(group="trigger", scope="GLOBAL", values={}, stamp=make_stamp())


def test_a_preset_sets_its_values_and_another_takes_them_back():
    position = make_position()

    def choose(name):
        with unit_of_work():
            apply_preset(name=name, scope="POSITION", position_id=position.pk, stamp=make_stamp())

    choose("gentle")
    guardrail = GuardrailConfig.objects.get(position=position)
    assert (guardrail.min_stock_pct, guardrail.max_stock_pct) == (30, 70)
    assert OrderPolicyConfig.objects.get(position=position).rebalance_ratio == Decimal("0.5")
    choose("classic")
    guardrail.refresh_from_db()
    assert (guardrail.min_stock_pct, guardrail.max_stock_pct) == (None, None)
    with pytest.raises(InvalidConfig):
        choose("reckless")
