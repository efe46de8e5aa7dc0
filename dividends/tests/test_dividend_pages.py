"""The page of dividends, and what an owner does there."""

from __future__ import annotations

import re
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.tests.people import logged_in, make_user, own_tenant, send_form
from dividends.agenda import coming, month_of
from dividends.models import Dividend, Receivable, Split
from dividends.tests.builders import (
    EX_DATE,
    PAY_DATE,
    all_written,
    announced,
    assert_books_agree,
    make_dividend,
    make_open_order,
    make_split,
    morning,
)
from positions.market_day import market_day
from positions.models import Position
from positions.tests.builders import make_position
from volbal.trading_day import trading_date

pytestmark = pytest.mark.django_db

TODAY = trading_date(timezone.now())
DIVIDEND = {"ticker": "ibm", "dps": "0.82", "ex_date": "2024-01-16", "pay_date": "2024-02-01"}
SPLIT = {"ticker": "IBM", "date": "2024-01-16", "new_shares": "2", "old_shares": "1"}


@pytest.fixture
def olga():
    return make_user("olga")


@pytest.fixture
def client(olga):
    return logged_in(olga)


@pytest.fixture
def cell(olga):
    return make_position(own_tenant(olga))


def entries(tenant, month=date(2024, 1, 1)):
    return {
        day.date: [entry.words for entry in day.entries]
        for day in month_of(tenant, month, TODAY)
        if day.entries
    }


def test_an_empty_page_says_how_dividends_come(client):
    page = client.get("/dividends").text

    assert "Nothing was paid yet" in page
    assert "Nothing is owed" in page
    assert "No dividend of what you hold is known ahead" in page


def test_the_month_shows_ex_dates_payments_and_splits_of_ones_own_tickers(cell):
    make_dividend()
    make_dividend(ticker="KO")
    make_split(on=date(2024, 1, 10))

    assert entries(cell.tenant) == {
        date(2024, 1, 10): ["split 2:1"],
        date(2024, 1, 16): ["ex-dividend, $0.82 a share"],
        date(2024, 2, 1): ["pays $0.82 a share"],
    }


def test_of_a_date_with_two_rows_the_tenants_own_is_shown(cell):
    make_dividend("0.82")
    make_dividend("0.90", owner=cell.tenant, pay_date=date(2024, 3, 1))
    make_dividend("0.50", owner=own_tenant(make_user("sven")))

    assert entries(cell.tenant) == {date(2024, 1, 16): ["ex-dividend, $0.9 a share"]}


@pytest.mark.parametrize("month", ["2024-02", "1-1", "0001-01", "9999-12", "2024-13", "x"])
def test_any_month_can_be_asked_for(client, month):
    page = client.get("/dividends", {"month": month}).text

    assert ("February 2024" in page) == (month == "2024-02")


def test_what_is_to_come_is_reckoned_on_the_shares_held(cell):
    make_position(cell.tenant, qty=50)
    make_dividend("0.75", ex_date=TODAY + timedelta(days=3), pay_date=TODAY + timedelta(days=30))
    make_dividend("0.75", ex_date=TODAY + timedelta(days=300), pay_date=TODAY + timedelta(days=330))

    (one,) = coming(cell.tenant, TODAY)

    assert (one.shares, one.gross) == (Decimal(150), Decimal("112.5"))


def test_what_is_owed_and_what_was_paid_is_told_net_of_tax(client, cell):
    make_dividend()
    morning(cell, EX_DATE)
    assert "$61.50</strong>" in client.get("/dividends").text

    morning(cell, PAY_DATE)
    page = client.get("/dividends").text

    assert "$0.00</strong>" in page
    assert re.search(r'data-label="Net"><strong>\$61.50', page)
    assert client.get("/dividends", {"from": "2024-01-17"}).text.count("$61.50") == 0


def test_a_market_of_the_past_has_its_own_today(olga, cell):
    now = timezone.now()
    assert market_day(cell.tenant, now) == TODAY

    Position.objects.update(market_provider="replay")

    assert market_day(cell.tenant, now) == date(2024, 1, 8)


def test_an_announced_dividend_acts_at_once_when_it_is_due(client, cell):
    answer = send_form(client, "/dividends/announce", **DIVIDEND, withholding_pct="15")

    assert (answer.status_code, answer["Location"]) == (303, "/dividends?month=2024-01")
    dividend = Dividend.objects.get()
    assert (dividend.ticker, dividend.withholding_tax_rate, dividend.owner) == (
        "IBM",
        Decimal("0.15"),
        cell.tenant,
    )
    assert Receivable.objects.get().amount == Decimal("69.7")
    assert_books_agree()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"dps": "0"}, "Must be above zero"),
        ({"dps": "1,5"}, "Write it as plain digits"),
        ({"pay_date": "2024-01-15"}, "Not before the ex-date"),
        ({"ticker": "I B M"}, "ticker"),
        ({"withholding_pct": "101"}, "From 0 to 100 %."),
        ({"ex_date": "1989-12-31"}, "Not before 1990-01-01"),
    ],
)
def test_a_dividend_that_makes_no_sense_changes_nothing(client, cell, change, said):
    before = all_written()

    answer = send_form(client, "/dividends/announce", **{**DIVIDEND, **change})

    assert answer.status_code == 422
    assert said.lower() in answer.text.lower()
    assert all_written() == before


def test_an_announced_split_acts_at_once_when_it_is_due(client, cell):
    answer = send_form(client, "/dividends/split", **SPLIT)

    assert answer.status_code == 303
    assert Split.objects.get().owner == cell.tenant
    assert Position.objects.get().qty == 200


def test_a_split_that_contradicts_one_already_announced_is_refused(client, cell):
    send_form(client, "/dividends/split", **SPLIT)
    before = all_written()

    answer = send_form(client, "/dividends/split", **{**SPLIT, "new_shares": "3"})

    assert answer.status_code == 422
    assert "2:1" in answer.text
    assert all_written() == before


def test_a_dividend_is_paid_on_demand_and_only_once(client, cell):
    make_open_order(cell)
    dividend = announced(cell.tenant)

    answer = send_form(client, f"/dividends/{dividend.pk}/pay")
    again = send_form(client, f"/dividends/{dividend.pk}/pay")

    assert (answer.status_code, again.status_code) == (303, 303)
    assert Position.objects.get().cash == Decimal("10061.5")
    assert "Nothing was owed any more." in client.get("/dividends").text
    assert_books_agree()


def test_a_dividend_before_its_pay_date_is_not_paid(client, cell):
    dividend = announced(cell.tenant, pay_date=TODAY + timedelta(days=2))
    assert "it will be refused" in client.get(f"/dividends/{dividend.pk}/pay").text
    before = all_written()

    answer = send_form(client, f"/dividends/{dividend.pk}/pay")

    assert answer.status_code == 422
    assert all_written() == before


def queries(client, path):
    client.get(path)
    with CaptureQueriesContext(connection) as found:
        assert client.get(path).status_code == 200
    return len(found)


def test_the_page_takes_as_many_queries_with_many_dividends_as_with_one(client, cell):
    def fill_in(number):
        ticker = f"T{number}"
        one = make_position(cell.tenant, ticker=ticker)
        make_dividend(ticker=ticker)
        make_dividend(ticker=ticker, ex_date=date(2024, 1, 17), pay_date=date(2030, 1, 1))
        make_dividend(ticker=ticker, ex_date=TODAY + timedelta(days=3), pay_date=date(2030, 1, 1))
        make_split(ticker=ticker, on=TODAY)
        morning(one, PAY_DATE)

    fill_in(1)
    with_one = queries(client, "/dividends")
    for number in range(2, 8):
        fill_in(number)

    assert queries(client, "/dividends") == with_one
    assert with_one <= 17
