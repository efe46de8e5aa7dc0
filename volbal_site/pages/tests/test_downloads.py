"""The exports on pages: the API's own files, narrowed as the lists are."""

from __future__ import annotations

import csv
from io import StringIO

import pytest

from accounts.tests.people import logged_in, make_user, own_tenant
from dividends.tests.builders import PAY_DATE, make_dividend, morning
from orders.tests.builders import run_at
from positions.models import Event
from positions.tests.builders import make_position
from volbal_site.export_api import TABLES
from volbal_site.tests.api_client import Api, make_key

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def olga(shared):
    return shared(make_olga)


def make_olga():
    user = make_user("olga")
    make_dividend()
    cells = [make_position(own_tenant(user), ticker=ticker) for ticker in ("IBM", "IBM", "KO")]
    for cell in cells:
        run_at(cell, 104)
        morning(cell, PAY_DATE)
    run_at(make_position(own_tenant(make_user("sven"))), 104)
    return user


def content(answer):
    assert answer.status_code == 200, answer.content
    return b"".join(answer)


def rows(answer):
    return list(csv.DictReader(StringIO(content(answer).decode())))


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("query", ["", "from=2024-01-09", "to=2024-01-08"])
def test_a_file_is_the_one_that_the_api_makes(olga, name, query):
    api = Api(make_key(own_tenant(olga), "read"))

    from_page = logged_in(olga).get(f"/exports/{name}?{query}")
    from_api = api.get(f"/exports/{name}.csv?{query}")

    assert content(from_page) == content(from_api)
    assert from_page["Content-Disposition"] == from_api["Content-Disposition"]


@pytest.mark.parametrize("name", TABLES)
def test_a_file_of_one_cell_is_the_one_that_the_api_makes(olga, name):
    api = Api(make_key(own_tenant(olga), "read"))
    cell = own_tenant(olga).positions.get(ticker="KO")

    from_page = logged_in(olga).get(f"/exports/{name}", {"cell": "KO"})

    assert content(from_page) == content(api.get(f"/exports/{name}.csv?position_id={cell.pk}"))


def test_a_ticker_of_two_cells_means_both(olga):
    found = rows(logged_in(olga).get("/exports/trades", {"cell": "IBM"}))

    assert len(found) == 2
    assert {row["ticker"] for row in found} == {"IBM"}


@pytest.mark.parametrize(
    "query", [{"type": "orders"}, {"type": "order_filled"}, {"actor": "tester"}, {"actor": "x"}]
)
def test_events_are_narrowed_as_on_the_page(olga, query):
    client = logged_in(olga)

    found = {row["id"] for row in rows(client.get("/exports/events", query))}
    shown = client.get("/activity", query).text
    on_page = {str(pk) for pk in Event.objects.values_list("pk", flat=True) if f"/activity/{pk}" in shown}

    assert found == on_page


@pytest.mark.parametrize("query", ["format=pdf", "cell=NONE", "from=x", "from=2024-02-01&to=2024-01-01"])
def test_what_makes_no_sense_is_refused_and_no_other_file_given(olga, query):
    assert logged_in(olga).get(f"/exports/events?{query}").status_code == 422


def test_a_spreadsheet_is_offered_too(olga):
    assert content(logged_in(olga).get("/exports/events?format=xlsx")).startswith(b"PK")
