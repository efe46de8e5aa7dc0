"""What is drawn once is drawn anew as soon as anything in it changes."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.cache import caches
from django.utils import timezone

from accounts.models import Role
from accounts.tests.people import logged_in, make_member, make_user, own_tenant
from alerts.models import Alert
from alerts.tests.builders import make_alert
from configs.tests.builders import set_position
from orders.tests.builders import run_at, set_market
from positions.models import Position
from positions.tests.builders import make_position
from volbal_site.templatetags.cells import REPLAYED

pytestmark = pytest.mark.django_db

NOW = timezone.now()


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
