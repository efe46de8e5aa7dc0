"""Settings of a cell and of the account on pages: what is inherited from where, seen before it is saved."""

from __future__ import annotations

from decimal import Decimal

import pytest

from accounts.models import Role
from accounts.tests.pages import Visitor, entries_of, key_in
from accounts.tests.people import make_member, make_user, own_tenant
from configs.models import CommissionRate, GuardrailConfig, TriggerConfig
from configs.resolver import effective_config, get_commission_rate
from configs.tests.builders import set_global, set_position, set_rate, set_tenant
from positions.models import Event, Position
from positions.tests.builders import everything_written, make_position
from volbal.fields import GROUPS

pytestmark = pytest.mark.django_db

ACCOUNT, RATES = "/settings/configuration", "/settings/commissions"
GENTLE = {"up_threshold_pct": "5", "down_threshold_pct": "5", "min_stock_pct": "30", "max_stock_pct": "70"}


@pytest.fixture
def olga():
    return make_user("olga")


@pytest.fixture
def cell(olga) -> Position:
    return make_position(own_tenant(olga))


@pytest.fixture
def owner(olga) -> Visitor:
    return Visitor(olga)


def page_of(cell: Position) -> str:
    return f"/positions/{cell.pk}/settings"


def own(cell: Position, field: str) -> object:
    group = next(group for group, fields in GROUPS.items() if field in fields)
    return getattr(getattr(effective_config(cell), group), field)


def changes() -> int:
    return Event.objects.filter(type="config_changed").count()


def test_every_setting_is_there_with_what_it_inherits(owner, cell):
    set_tenant(cell.tenant, "trigger", up_threshold_pct=Decimal(4))
    set_position(cell, "guardrail", max_orders_per_day="none")
    text = owner.get(page_of(cell)).text

    entries = entries_of(text)
    assert {name for fields in GROUPS.values() for name in fields} <= set(entries)
    assert (entries["up_threshold_pct"], entries["max_orders_per_day"]) == ("", "none")
    assert "4 % (setting of the account)" in text
    assert "Would inherit 5 (setting of the installation)." in text
    assert 'placeholder="4"' in text


def test_a_threshold_is_set_and_inherits_again(owner, cell):
    saved = owner.send(page_of(cell), up_threshold_pct="4.5")
    assert "Saved: Sell when up by." in owner.told(saved)
    assert own(cell, "up_threshold_pct") == Decimal("4.5")

    emptied = owner.send(page_of(cell), button="inherit:up_threshold_pct")
    assert entries_of(emptied.text)["up_threshold_pct"] == ""
    assert own(cell, "up_threshold_pct") == Decimal("4.5")  # nothing is saved yet

    owner.press(page_of(cell), entries_of(emptied.text))
    assert own(cell, "up_threshold_pct") == 3


def test_every_kind_of_setting_is_saved_as_it_was_typed(owner, cell):
    typed = {
        "max_trade_pct_of_position": "none",
        "max_daily_notional": "25,000",
        "max_orders_per_day": "7",
        "min_qty": "0.5",
        "lot_size": "10",
        "qty_step": "2.5",
        "action_below_min": "clip",
        "rebalance_ratio": "1.25",
        "order_sizing_strategy": "fixed_percentage",
        "allow_after_hours": "true",
        "commission_rate": "0.05",
        "slippage_bps": "2.5",
    }
    answer = owner.send(page_of(cell), **typed)

    assert answer.status_code == 303
    policy, guardrail = effective_config(cell).order_policy, effective_config(cell).guardrail
    assert (guardrail.max_trade_pct_of_position, guardrail.max_daily_notional) == (None, 25_000)
    assert (guardrail.max_orders_per_day, policy.lot_size, policy.qty_step) == (7, 10, Decimal("2.5"))
    assert (policy.action_below_min, policy.order_sizing_strategy) == ("clip", "fixed_percentage")
    assert (policy.allow_after_hours, policy.commission_rate) == (True, Decimal("0.0005"))
    assert (policy.rebalance_ratio, policy.slippage_bps) == (Decimal("1.25"), Decimal("2.5"))
    shown = entries_of(owner.get(page_of(cell)).text)
    assert {name: shown[name] for name in typed} == {**typed, "max_daily_notional": "25000"}


def test_saving_what_is_there_changes_nothing(owner, cell):
    set_position(cell, "trigger", up_threshold_pct=Decimal(4))
    before = changes()

    answer = owner.send(page_of(cell))

    assert "Nothing was changed" in owner.told(answer)
    assert changes() == before


def test_a_preset_fills_the_form_and_is_saved_with_it(owner, cell):
    set_position(cell, "order_policy", min_notional=Decimal(50))
    filled = owner.send(page_of(cell), button="preset:gentle")
    entries = entries_of(filled.text)

    assert {name: entries[name] for name in GENTLE} == GENTLE
    assert (entries["rebalance_ratio"], entries["min_notional"]) == ("0.5", "50")
    assert own(cell, "up_threshold_pct") == 3

    owner.press(page_of(cell), entries)
    assert (own(cell, "up_threshold_pct"), own(cell, "rebalance_ratio")) == (5, Decimal("0.5"))

    classic = owner.send(page_of(cell), button="preset:classic")
    owner.press(page_of(cell), entries_of(classic.text))
    assert (own(cell, "up_threshold_pct"), own(cell, "min_notional")) == (3, 50)


def test_everything_inherits_again_at_one_click(owner, cell):
    set_position(cell, "order_policy", min_notional=Decimal(50), allow_after_hours=True)
    emptied = owner.send(page_of(cell), button="inherit:all")

    owner.press(page_of(cell), entries_of(emptied.text))

    assert (own(cell, "min_notional"), own(cell, "allow_after_hours")) == (100, False)


def test_warnings_and_runway_are_shown_before_saving(owner, cell):
    before = everything_written()

    looked = owner.send(page_of(cell), button="see", min_notional="5000")
    wider = owner.send(page_of(cell), button="live", max_stock_pct="90")

    assert "What it comes to with these values, not saved yet" in looked.text
    assert "less than “Smallest trade” 5000. It works with" in looked.text
    assert "6 purchases down to $83.30" in owner.get(page_of(cell)).text
    assert "6 purchases down to $83.30" not in wider.text
    assert everything_written() == before


WRONG = {
    "zero threshold": ({"up_threshold_pct": "0"}, "up_threshold_pct", "must be above 0 and below 100"),
    "a hundred": ({"down_threshold_pct": "100"}, "down_threshold_pct", "must be above 0 and below 100"),
    "crossed": (
        {"min_stock_pct": "80", "max_stock_pct": "70"},
        "min_stock_pct",
        "“Lower guardrail” must be below “Upper guardrail”",
    ),
    "crossed with what is inherited": ({"min_stock_pct": "75"}, "min_stock_pct", "must be below"),
    "a lot of no steps": (
        {"lot_size": "5", "qty_step": "2"},
        "lot_size",
        "“Lot” must be a multiple of “Step of shares”",
    ),
    "a dear commission": ({"commission_rate": "100"}, "commission_rate", "must be at least 0 and below 1"),
    "no ratio": ({"rebalance_ratio": "0"}, "rebalance_ratio", "must be above 0"),
    "negative": ({"min_notional": "-1"}, "min_notional", "May not be negative"),
    "half an order": ({"max_orders_per_day": "1.5"}, "max_orders_per_day", "At most 0 decimal places"),
    "no word": ({"max_daily_notional": "all"}, "max_daily_notional", "plain digits"),
    "none where there must be one": ({"min_notional": "none"}, "min_notional", "plain digits"),
    "no choice": ({"action_below_min": "shout"}, "action_below_min", "Select a valid choice"),
}


@pytest.mark.parametrize("button", [None, "see"])
@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_stands_at_its_field(owner, cell, name, button):
    typed, field, reason = WRONG[name]
    before = everything_written()

    answer = owner.send(page_of(cell), button=button, **typed)

    assert answer.status_code == 422
    assert reason in answer.text
    assert f'id="id_{field}-errors"' in answer.text
    assert entries_of(answer.text)[field] == ("" if field == "action_below_min" else typed[field])
    assert everything_written() == before


def test_two_owners_do_not_save_over_each_other(owner, olga, cell):
    opened = entries_of(owner.get(page_of(cell)).text)
    set_position(cell, "trigger", down_threshold_pct=Decimal(6))

    answer = owner.press(page_of(cell), opened, up_threshold_pct="9")

    assert answer.status_code == 422
    assert "Somebody changed these settings after this page was shown." in answer.text
    assert (own(cell, "up_threshold_pct"), own(cell, "down_threshold_pct")) == (3, 6)
    again = owner.press(page_of(cell), entries_of(answer.text), down_threshold_pct="6")
    assert again.status_code == 303
    assert (own(cell, "up_threshold_pct"), own(cell, "down_threshold_pct")) == (9, 6)


def test_a_double_click_saves_once(owner, cell):
    key = key_in(owner.get(page_of(cell)))
    entries = entries_of(owner.get(page_of(cell)).text)

    for _ in range(2):
        answer = owner.press(page_of(cell), entries, key=key, up_threshold_pct="4")
        assert answer.status_code == 303

    assert changes() == 1


def test_a_closed_cells_settings_are_seen_and_not_changed(owner, cell):
    Position.objects.filter(pk=cell.pk).update(status="closed")

    page = owner.get(page_of(cell))

    assert "its settings are history" in page.text
    assert "Save the settings" not in page.text
    said = {"up_threshold_pct": "9", "idempotency_key": "k"}
    assert owner.client.post(page_of(cell), said).status_code == 422
    assert own(cell, "up_threshold_pct") == 3


@pytest.mark.parametrize("role", [Role.VIEWER, Role.TRADER])
def test_who_is_no_owner_sees_settings_and_saves_none(olga, cell, role):
    visitor = Visitor(make_member(own_tenant(olga), role, "mia"))

    for path in (page_of(cell), ACCOUNT, RATES):
        page = visitor.get(path)
        assert page.status_code == 200
        assert "Only an owner can change" in page.text
        assert "Save the" not in page.text
        answer = visitor.client.post(path, {"up_threshold_pct": "9", "rate": "1", "idempotency_key": "k"})
        assert answer.status_code == 403

    assert TriggerConfig.objects.count() == CommissionRate.objects.count() == 0


def test_another_tenants_settings_are_not_found(cell):
    stranger = Visitor(make_user("sven"))

    assert stranger.get(page_of(cell)).status_code == 404
    assert stranger.client.post(page_of(cell), {"up_threshold_pct": "9"}).status_code == 404


def test_the_accounts_settings_say_for_how_many_cells_they_would_change(owner, olga, cell):
    other = make_position(own_tenant(olga), ticker="MSFT")
    set_position(other, "trigger", up_threshold_pct=Decimal(9), down_threshold_pct=Decimal(9))
    make_position(own_tenant(make_user("sven")))

    looked = owner.send(ACCOUNT, button="see", up_threshold_pct="5")
    same = owner.send(ACCOUNT, button="see", up_threshold_pct="3")

    assert "For <strong>1 of 2 cells</strong> other rules hold" in looked.text
    assert "For none of your 2 cells other rules would hold." in same.text
    assert own(cell, "up_threshold_pct") == 3


def test_the_accounts_settings_name_cells_that_could_no_longer_trade(owner, cell):
    looked = owner.send(ACCOUNT, button="see", min_notional="5000")

    assert "IBM (cell 1): At 97, where it would buy:" in looked.text


def test_the_accounts_settings_hold_for_its_cells(owner, cell):
    answer = owner.send(ACCOUNT, up_threshold_pct="5", max_orders_per_day="none")

    assert "Saved: Sell when up by, Most orders in a day." in owner.told(answer)
    assert (own(cell, "up_threshold_pct"), own(cell, "max_orders_per_day")) == (5, None)
    assert "commission_rate" not in entries_of(owner.get(ACCOUNT).text)


def test_an_account_setting_that_a_cell_cannot_live_with_names_the_cell(owner, cell):
    set_position(cell, "guardrail", max_stock_pct=Decimal(40))

    answer = owner.send(ACCOUNT, min_stock_pct="45")

    assert answer.status_code == 422
    assert "Position IBM #1 of olga: “Lower guardrail” must be below" in answer.text
    assert GuardrailConfig.objects.filter(scope="TENANT").count() == 0


def test_commissions_are_listed_and_set(owner, cell):
    set_global("trigger", up_threshold_pct=Decimal(3))
    owner.send(RATES, rate="0.02")
    answer = owner.send(RATES, ticker="ibm", rate="0.5")

    text = owner.told(answer)
    assert "The commission of IBM is set." in text
    assert get_commission_rate(cell.tenant_id) == Decimal("0.0002")
    assert get_commission_rate(cell.tenant_id, "IBM") == Decimal("0.005")
    for shown in ("0.01 %", "0.02 %", "0.5 %", "$50.00"):
        assert shown in text


def test_a_commission_inherits_again_when_it_is_emptied(owner, cell):
    set_rate("TENANT_ASSET", "0.005", cell.tenant, "IBM")
    page = owner.get(f"{RATES}?ticker=IBM")
    assert entries_of(page.text)["ticker"] == "IBM"

    answer = owner.send(RATES, ticker="IBM", rate="")

    assert "The commission of IBM inherits again." in owner.told(answer)
    assert get_commission_rate(cell.tenant_id, "IBM") == Decimal("0.0001")


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"rate": "100"}, "rate"),
        ({"rate": "-1"}, "rate"),
        ({"rate": "0.0000001"}, "rate"),
        ({"rate": "1", "ticker": "I B M"}, "ticker"),
    ],
)
def test_a_commission_that_is_none_is_refused_at_the_field(owner, typed, field):
    answer = owner.send(RATES, **typed)

    assert answer.status_code == 422
    assert f'id="id_{field}-errors"' in answer.text
    assert CommissionRate.objects.count() == 0
