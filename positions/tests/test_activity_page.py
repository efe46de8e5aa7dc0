"""The page of everything that happened, as a member of the tenant sees it."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.tests.people import logged_in, make_user, own_tenant
from positions.models import Event
from positions.tests.builders import OPENED_AT, make_position
from positions.tests.test_activity import tell

pytestmark = pytest.mark.django_db


@pytest.fixture
def olga():
    return make_user("olga")


@pytest.fixture
def client(olga):
    return logged_in(olga)


@pytest.fixture
def cell(olga):
    return make_position(own_tenant(olga))


def told(answer):
    assert answer.status_code == 200, answer.text
    return re.findall(r'class="log-told">([^<]*)<', answer.text)


def test_an_empty_page_says_what_will_stand_there(client):
    assert "Nothing has happened yet" in client.get("/activity").text


def test_what_happened_is_told_in_plain_words(client, cell):
    assert told(client.get("/activity")) == ["Opened with 100 IBM and 10000 of cash."]


@pytest.mark.parametrize("said", ["IBM", "ibm", "#1", "IBM #1"])
def test_a_cell_is_named_as_people_name_it(client, cell, said):
    other = make_position(cell.tenant, ticker="KO")
    tell(other)

    assert told(client.get("/activity", {"cell": said})) == ["Opened with 100 IBM and 10000 of cash."]
    assert len(told(client.get("/activity", {"cell": str(other.pk)}))) == 2


def test_another_tenants_cell_is_named_in_vain_like_one_that_isnt_there(client, cell):
    foreign = make_position(own_tenant(make_user("sven")))
    random = "7e57ab1e-0000-4000-8000-000000000007"

    answers = [client.get("/activity", {"cell": str(one)}) for one in (foreign.pk, random)]

    assert all("There is no such cell." in answer.text for answer in answers)
    assert [told(answer) for answer in answers] == [told(client.get("/activity"))] * 2


def test_a_group_of_kinds_a_kind_an_actor_and_dates_narrow_the_page(client, cell):
    tell(cell, 2, "cash_deposited", actor="sue")

    for query, count in (
        ({"type": "money"}, 2),
        ({"type": "cash_deposited"}, 2),
        ({"type": "cash_withdrawn"}, 0),
        ({"actor": "sue"}, 2),
        ({"from": "2024-01-09"}, 0),
        ({"to": "2024-01-08"}, 3),
    ):
        assert len(told(client.get("/activity", query))) == count, query


def test_what_makes_no_sense_is_said_beside_the_field(client, cell):
    answer = client.get("/activity", {"from": "2024-01-09", "to": "2024-01-08", "type": "magic"})

    assert "Not before the first day." in answer.text
    assert "magic is not one of the available choices" in answer.text


def test_older_events_follow_on_a_page_of_their_own_with_the_same_filters(client, cell):
    tell(cell, 59)

    first = client.get("/activity", {"cell": "IBM"})
    address = re.search(r'rel="next" href="([^"]+)"', first.text)[1].replace("&amp;", "&")
    second = client.get(address)

    assert "cell=IBM" in address
    assert (len(told(first)), len(told(second))) == (30, 30)
    assert "Back to the newest" in second.text
    assert client.get("/activity?after=nonsense").status_code == 422


def test_what_is_new_is_said_and_the_list_left_alone(client, cell):
    answer = client.get("/activity/newer", {"since": "2024-01-08T15:59:00+00:00"})

    assert "1 newer: show it" in answer.text
    assert client.get("/activity/newer", {"since": OPENED_AT.isoformat()}).text.strip() == ""
    assert client.get("/activity/newer", {"since": "yesterday"}).status_code == 422


def test_an_event_unfolds_and_has_a_page_of_its_own(client, cell):
    event = Event.objects.get()

    page = client.get(f"/activity/{event.pk}")
    part = client.get(f"/activity/{event.pk}", headers={"HX-Request": "true"})

    assert "<dt>anchor price</dt><dd>100</dd>" in page.text
    assert part.text.strip().startswith("<dl")
    assert "<html" not in part.text


def queries(client, path):
    client.get(path)
    with CaptureQueriesContext(connection) as found:
        assert client.get(path).status_code == 200
    return len(found)


@pytest.mark.parametrize(
    "path",
    ["/activity", "/activity?cell=%231", "/activity?type=orders", "/activity/newer?since=2024-01-01T00:00Z"],
)
def test_the_page_takes_as_many_queries_with_many_events_as_with_one(client, cell, path):
    with_one = queries(client, path)
    tell(cell, 80)
    for _ in range(5):
        make_position(cell.tenant)

    assert queries(client, path) == with_one
    assert with_one <= 12
