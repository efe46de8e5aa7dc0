"""Opening a cell on a page: shares or dollars, a preset, the last years, and then the cell."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from accounts.models import Role
from accounts.tests.pages import Visitor, entries_of, key_in
from accounts.tests.people import make_member, make_user, own_tenant
from configs.resolver import EffectiveConfig, effective_config
from configs.tests.builders import set_tenant
from orders.tests.builders import all_faults, everything_written, set_market
from positions.models import Position
from simulation.hindsight import hindsight
from volbal.values import GuardrailConfig, OrderPolicyConfig, TriggerConfig

pytestmark = pytest.mark.django_db

NEW = "/positions/new"
IBM = {"ticker": "ibm", "qty": "100", "cash": "10000", "price": "100"}


@pytest.fixture
def olga():
    return make_user("olga")


@pytest.fixture
def trader(olga) -> Visitor:
    return Visitor(make_member(own_tenant(olga), Role.TRADER, "tom"))


def open_cell(visitor: Visitor, **typed: str):
    """Go through both steps as the pages are."""
    ready = visitor.send(NEW, button="years", **{**IBM, **typed})
    return visitor.press(NEW, entries_of(ready.text))


def test_a_cell_is_opened_in_two_steps_and_shown(trader):
    answer = open_cell(trader)

    cell = Position.objects.get()
    assert answer["Location"] == f"/positions/{cell.pk}/"
    assert "IBM is open, with 100 shares and $10,000.00 of cash." in trader.told(answer)
    assert (cell.ticker, cell.qty, cell.cash, cell.anchor_price) == ("IBM", 100, 10_000, 100)
    assert (cell.tenant.name, cell.broker, cell.market_provider) == ("olga", "paper", "static")
    assert all_faults() == []


def test_nothing_is_opened_by_looking(trader):
    before = everything_written()

    ready = trader.send(NEW, button="years", **IBM)
    trader.send(NEW, button="live", **IBM)

    assert "IBM, as it would be opened" in ready.text
    assert everything_written() == before


def test_dollars_become_shares_at_the_price_that_was_shown(trader):
    set_market("160")
    shown = trader.send(NEW, button="live", **{**IBM, "unit": "dollars", "qty": "5000", "price": ""})
    ready = trader.send(NEW, button="years", **{**IBM, "unit": "dollars", "qty": "5000", "price": ""})
    set_market("170")
    trader.press(NEW, entries_of(ready.text))

    assert "31.25 IBM</strong> at $160.00" in shown.text
    cell = Position.objects.get()
    assert (cell.qty, cell.anchor_price) == (Decimal("31.25"), 160)


def test_the_anchor_may_be_another_price(trader):
    open_cell(trader, anchor_price="90")

    assert Position.objects.get().anchor_price == 90


@pytest.mark.parametrize(("preset", "threshold"), [("classic", "4"), ("gentle", "5"), ("active", "1.5")])
def test_a_preset_lies_over_what_the_account_has_set(trader, olga, preset, threshold):
    set_tenant(own_tenant(olga), "trigger", up_threshold_pct=Decimal(4))

    ready = trader.send(NEW, button="years", preset=preset, **IBM)
    trader.press(NEW, entries_of(ready.text))

    assert f"sells at +{Decimal(threshold):.1f} %" in ready.text
    assert effective_config(Position.objects.get()).trigger.up_threshold_pct == Decimal(threshold)


def test_the_last_years_are_shown_where_there_are_prices(trader):
    text = trader.send(NEW, button="years", **IBM).text

    assert "28 Feb 2008" not in text  # the bars end on 1 Mar 2013, so five years begin on the 3rd of March
    assert "1 Mar 2013" in text
    assert text.count("<polyline") == 2
    for years in ("1 year ", "3 years", "5 years"):
        assert years in text


def test_without_prices_of_the_past_it_says_so_and_opens_all_the_same(trader):
    ready = trader.send(NEW, button="years", **{**IBM, "ticker": "KO"})

    assert "There are no past prices of KO here" in ready.text
    assert trader.press(NEW, entries_of(ready.text)).status_code == 303


def test_one_can_go_back_and_change_something(trader):
    ready = trader.send(NEW, button="years", preset="gentle", **IBM)
    back = trader.press(NEW, entries_of(ready.text), button="back")

    entries = entries_of(back.text)
    assert (entries["ticker"], entries["qty"], entries["preset"]) == ("ibm", "100", "gentle")
    assert back.status_code == 200


def test_a_double_click_opens_one_cell(trader):
    entries = entries_of(trader.send(NEW, button="years", **IBM).text)

    answers = [trader.press(NEW, entries) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [303, 303]
    assert Position.objects.count() == 1


def test_a_second_tab_with_another_cell_is_told_to_look_first(trader):
    key = key_in(trader.get(NEW))
    trader.send(NEW, key=key, **IBM)

    other = trader.send(NEW, key=key, **{**IBM, "qty": "5"})

    assert other.status_code == 422
    assert Position.objects.count() == 1


WRONG = {
    "no ticker": ({"ticker": "I B M"}, "ticker", "A ticker has 1 to 12"),
    "no price": ({"price": ""}, "price", "There is no price of IBM to be had now. Type one."),
    "price of nothing": ({"price": "0"}, "price", "above zero"),
    "anchor of nothing": ({"anchor_price": "0"}, "anchor_price", "above zero"),
    "negative": ({"qty": "-1"}, "qty", "May not be negative"),
    "no cash": ({"cash": ""}, "cash", "This field is required"),
    "too much": ({"qty": "9999999", "price": "100", "unit": "shares", "cash": "1e9"}, "cash", "plain digits"),
    "no broker": ({"broker": "nobody"}, "broker", "Select a valid choice"),
    "no market": ({"market_provider": "moon"}, "market_provider", "Select a valid choice"),
}


@pytest.mark.parametrize("button", [None, "years"])
@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_stands_at_its_field(trader, name, button):
    typed, field, reason = WRONG[name]

    answer = trader.send(NEW, button=button, **{**IBM, **typed})

    assert answer.status_code == 422
    assert reason in answer.text
    assert f'id="id_{field}-errors"' in answer.text
    assert Position.objects.count() == 0


class RealBroker:
    """A broker of real money, as far as a form asks."""

    name = "real"
    in_process = False
    is_real = True
    finds_by_client_id = True


@pytest.fixture
def real(settings):
    settings.BROKERS = {**settings.BROKERS, "real": f"{__name__}.RealBroker"}


def test_real_money_is_an_owners_to_choose_with_a_password_and_live_prices(real, trader, olga):
    chosen = {**IBM, "broker": "real"}
    assert 'value="real"' not in trader.get(NEW).text
    assert trader.send(NEW, **chosen).status_code == 422

    asked = Visitor(olga, lately=False).send(NEW, **chosen)
    refused = Visitor(olga).send(NEW, **chosen)

    assert asked["Location"].startswith("/account/reauthenticate/")
    assert "Real money is only traded on live prices." in refused.text
    assert Position.objects.count() == 0


def test_a_viewer_opens_nothing(olga):
    viewer = Visitor(make_member(own_tenant(olga), Role.VIEWER, "vera"))

    assert viewer.get(NEW).status_code == 403
    assert viewer.client.post(NEW, IBM).status_code == 403
    assert Position.objects.count() == 0


DEFAULTS = EffectiveConfig(
    trigger=TriggerConfig(), guardrail=GuardrailConfig(), order_policy=OrderPolicyConfig(), scopes={}
)


def look_back(until: date):
    return hindsight(
        ticker="IBM", stock=Decimal(10_000), cash=Decimal(10_000), effective=DEFAULTS, until=until
    )


def test_looking_back_sees_nothing_of_what_is_later():
    seen = look_back(date(2003, 1, 2))

    assert seen.last_date == date(2003, 1, 2)
    assert [span.years for span in seen.spans] == [1]
    assert look_back(date(2000, 3, 10)) is None


def test_the_difference_is_that_of_the_two_values():
    for span in look_back(date(2013, 3, 1)).spans:
        assert span.difference == span.value - span.hold_value
        assert span.trades > 0


def test_the_same_dollars_begin_each_span():
    seen = look_back(date(2013, 3, 1))

    assert abs(seen.values[0] - 20_000) < 1
    assert abs(seen.hold_values[0] - 20_000) < Decimal("0.01")
    assert (seen.values[-1], seen.hold_values[-1]) == (seen.longest.value, seen.longest.hold_value)
