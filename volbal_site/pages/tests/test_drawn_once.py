"""What is drawn once is drawn anew as soon as anything in it changes."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.cache import caches
from django.utils import timezone

from accounts.models import Role
from accounts.tests.people import logged_in, make_member, make_user, own_tenant
from accounts.transactions import unit_of_work
from alerts.models import Alert
from alerts.tests.builders import make_alert
from configs.tests.builders import set_position
from market.models import Bar
from market.providers.registry import provider
from orders.models import TradingState
from orders.switches import turn
from orders.tests.builders import run_at, set_market
from orders.tick import work_off_ticks
from positions.models import Position
from positions.tests.builders import OPENED_AT, make_position, make_stamp
from simulation.value_keeping import keep_values
from volbal_site.templatetags.cells import REPLAYED

pytestmark = pytest.mark.django_db

NOW = timezone.now()
HOUR = timedelta(hours=1)
BUYS = '<span class="badge mode">Buys</span>'


@pytest.fixture
def owner():
    return make_user()


@pytest.fixture
def cell(owner):
    return make_position(own_tenant(owner))


@pytest.fixture
def look(owner):
    client = logged_in(owner)
    return lambda path: client.get(path).content.decode()


def test_a_row_is_drawn_once_and_looks_the_same(cell, owner):
    client = logged_in(owner)
    first, second = client.get("/activity"), client.get("/activity")

    assert "positions/event_line.html" in names_of(first)
    assert "positions/event_line.html" not in names_of(second)
    assert list_in(first) == list_in(second)
    assert "IBM" in list_in(second)


def names_of(answer):
    return [template.name for template in answer.templates]


def list_in(answer):
    return answer.content.decode().partition("<ol")[2].partition("</ol>")[0]


@pytest.mark.parametrize(("path", "row"), [("/activity", "<li>"), ("/orders", "<tr>")])
def test_a_list_shows_what_comes_on_top(cell, look, path, row):
    run_at(cell, 104, at=NOW)
    before = [rows_in(look(path)).count(row) for _ in range(2)]

    run_at(cell, 100, at=NOW + timedelta(minutes=1))

    assert before[0] == before[1] > 0
    assert rows_in(look(path)).count(row) > before[0]


@pytest.mark.parametrize("path", ["/activity", "/orders"])
def test_a_list_shows_that_a_cell_follows_the_past_now(cell, look, path):
    run_at(cell, 104, at=NOW)
    assert REPLAYED not in rows_in(look(path))

    Position.objects.filter(pk=cell.pk).update(market_provider="replay")

    assert REPLAYED in rows_in(look(path))


def test_the_table_of_prices_shows_a_new_one(cell, look):
    run_at(cell, "100.5", at=NOW)
    path = f"/positions/{cell.pk}/prices"
    assert "100.50" in look(path)

    run_at(cell, "101.25", at=NOW + timedelta(minutes=1))

    assert "101.25" in look(path)


@pytest.fixture(params=["chart", "prices"])
def chart(request, owner, look):
    """A cell without bundled history, and a look at its chart, drawn twice."""
    provider("static").clear()
    cell = make_position(own_tenant(owner), ticker="XYZ", at=OPENED_AT - HOUR)

    def drawn():
        first, second = (look(f"/positions/{cell.pk}/{request.param}?range=5y") for _ in range(2))
        assert shown_in(first) == shown_in(second)
        return shown_in(second)

    return cell, drawn


def shown_in(page):
    """Return the chart, or its table, without what differs each time (the token of a form)."""
    return page.partition("<section")[2].partition("</section>")[0] or page


def test_a_chart_shows_what_a_tick_saw(chart):
    _, drawn = chart
    for minute, price in enumerate(("100.25", "100.75")):
        assert price not in drawn()
        at = OPENED_AT + timedelta(minutes=minute)
        set_market(price, "XYZ", at)
        work_off_ticks(clock=lambda at=at: at)

        assert price in drawn()


def test_a_chart_shows_a_trade_and_a_new_anchor(chart):
    cell, drawn = chart
    run_at(cell, 100, at=OPENED_AT)
    assert "Sold" not in drawn()

    run_at(cell, 104, at=OPENED_AT + HOUR)

    assert "Sold" in drawn()
    assert "107.12" in drawn()  # three percent above


def test_a_chart_shows_a_bar_that_was_corrected(chart):
    _, drawn = chart
    bar = Bar.objects.create(
        ticker="XYZ", date=OPENED_AT.date(), open=99, high=103, low=98, close=102, volume=1
    )
    assert "102" in drawn()

    Bar.objects.filter(pk=bar.pk).update(close=101)

    assert "101" in drawn()
    assert "102" not in drawn()


def test_how_a_cell_did_is_told_anew_after_each_decision(cell, look):
    path = f"/positions/{cell.pk}/performance"
    run_at(cell, "100.5", at=NOW)
    keep_values()
    first, second = look(path), look(path)
    assert shown_in(first) == shown_in(second)
    assert "+$50.00" in shown_in(second)

    run_at(cell, "101.5", at=NOW + timedelta(minutes=1))

    assert "+$150.00" in shown_in(look(path))


def rows_in(page):
    """Return what stands between the filters of a list and the foot of the page."""
    return page.partition("</form>\n")[2].partition("<footer")[0]


def test_an_alert_shows_who_saw_it(cell, owner, look):
    alert = make_alert(tenant_id=cell.tenant_id)
    assert "seen by" not in look("/alerts")

    Alert.objects.filter(pk=alert.pk).update(seen_at=NOW, seen_by=owner.username)

    assert f"seen by {owner.username}" in look("/alerts")


def test_a_cell_shows_its_new_trade(cell, look):
    path = f"/positions/{cell.pk}/"
    set_market(100)
    assert "None yet" in look(path)

    run_at(cell, 104, at=NOW + timedelta(seconds=1))

    assert "None yet" not in look(path)


def test_a_cell_shows_that_only_sales_are_allowed_now(cell, look):
    run_at(cell, 100)
    path = f"/positions/{cell.pk}/?price=95"
    assert BUYS in look(path)

    with unit_of_work():
        turn(TradingState.REDUCING, reason="r", stamp=make_stamp(NOW), tenant_id=cell.tenant_id)

    assert BUYS not in look(path)


def test_a_trader_is_led_where_a_viewer_is_not(cell, look):
    """Rights are among what a drawing depends on."""
    run_at(cell, 100)
    set_position(cell, "order_policy", min_notional="1000000")
    viewer = logged_in(make_member(cell.tenant, Role.VIEWER, "vera"))
    path = f"/positions/{cell.pk}/"

    assert 'id="way-' in look(path)
    assert 'id="way-' not in viewer.get(path).content.decode()


def test_a_setting_shows_its_own_value_and_inherits_again(cell, look):
    path = f"/positions/{cell.pk}/settings"
    assert "Own value" not in look(path)

    set_position(cell, "trigger", up_threshold_pct="7")
    assert "Own value" in look(path)


def test_what_is_kept_is_kept_in_this_process_alone():
    assert {type(caches[name]).__name__ for name in ("template_fragments", "lists")} == {"LocMemCache"}
