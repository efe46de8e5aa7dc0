"""The page of a decision: why, how its size came about, what it was made from, and what it is once more."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.tests.people import make_user, own_tenant
from configs.tests.builders import set_position, set_tenant
from orders.tests.builders import everything_written, make_order, run_at
from positions.guards import install_guards, remove_guards
from positions.models import Event
from positions.tests.builders import make_position
from volbal_site.pages.decision import order_of
from volbal_site.pages.sizes import size_lines
from volbal_site.pages.tests.cells import logged_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def cell():
    return make_position(own_tenant(make_user("olga")))


@pytest.fixture
def client(cell):
    return logged_in(cell.tenant.memberships.get().user)


def page_of(client, evaluation):
    return client.get(f"/decisions/{evaluation.event_id}/")


def words(answer) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text))


def test_a_purchase_is_explained_from_the_sentence_to_the_fill(client, cell):
    told = words(page_of(client, run_at(cell, 97)))

    assert "Buy 10.46890955 IBM" in told
    assert "Buys 10.46890955 at 97: the price is -3 % from the anchor 100" in told
    assert "Asked for 10.468909554682" in told
    assert "What the move from the anchor asks for: this decides the size" in told
    assert "Identical Made again just now" in told
    assert "bought 10.46890955 at $97.00, fee $0.10" in told


def test_waiting_is_explained_too(client, cell):
    told = words(page_of(client, run_at(cell, 100)))

    assert "No size was looked for: the price is between the thresholds" in told
    assert "No order: nothing was to be traded." in told
    assert "Identical" in told


def test_a_refusal_tells_the_limit_that_left_no_room(client, cell):
    set_position(cell, "guardrail", max_daily_notional="0")

    told = words(page_of(client, run_at(cell, 97)))

    assert "The cap on a day's trading leaves no room: this decides the size" in told.replace("&#x27;", "'")


def test_a_closed_gate_tells_what_leads_out(client, cell):
    make_order(cell)

    told = words(page_of(client, run_at(cell, 97)))

    assert "an order of this position is still open" in told
    assert "The next decision comes when it is done." in told


def test_settings_are_told_with_where_they_came_from(client, cell):
    set_tenant(cell.tenant, "trigger", up_threshold_pct="4")
    set_position(cell, "trigger", down_threshold_pct="2.5")

    told = words(page_of(client, run_at(cell, 97)))

    assert "Sell when up by of the account 4 %" in told
    assert "Buy when down by of this cell 2.5 %" in told
    assert "Upper guardrail of the installation 75 %" in told


def test_what_was_kept_and_comes_out_otherwise_is_told(client, cell):
    evaluation = run_at(cell, 97)
    remove_guards()
    Event.objects.filter(pk=evaluation.event_id).update(
        inputs={**evaluation.event.inputs, "quote": {**evaluation.event.inputs["quote"], "price": "96"}}
    )
    install_guards()

    told = words(page_of(client, evaluation))

    assert "Different" in told
    assert "1015.484226 then" in told


def test_what_cannot_be_read_is_told_and_the_page_stands(client, cell):
    evaluation = run_at(cell, 97)
    remove_guards()
    Event.objects.filter(pk=evaluation.event_id).update(inputs={"nothing": 1})
    install_guards()

    assert "Not readable" in words(page_of(client, evaluation))


def test_each_decision_leads_to_its_own_order(cell):
    first, second = run_at(cell, 97), run_at(cell, 94)

    assert order_of(first.event) == first.order
    assert order_of(second.event) == second.order


def test_other_events_and_other_tenants_decisions_are_not_found(client, cell):
    opened = Event.objects.filter(position=cell).first()
    evaluation = run_at(cell, 97)
    stranger = logged_in(make_user("sven"))

    assert client.get(f"/decisions/{opened.pk}/").status_code == 404
    assert page_of(stranger, evaluation).status_code == 404


def test_looking_at_a_decision_changes_nothing(client, cell):
    evaluation = run_at(cell, 97)
    before = everything_written()

    page_of(client, evaluation)

    assert everything_written() == before


def test_the_number_of_queries_does_not_grow_with_history(client, cell):
    counts = []
    for prices in ((97,), (100, 94, 98, 91)):
        for price in prices:
            evaluation = run_at(cell, price)
        page_of(client, evaluation)
        with CaptureQueriesContext(connection) as queries:
            page_of(client, evaluation)
        counts.append(len(queries))

    assert counts[0] == counts[1]


def test_no_steps_are_no_lines():
    assert size_lines((), None) == []
