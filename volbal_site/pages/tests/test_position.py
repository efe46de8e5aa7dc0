"""The page of a cell: what it shows, what it links to, and what it takes to read it."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Role
from accounts.tests.people import make_member, make_user, own_tenant
from accounts.transactions import unit_of_work
from configs.models import OrderPolicyConfig
from configs.tests.builders import set_position
from market.providers.registry import provider
from orders.models import TradingState
from orders.switches import turn
from orders.tests.builders import everything_written, make_order, run_at, set_market
from orders.tick import work_off_ticks
from positions.services import pause
from positions.tests.builders import OPENED_AT, make_position, make_stamp
from volbal_site.pages.tests.cells import logged_in, traded_cell

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}
PARTS = [
    "now",
    "timeline",
    "performance",
    "orders",
    "dividends",
    "cash",
    "rules",
    "chart",
    "prices",
    "what-if",
]


@pytest.fixture
def owner():
    return make_user("olga")


@pytest.fixture
def client(owner):
    return logged_in(owner)


def words(answer) -> str:
    """Return what an answer says, without its tags."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text))


def test_a_cell_is_seen_at_a_glance(client, owner):
    cell = traded_cell(own_tenant(owner))

    told = words(client.get(f"/positions/{cell.pk}/"))

    assert "Worth $19,865.60" in told
    assert "Bought 10.46890955" in told
    assert "Buys at $94.09" in told
    assert "Sells at $99.91" in told
    assert "Buys 10.46890955 at 97: the price is -3 % from the anchor 100" in told


@pytest.mark.parametrize("part", PARTS)
def test_every_part_is_a_page_too(client, owner, part):
    cell = traded_cell(own_tenant(owner))

    answer = client.get(f"/positions/{cell.pk}/{part}")

    assert answer.status_code == 200
    if part not in ("now", "chart"):
        assert "<html" in answer.text


@pytest.mark.parametrize(
    "part", ["timeline", "performance", "orders", "dividends", "cash", "rules", "what-if"]
)
def test_htmx_gets_a_part_alone(client, owner, part):
    cell = traded_cell(own_tenant(owner))

    assert "<html" not in client.get(f"/positions/{cell.pk}/{part}", headers=HTMX).text


@pytest.mark.parametrize("part", ["", *PARTS])
def test_another_tenants_cell_is_not_found(part):
    cell = traded_cell(own_tenant(make_user("olga")))

    assert logged_in(make_user("sven")).get(f"/positions/{cell.pk}/{part}").status_code == 404


@pytest.mark.parametrize("part", ["", *PARTS])
def test_looking_at_a_cell_changes_nothing(client, owner, part):
    cell = traded_cell(own_tenant(owner))
    before = everything_written()

    client.get(f"/positions/{cell.pk}/{part}")

    assert everything_written() == before


def test_a_cell_without_anything_says_what_to_do(client, owner):
    cell = make_position(own_tenant(owner), qty=0, cash=0, anchor=None)

    told = words(client.get(f"/positions/{cell.pk}/"))

    assert "No price yet" in told
    assert "It needs an anchor" in told
    assert all(client.get(f"/positions/{cell.pk}/{part}").status_code == 200 for part in PARTS)


def test_a_paused_cell_says_so_and_what_would_follow(client, owner):
    cell = traded_cell(own_tenant(owner))
    with unit_of_work():
        pause(type(cell).objects.lock(cell.pk), "on holiday", stamp=make_stamp())

    told = words(client.get(f"/positions/{cell.pk}/"))

    assert "This cell is paused" in told
    assert "on holiday" in told
    assert "Once trading goes on: Buys at $94.09" in told


def test_a_stop_of_the_account_says_so(client, owner):
    cell = traded_cell(own_tenant(owner))
    with unit_of_work():
        turn(TradingState.HALTED, reason="drill", stamp=make_stamp(), tenant_id=cell.tenant_id)

    assert "Trading is stopped" in words(client.get(f"/positions/{cell.pk}/"))


def test_a_pinned_cell_says_so_and_where_it_will_sell_again(client, owner):
    cell = make_position(own_tenant(owner), cash=3200)
    run_at(cell, 96)  # stock is exactly 75 %

    told = words(client.get(f"/positions/{cell.pk}/"))

    assert "Pinned at 75 %. The guardrail allows no more stock. Will sell again at $99.9997." in told


def test_settings_that_clash_are_told_and_the_page_stands(client, owner):
    cell = traded_cell(own_tenant(owner))
    set_position(cell, "order_policy", order_sizing_strategy="proportional")
    OrderPolicyConfig.objects.filter(position=cell).update(order_sizing_strategy="gone")

    answers = [client.get(f"/positions/{cell.pk}/{part}") for part in ("", "now", "rules", "what-if")]

    assert [answer.status_code for answer in answers] == [200] * 4
    assert "The settings don&#x27;t go together" in answers[0].text


def test_an_open_order_waits_on_the_page(client, owner):
    cell = make_position(own_tenant(owner), broker="manual")
    make_order(cell, status="new")

    assert "A proposal waits for you" in client.get(f"/positions/{cell.pk}/").text


def test_ticks_tell_how_often_it_was_checked_and_how_near_it_came(client, owner):
    provider("static").clear()
    cell = make_position(own_tenant(owner))
    for minute, price in enumerate(("100", "101", "97.9", "101.5")):
        at = OPENED_AT + timedelta(minutes=minute)
        set_market(price, "IBM", at)
        work_off_ticks(clock=lambda at=at: at)

    told = words(client.get(f"/positions/{cell.pk}/"))

    assert "Checked 3 times since 8 Jan 2024, 11:00 New York , nearest 2.1 % of 3.0 %" in told


def test_a_poll_is_answered_with_nothing_until_something_changes(client, owner):
    cell = traded_cell(own_tenant(owner))
    page = client.get(f"/positions/{cell.pk}/").text
    seen = re.search(r'"seen": "(\w+)"', page.replace("&quot;", '"'))[1]
    address = f"/positions/{cell.pk}/now"

    assert client.get(address, {"seen": seen}, headers=HTMX).status_code == 204
    run_at(cell, 94)
    changed = client.get(address, {"seen": seen}, headers=HTMX)

    assert changed.status_code == 200
    assert "position-changed" in changed["HX-Trigger"]


def test_a_viewer_sees_and_is_offered_nothing(owner):
    cell = traded_cell(own_tenant(owner), anchor=None)
    viewer = logged_in(make_member(own_tenant(owner), Role.VIEWER, "vera"))

    answer = viewer.get(f"/positions/{cell.pk}/")

    assert answer.status_code == 200
    assert "button small" not in re.sub(
        r"data-range.*?</a>", "", answer.text.partition('id="now"')[2].partition("chart-head")[0]
    )


@pytest.mark.parametrize("part", ["", *PARTS])
def test_the_number_of_queries_does_not_grow_with_history(client, owner, part):
    cell = make_position(own_tenant(owner))
    counts = []
    for prices in ((97, 100), (103, 99, 95, 99, 104, 100, 97)):
        for price in prices:
            run_at(cell, price)
        client.get(f"/positions/{cell.pk}/{part}")
        with CaptureQueriesContext(connection) as queries:
            client.get(f"/positions/{cell.pk}/{part}")
        counts.append(len(queries))

    assert counts[0] == counts[1]
    assert counts[0] <= 30
    assert Decimal(counts[0])
