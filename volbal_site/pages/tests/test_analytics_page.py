"""The page of figures: what performance tells, for a period, and nothing of too little."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.tests.people import logged_in, make_user, own_tenant
from accounts.tests.threads import at_once
from positions.models import Position
from positions.tests.builders import make_position
from simulation.tests.test_analytics import make_story
from volbal_site.pages import analytics
from volbal_site.templatetags.amounts import money, signed
from volbal_site.tests.api_client import Api, make_key

pytestmark = pytest.mark.django_db


@pytest.fixture
def olga():
    return make_user("olga")


@pytest.fixture
def client(olga):
    return logged_in(olga)


def test_an_empty_page_says_what_will_stand_there(client):
    page = client.get("/analytics").text

    assert "Nothing to reckon yet" in page
    assert "30 days" not in page


def test_the_figures_are_those_of_the_api(olga, client):
    make_story(tenant=own_tenant(olga))
    make_story(tenant=own_tenant(olga), ticker="KO")
    told = Api(make_key(own_tenant(olga), "read")).get("/performance").json()

    page = client.get("/analytics").text

    for name in ("gain", "realised_gain", "unrealised_gain", "value_minus_hold"):
        assert signed(Decimal(told[name])) in page, name
    assert signed(Decimal(told["dividends"]["net"])) in page
    assert money(Decimal(told["traded_notional"])) in page
    assert money(Decimal(told["value_curve"]["points"][-1]["hold_value"])) in page


def test_a_period_and_dates_narrow_the_time(olga, client):
    make_story(tenant=own_tenant(olga))

    def gains(query):
        cache.clear()
        page = client.get("/analytics", query).text
        assert ("Not enough data: a curve takes two days" in page) == (query == {"period": "30d"})
        return page.partition("<dt>Gain</dt>")[2][:60]

    everything = gains({})
    assert gains({"period": "all"}) == everything
    assert gains({"period": "30d"}) != everything  # years ago
    assert gains({"from": "2024-01-09", "to": "2024-01-18"}) != everything
    assert gains({"from": "2024-01-01", "period": "30d", "to": "2030-01-01"}) == everything


def test_one_cell_is_shown_alone(olga, client):
    make_story(tenant=own_tenant(olga))
    make_position(own_tenant(olga), ticker="KO")

    assert "Cell by cell" in client.get("/analytics").text
    assert "Cell by cell" not in client.get("/analytics", {"cell": "KO"}).text
    assert "There is no such cell." in client.get("/analytics", {"cell": "SVEN"}).text


def test_a_cell_without_a_price_is_named_and_not_counted_as_nothing(olga, client):
    make_position(own_tenant(olga), anchor=None)

    page = client.get("/analytics").text

    assert "Nobody knows a price of IBM #1" in page
    assert 'data-label="Worth">–' not in page  # the only cell has no table of its own


def test_of_many_cells_the_page_comes_before_its_figures(olga, client, monkeypatch):
    monkeypatch.setattr(analytics, "AT_ONCE", 0)
    make_story(tenant=own_tenant(olga))

    page = client.get("/analytics?period=all")
    part = client.get("/analytics/figures?period=all")

    assert 'hx-get="/analytics/figures?period=all"' in page.text
    assert "What the gain is made of" not in page.text
    assert "What the gain is made of" in part.text
    assert "<html" not in part.text
    assert "What the gain is made of" in client.get("/analytics?whole=1").text


def test_figures_are_reckoned_once_for_a_while_and_for_each_tenant(olga, client):
    make_story(tenant=own_tenant(olga))
    first = client.get("/analytics").text
    Position.objects.all().update(ticker="NEW")
    sven = logged_in(make_user("sven"))

    assert client.get("/analytics").text.count("reckoned") == first.count("reckoned") == 1
    assert "What the gain is made of" not in sven.get("/analytics").text


def test_the_page_takes_as_many_queries_with_many_cells_as_with_one(olga, client):
    def queries():
        client.get("/analytics")
        cache.clear()
        with CaptureQueriesContext(connection) as found:
            assert client.get("/analytics").status_code == 200
        return len(found)

    make_story(tenant=own_tenant(olga))
    with_one = queries()
    for ticker in ("KO", "PG", "MMM"):
        make_story(tenant=own_tenant(olga), ticker=ticker)

    assert queries() == with_one
    assert with_one <= 20


def test_each_page_of_cells_has_its_own_rows_again_and_again(olga, client, monkeypatch):
    monkeypatch.setattr(analytics, "ROWS", 1)
    for ticker in ("KO", "IBM"):
        make_story(tenant=own_tenant(olga), ticker=ticker)

    def tickers(number):
        rows = client.get("/analytics/figures", {"page": number}).text.partition('id="cell-by-cell"')[2]
        return [ticker for ticker in ("KO", "IBM") if f">{ticker}</a>" in rows]

    first, second, *again = [tickers(number) for number in (1, 2, 1, 2)]
    assert sorted(first + second) == ["IBM", "KO"]
    assert again == [first, second]


@pytest.mark.parametrize("forgotten", ["", ":lines"])
def test_figures_that_the_cache_forgot_in_part_are_reckoned_anew(olga, client, monkeypatch, forgotten):
    monkeypatch.setattr(analytics, "ROWS", 1)
    for ticker in ("KO", "IBM"):
        make_story(tenant=own_tenant(olga), ticker=ticker)
    client.get("/analytics/figures")
    key = f"analytics:{analytics.version_of(own_tenant(olga).pk, None, None, None)}"
    assert cache.delete(f"{key}{forgotten}")

    page = client.get("/analytics/figures", {"page": 2}).text

    assert "2 to 2 of 2" in page
    assert page.count('data-label="Worth"') == 1


@pytest.mark.django_db(transaction=True)
def test_many_who_come_at_once_wait_for_one_reckoning(olga, monkeypatch):
    for ticker in ("KO", "IBM"):
        make_story(tenant=own_tenant(olga), ticker=ticker)
    readers = [logged_in(olga) for _ in range(4)]
    reckoned, report_of = [], analytics.report_of
    monkeypatch.setattr(analytics, "report_of", lambda *a, **k: reckoned.append(1) or report_of(*a, **k))

    pages = at_once([lambda one=one: one.get("/analytics/figures").text for one in readers])

    assert len(reckoned) == 1
    assert len(set(pages)) == 1


@pytest.mark.django_db(transaction=True)
def test_while_old_figures_are_reckoned_anew_they_are_still_shown(olga, client, monkeypatch):
    make_story(tenant=own_tenant(olga))
    before = client.get("/analytics/figures").text
    monkeypatch.setattr(analytics, "FRESH_FOR", timedelta(0))
    seen, report_of, other = [], analytics.report_of, logged_in(olga)

    def slow_report(*args, **kwargs):
        seen.extend(at_once([lambda: other.get("/analytics/figures").text]))
        return report_of(*args, **kwargs)

    monkeypatch.setattr(analytics, "report_of", slow_report)
    anew = client.get("/analytics/figures").text

    assert seen == [before]
    assert anew != before  # it says when it was reckoned
