"""The pages of orders: what is open and waits, what was done, what a broker says otherwise."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Role
from accounts.tests.people import logged_in, make_member, make_staff, make_user, own_tenant, send_form
from orders.errors import ExecutionConflict
from orders.models import BrokerDifference, Order
from orders.order_words import STATUS_WORDS, awaited, reason_words
from orders.tests.builders import fill, fresh, make_difference, make_order, report, run_at
from positions.tests.builders import OPENED_AT, make_position
from volbal.guardrails import TRADE_REASONS
from volbal.order_states import OrderStatus

pytestmark = pytest.mark.django_db

NOW = OPENED_AT


@pytest.fixture
def olga():
    return make_user("olga")


@pytest.fixture
def client(olga):
    return logged_in(olga)


@pytest.fixture
def cell(olga):
    return make_position(own_tenant(olga))


def proposal(tenant, **options):
    return make_order(make_position(tenant, broker="manual", **options), status="new")


def sent(position, status="submitted", **columns):
    order = make_order(position, status=status)
    Order.objects.filter(pk=order.pk).update(**columns)
    return fresh(order)


def test_an_empty_page_says_when_there_will_be_an_order(client):
    page = client.get("/orders").text

    assert "No order is open" in page
    assert "No order yet" in page


def test_open_orders_come_first_and_done_ones_below(client, cell):
    run_at(cell, 104)
    proposal(cell.tenant, ticker="KO")

    page = client.get("/orders").text

    assert page.index("Buy 10 KO") < page.index('id="past-orders"') < page.index("Sell 12.57421597")
    assert "The price rose to the upper threshold" in page


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({"status": "filled"}, 1),
        ({"status": "rejected"}, 0),
        ({"cell": "KO"}, 0),
        ({"cell": "#1"}, 1),
        ({"from": "2024-01-08", "to": "2024-01-08"}, 1),
        ({"from": "2024-01-09"}, 0),
        ({"to": "2024-01-07"}, 0),
    ],
)
def test_orders_that_are_done_are_narrowed(client, cell, query, count):
    run_at(cell, 104)
    make_position(cell.tenant, ticker="KO")

    assert client.get("/orders", query).text.count("Sell 12.57421597") == count


def test_orders_that_are_done_follow_page_by_page_each_once(client, cell):
    made = [make_order(make_position(cell.tenant), status="cancelled") for _ in range(50)]

    first = client.get("/orders").text
    rest = client.get(re.search(r'rel="next" href="([^"]+)"', first)[1].replace("&amp;", "&")).text
    shown = re.findall(r'<th scope="row"><a href="/orders/([^"]+)"', first + rest)

    assert sorted(shown) == sorted(str(order.pk) for order in made)


def test_another_tenants_orders_are_not_there(client, cell):
    make_order(make_position(own_tenant(make_user("sven")), ticker="SVEN"))

    assert "SVEN" not in client.get("/orders").text
    assert "SVEN" not in client.get("/orders/open").text


def test_what_waits_for_a_worker_says_so_when_there_is_none(client, cell):
    make_order(make_position(cell.tenant, broker="paper_http"), status="new")

    assert "Nothing is sent just now: no worker was ever heard of" in client.get("/orders/open").text


def test_a_proposal_alone_waits_for_no_worker(client, cell):
    proposal(cell.tenant)

    assert "Nothing is sent" not in client.get("/orders/open").text


def test_a_proposal_says_what_to_do_and_until_when(cell):
    told = awaited(proposal(cell.tenant), NOW)

    assert told.text == "Waits for you; it expires 8 Jan, 16:01 New York."
    assert "report the execution" in told.advice


@pytest.mark.parametrize(
    ("status", "columns", "text"),
    [
        ("new", {}, "Waits to be sent; the next try is any moment."),
        ("new", {"ask_at": NOW + timedelta(seconds=9)}, "Waits to be sent; the next try is in 9 s."),
        ("new", {"leased_until": NOW + timedelta(seconds=9)}, "The broker is being spoken to right now."),
        (
            "submitted",
            {"sent_at": NOW - timedelta(seconds=12), "ask_at": NOW + timedelta(seconds=3)},
            "Sent 12 s ago; the broker has not answered yet; it is asked again in 3 s.",
        ),
        (
            "accepted",
            {
                "sent_at": NOW - timedelta(minutes=3),
                "acknowledged_at": NOW - timedelta(minutes=2),
                "ask_at": NOW + timedelta(seconds=3),
            },
            "Sent 3 min ago, taken by the broker 2 min ago; it is asked again in 3 s.",
        ),
        (
            "cancel_pending",
            {"sent_at": NOW, "cancel_asked_by": "olga, by hand"},
            "The broker is asked to cancel it (asked for by olga, by hand); again any moment.",
        ),
        (
            "unknown",
            {"sent_at": NOW - timedelta(hours=2), "ask_at": NOW + timedelta(seconds=60)},
            "Sent 2 h ago; nobody knows what became of it; the broker is asked in 1 min.",
        ),
    ],
)
def test_what_an_open_order_waits_for_is_said(cell, status, columns, text):
    order = sent(make_position(cell.tenant, broker="paper_http"), status, **columns)

    assert awaited(order, NOW).text == text


def test_an_unknown_order_that_can_not_be_asked_about_is_a_persons(cell):
    order = sent(make_position(cell.tenant, broker="paper_http"), "unknown", sent_at=NOW)
    order.broker = "gone"

    assert "Look there yourself" in awaited(order, NOW).advice


def test_an_order_that_is_done_waits_for_nothing(cell):
    run_at(cell, 104)

    assert awaited(Order.objects.get(), NOW) is None


def test_every_status_and_every_reason_has_words():
    assert set(STATUS_WORDS) == set(OrderStatus)
    assert all(" " in reason_words(reason) for reason in [*TRADE_REASONS.values(), "below_min", "by_hand"])
    assert reason_words("insufficient buying power") == "insufficient buying power"


def test_an_order_shows_its_executions_and_its_story(client, cell):
    run_at(cell, 104)
    order = Order.objects.get()

    page = client.get(f"/orders/{order.pk}").text

    assert re.findall(r'class="log-told">(\w+)', page) == ["Sells", "Sent", "Sold"]
    assert "$1,307.72" in page
    assert "paper (simulated)" in page
    assert "hx-get" not in client.get(f"/orders/{order.pk}/now").text  # it changes no more


def test_an_execution_in_quarantine_is_shown_with_the_way_out(client, cell):
    order = make_order(cell)
    report(order, qty=4)
    with pytest.raises(ExecutionConflict):
        report(order, qty=5)

    page = client.get("/orders").text

    assert "1 not booked" in page
    assert "correct the books by an adjustment" in page
    assert "An execution was not booked" in client.get(f"/orders/{order.pk}").text


def test_a_difference_is_explained_by_an_owner_once(olga, client, cell):
    difference = make_difference(cell)
    path = f"/differences/{difference.pk}/resolve"
    assert "other shares than in our books" in client.get("/orders").text

    answer = send_form(client, path, reason="bought by hand at the broker")

    assert (answer.status_code, answer["Location"]) == (303, "/orders")
    resolved = fresh(difference)
    assert (resolved.resolved_by, resolved.resolution) == ("olga", "bought by hand at the broker")
    assert "unexplained" not in client.get("/orders").text
    assert "olga explained it" in client.get(path).text


def test_a_difference_without_an_explanation_stays(client, cell):
    difference = make_difference(cell)

    answer = send_form(client, f"/differences/{difference.pk}/resolve", reason="")

    assert answer.status_code == 422
    assert fresh(difference).resolved_at is None


def test_differences_are_the_owners(olga, cell):
    make_difference(cell)
    trader = logged_in(make_member(own_tenant(olga), Role.TRADER, "tom"))

    assert "unexplained" not in trader.get("/orders").text


def test_a_difference_of_nobodys_in_particular_is_shown_where_nobody_else_trades_at_the_broker(client, cell):
    difference = make_difference(None)
    path = f"/differences/{difference.pk}/resolve"
    assert "1 unexplained" in client.get("/orders").text

    make_position(own_tenant(make_user("sven")))

    assert "unexplained" not in client.get("/orders").text
    assert client.get(path).status_code == 404
    assert logged_in(make_staff()).get(path).status_code == 200
    assert BrokerDifference.objects.get().resolved_at is None


def queries(client, path):
    client.get(path)
    with CaptureQueriesContext(connection) as found:
        assert client.get(path).status_code == 200
    return len(found)


@pytest.mark.parametrize("path", ["/orders", "/orders/open", "/orders?status=filled", "one"])
def test_a_page_takes_as_many_queries_with_many_orders_as_with_one(client, cell, path):
    def fill_in():
        run_at(make_position(cell.tenant), 104)
        proposal(cell.tenant)
        make_order(make_position(cell.tenant, broker="paper_http"), status="unknown")
        make_difference(make_position(cell.tenant), broker=f"b{Order.objects.count()}")

    fill_in()
    order = make_order(cell, status="accepted", at=timezone.now())
    fill(order, qty=1)
    path = f"/orders/{order.pk}" if path == "one" else path
    with_few = queries(client, path)
    for number in range(5):
        fill_in()
        fill(order, f"more {number}", qty=1)

    assert queries(client, path) == with_few
    assert with_few <= 15
