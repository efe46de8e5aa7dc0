"""What if: the whole decision at any price, quickly, with nothing saved."""

from __future__ import annotations

import re
from decimal import Decimal
from time import perf_counter

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.tests.people import make_user, own_tenant
from accounts.transactions import unit_of_work
from orders.tests.builders import everything_written, run_at
from positions.models import Event, JournalEntry, Position
from positions.services import pause
from positions.tests.builders import make_position, make_stamp
from volbal_site.pages.tests.cells import logged_in, traded_cell
from volbal_site.pages.what_if import slider_round

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}


@pytest.fixture
def cell():
    return make_position(own_tenant(make_user("olga")))


@pytest.fixture
def client(cell):
    return logged_in(cell.tenant.memberships.get().user)


def words(answer) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text))


def tried(client, cell, price, **headers):
    return client.get(f"/positions/{cell.pk}/what-if", {"price": price}, headers=headers)


@pytest.mark.parametrize("price", ["50", "97", "99.5", "103", "400"])
def test_what_is_told_is_what_is_decided_when_the_price_is_posted(client, cell, price):
    told = words(tried(client, cell, price, **HTMX))

    decision = run_at(cell, price).decision
    assert decision.explanation in told


def test_it_changes_nothing(client, cell):
    run_at(cell, 100)
    counts = Event.objects.count(), JournalEntry.objects.count()
    before = everything_written()

    for price in ("90", "97", "110"):
        tried(client, cell, price)

    assert (Event.objects.count(), JournalEntry.objects.count()) == counts
    assert everything_written() == before


def test_it_writes_no_row_at_all(client, cell):
    tried(client, cell, "97", **HTMX)  # the session notes that it was used
    with CaptureQueriesContext(connection) as queries:
        tried(client, cell, "97", **HTMX)

    assert [q["sql"] for q in queries if re.match("INSERT|UPDATE|DELETE", q["sql"])] == []


def test_without_javascript_it_is_a_form_with_its_answer(client, cell):
    answer = tried(client, cell, "97")

    assert "<html" in answer.text
    assert 'name="price" value="97"' in answer.text
    assert "Buys 10.46890955 at 97" in answer.text


@pytest.mark.parametrize("price", ["0", "-1", "abc", "1,5", "1e3", "9" * 30, "nan"])
def test_a_price_that_cannot_be_is_refused_in_words(client, cell, price):
    answer = tried(client, cell, price, **HTMX)

    assert answer.status_code == 200
    assert "note-box error" in answer.text


def test_commas_and_dollars_are_understood(client, cell):
    assert "at $1,097.00" in words(tried(client, cell, "$1,097.00", **HTMX))


def test_a_paused_cell_tells_what_would_be_done_once_it_goes_on(client, cell):
    with unit_of_work():
        pause(Position.objects.lock(cell.pk), "holiday", stamp=make_stamp())

    told = words(tried(client, cell, "97", **HTMX))

    assert "Just now nothing would be done: this cell is paused. Once that is over:" in told
    assert "Buys 10.46890955 at 97" in told


def test_every_step_of_the_size_is_told(client, cell):
    told = words(tried(client, cell, "97", **HTMX))

    assert re.findall("Asked for|Caps|Guardrails|Whole steps|Minimums", told) == [
        "Asked for",
        "Caps",
        "Guardrails",
        "Whole steps",
        "Minimums",
    ]


def test_it_answers_within_300_ms(client):
    cell = traded_cell(own_tenant(make_user("erik")))
    client = logged_in(cell.tenant.memberships.get().user)
    tried(client, cell, "97", **HTMX)

    times = []
    for cents in range(10):
        began = perf_counter()
        tried(client, cell, f"97.{cents}", **HTMX)
        times.append(perf_counter() - began)

    assert sorted(times)[5] < 0.3


@pytest.mark.parametrize(
    ("usual", "slider"),
    [
        ("100", ("75.00", "125.00", "0.01")),
        ("0.4", ("0.300000", "0.500000", "0.000001")),
        ("0.000001", ("0.000001", "0.000001", "0.000001")),
    ],
)
def test_the_slider_reaches_a_quarter_round_the_price(usual, slider):
    found = slider_round(Decimal(usual))

    assert (str(found.low), str(found.high), str(found.step)) == slider


def test_without_a_price_there_is_no_slider():
    assert slider_round(None) is None
