"""`/v1/market`, as a program sees it."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from market.providers.registry import provider
from positions.tests.builders import make_tenant
from volbal_site.tests.api_client import Api, make_key

pytestmark = pytest.mark.django_db
AS_OF = datetime(2024, 1, 8, 16, 0, tzinfo=UTC)


@pytest.fixture
def api():
    return Api(make_key(make_tenant("ann")))


def code_of(answer):
    return answer.json()["type"].rsplit("/", 1)[1]


def session(day, opens, closes, *, half=False):
    return {
        "session": day,
        "opens_at": f"{day}T{opens}:00Z",
        "closes_at": f"{day}T{closes}:00Z",
        "half_day": half,
    }


HALF_DAY = session("2012-11-23", "14:30", "18:00", half=True)
MONDAY = session("2012-11-26", "14:30", "21:00")
SUMMER = session("2012-07-02", "13:30", "20:00")


@pytest.mark.parametrize(
    ("at", "is_open", "described"),
    [
        ("2012-07-02T13:30:00Z", True, SUMMER),
        ("2012-07-02T09:30:00-04:00", True, SUMMER),
        ("2012-07-02T09:29:59.999999-04:00", False, SUMMER),
        ("2012-07-02T22:30:00%2B09:00", True, SUMMER),
        ("2012-07-02T22:30:00+09:00", True, SUMMER),
        ("2012-07-01T12:00Z", False, SUMMER),
        ("2012-11-22T17:00:00Z", False, HALF_DAY),
        ("2012-11-23T17:59:00Z", True, HALF_DAY),
        ("2012-11-23T18:00:59Z", True, HALF_DAY),
        ("2012-11-23T18:01:00Z", False, MONDAY),
        ("2012-11-24T03:00:00Z", False, MONDAY),
    ],
)
def test_the_session_under_way_or_else_the_next_one_is_described(api, at, is_open, described):
    assert api.get(f"/market/status?at={at}").json() == {"open": is_open, **described}


def test_without_a_time_it_is_now(api):
    answer = api.get("/market/status").json()

    assert set(answer) == {"open", "session", "opens_at", "closes_at", "half_day"}
    assert datetime.fromisoformat(answer["closes_at"]).timestamp() > datetime.now(UTC).timestamp() - 60


@pytest.mark.parametrize(
    "at",
    [
        "1989-12-31T12:00:00Z",
        "2099-01-01T12:00:00Z",
        "0001-01-01T00:00:00%2B14:00",
        "9999-12-31T23:59:59-14:00",
        "2012-07-02T13:30:00",
        "2012-07-02",
        "2012-07-32T13:30:00Z",
        "1341235800",
        "soon",
        "",
    ],
)
def test_a_time_outside_the_calendar_or_that_is_none_is_refused(api, at):
    answer = api.get(f"/market/status?at={at}")

    assert (answer.status_code, code_of(answer)) == (422, "out-of-range")


def test_quotes_come_in_the_order_asked_for_and_each_once(api):
    provider().set_price("IBM", Decimal("150.250000"), AS_OF)
    provider().set_price("MSFT", Decimal(30), AS_OF)
    quote = {"as_of": "2024-01-08T16:00:00Z", "source": "static", "is_real": False}

    answer = api.get("/market/quotes?tickers=msft,IBM,MSFT").json()

    assert answer == {
        "items": [{"ticker": "MSFT", "price": "30", **quote}, {"ticker": "IBM", "price": "150.25", **quote}],
        "count": 2,
    }


def test_a_ticker_without_a_quote_is_absent(api):
    provider().set_price("IBM", Decimal(1), AS_OF)

    assert [item["ticker"] for item in api.get("/market/quotes?tickers=XYZ,IBM").json()["items"]] == ["IBM"]
    assert api.get("/market/quotes?tickers=XYZ").json() == {"items": [], "count": 0}


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("", "missing-field"),
        ("?tickers=", "invalid-ticker"),
        ("?tickers=IBM,,MSFT", "invalid-ticker"),
        ("?tickers=IBM,a%20b", "invalid-ticker"),
        ("?tickers=%D0%98%D0%91%D0%9C", "invalid-ticker"),
        ("?tickers=" + ",".join(["A"] * 501), "out-of-range"),
    ],
    ids=lambda value: value[:30],
)
def test_wrong_tickers_are_refused(api, query, code):
    answer = api.get(f"/market/quotes{query}")

    assert (answer.status_code, code_of(answer)) == (422, code)


def test_five_hundred_tickers_are_one_call_of_the_provider_and_no_more_queries(api):
    names = [f"T{number}" for number in range(500)]
    for name in names:
        provider().set_price(name, Decimal(1), AS_OF)

    def queries(tickers):
        with CaptureQueriesContext(connection) as captured:
            assert api.get(f"/market/quotes?tickers={','.join(tickers)}").json()["count"] == len(tickers)
        return len(captured)

    assert queries(names) == queries(names[:1]) <= 2
