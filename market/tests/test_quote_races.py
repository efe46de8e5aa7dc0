"""Many processes see the same quotes and the same failing host."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from threading import Event
from time import sleep

import pytest

from accounts.tests.threads import at_once, refusals
from accounts.transactions import unit_of_work
from market.breaker import Admission, admit, record_failure
from market.calendar import is_open
from market.models import HostBreaker, Quote
from market.providers.registry import provider
from market.quotes import accept_price, checked_quotes
from market.tests.builders import new_york
from volbal.quotes import QuoteGate

pytestmark = pytest.mark.django_db(transaction=True)

NOON = new_york("2024-06-10 12:00")
HOST = "query1.finance.yahoo.com"
AT = datetime(2024, 6, 10, 16, 0, tzinfo=UTC)


def check(*tickers):
    return checked_quotes(provider_name="static", tickers=tickers, at=NOON)


def tell(*tickers, price="100", at=NOON):
    for ticker in tickers:
        provider("static").set_price(ticker, Decimal(price), at, is_real=True)


def test_a_ticker_seen_by_many_at_once_has_one_memory(settings):
    settings.QUOTE_TTL_S = 0
    tell("A", "B", "C")
    is_open(NOON)  # loads the calendar once

    found = at_once([lambda: check("A", "B"), lambda: check("C", "A"), lambda: check("B", "C", "A")] * 2)

    assert refusals(found) == []
    assert {quote.gate for checked in found for quote in checked.values()} == {None}
    assert Quote.objects.count() == 3


def test_the_same_jump_seen_by_many_is_one_sighting(settings):
    settings.QUOTE_TTL_S = 0
    tell("A", at=NOON - timedelta(minutes=1))
    check("A")
    tell("A", price="130")

    found = at_once([lambda: check("A")] * 4)

    assert [checked["A"].gate for checked in found] == [QuoteGate.OUTLIER] * 4
    assert Quote.objects.get().price == 100


def test_a_quote_is_judged_by_what_another_has_just_remembered(settings):
    settings.QUOTE_TTL_S = 0
    tell("A", at=NOON - timedelta(minutes=1))
    check("A")
    tell("A", price="130")
    locked = Event()

    def accept():
        with unit_of_work():
            accept_price(provider_name="static", ticker="A", price=Decimal(131), at=NOON)
            locked.set()
            sleep(0.3)  # without the lock the other one is done by now

    def judge():
        locked.wait(timeout=30)
        return check("A")["A"].gate

    assert at_once([accept, judge]) == [None, None]


def test_of_many_who_fail_at_once_one_counts():
    def fail():
        with unit_of_work():
            record_failure(Admission(host=HOST, failures=0), at=AT, jitter=0)

    at_once([fail] * 6)

    assert HostBreaker.objects.get().failures == 1


def test_after_the_pause_exactly_one_is_let_through():
    HostBreaker.objects.create(host=HOST, failures=1, open_until=AT)

    found = at_once([lambda: admit(HOST, at=AT)] * 6)

    assert refusals(found) == ["unavailable"] * 5
