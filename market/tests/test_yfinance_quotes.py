"""The provider yfinance, through the real yfinance, against a server of ours: quotes."""

from __future__ import annotations

import logging
from datetime import timedelta
from decimal import Decimal
from time import monotonic

import pytest
from django.db import transaction
from django.utils import timezone

from accounts.errors import InsideTransaction
from market.errors import BadData, FeedError, RateLimited, Unavailable
from market.models import HostBreaker
from market.providers.yfinance import YfinanceProvider
from market.tests.yahoo_stub import AS_OF, QUERY1, QUERY2, quote_row
from volbal.values import MarketQuote


def quotes_of(*tickers):
    return YfinanceProvider().latest_quotes(tickers)


def prices_of(*tickers):
    return {ticker: quote.price for ticker, quote in quotes_of(*tickers).items()}


def test_many_tickers_are_one_request(yahoo):
    yahoo.know("IBM", 189.95)
    yahoo.know("MSFT", 400)

    quotes = quotes_of("MSFT", "IBM", "MSFT")

    assert quotes == {
        "IBM": MarketQuote(price=Decimal("189.95"), as_of=AS_OF, source="yfinance", is_real=True),
        "MSFT": MarketQuote(price=Decimal(400), as_of=AS_OF, source="yfinance", is_real=True),
    }
    assert yahoo.asked[-2:] == [f"crumb {QUERY1}/v1/test/getcrumb", f"quote {QUERY1}/v7/finance/quote"]
    assert yahoo.questions[-1]["symbols"] == ["IBM,MSFT"]
    assert yahoo.asked_for("quote") == 1


def test_the_crumb_is_fetched_once(yahoo):
    yahoo.know("IBM")
    provider = YfinanceProvider()
    provider.latest_quotes(["IBM"])
    provider.latest_quotes(["IBM"])

    assert (yahoo.asked_for("crumb"), yahoo.asked_for("quote")) == (1, 2)


def test_two_hundred_tickers_go_into_one_request(yahoo):
    tickers = [f"T{number}" for number in range(201)]
    for ticker in tickers:
        yahoo.quotes[ticker] = quote_row(ticker)

    assert set(quotes_of(*tickers)) == set(tickers)
    assert yahoo.asked_for("quote") == 2


def test_nothing_asked_for_is_nothing_asked(yahoo):
    assert quotes_of() == {}
    assert yahoo.asked == []


@pytest.mark.parametrize(
    ("raw", "price"),
    [
        (189.95, "189.95"),
        (189.94999694824219, "189.95"),  # a single-precision float, widened
        (0.0001, "0.0001"),
        (1234567.891, "1234567.891"),
        (33.333333333333336, "33.333333"),
        (700000, "700000"),
    ],
)
def test_floats_are_converted_once_to_six_places(yahoo, raw, price):
    yahoo.know("ABC", raw)

    assert prices_of("ABC") == {"ABC": Decimal(price)}


@pytest.mark.parametrize(
    "row",
    [
        quote_row("BAD", currency="GBp"),
        quote_row("BAD", currency="EUR"),
        quote_row("BAD", currency=None),
        quote_row("BAD", None),
        quote_row("BAD", "189.95"),
        quote_row("BAD", True),
        quote_row("BAD", 0),
        quote_row("BAD", -1.5),
        quote_row("BAD", float("nan")),
        quote_row("BAD", float("inf")),
        quote_row("BAD", 1e300),
        quote_row("BAD", 1e-9),
        quote_row("BAD", regularMarketTime=None),
        quote_row("BAD", regularMarketTime="now"),
        quote_row("BAD", regularMarketTime=1e300),
        quote_row("OTHER"),
    ],
)
def test_a_quote_that_cannot_be_used_is_absent_and_the_others_are_not(yahoo, row):
    yahoo.know("IBM", 190)
    yahoo.quotes["BAD"] = row

    assert prices_of("IBM", "BAD") == {"IBM": Decimal(190)}


def test_why_a_quote_was_refused_is_logged(yahoo, caplog):
    yahoo.know("VOD.L", 72.5, currency="GBp")

    with caplog.at_level(logging.WARNING):
        assert quotes_of("VOD.L") == {}

    refused = next(record for record in caplog.records if record.message == "quote_refused")
    assert (refused.ticker, refused.detail) == ("VOD.L", "VOD.L is quoted in GBp; only USD is kept.")


def test_an_unknown_symbol_is_absent(yahoo):
    assert quotes_of("NOPE") == {}
    assert yahoo.asked_for("chart") == 0


def test_the_network_is_not_used_inside_a_transaction(yahoo):
    yahoo.know("IBM")
    provider = YfinanceProvider()
    with transaction.atomic():
        for ask in (
            lambda: provider.latest_quotes(["IBM"]),
            lambda: provider.dividends("IBM"),
            lambda: provider.splits("IBM"),
            lambda: provider.history("IBM", AS_OF.date(), AS_OF.date()),
        ):
            with pytest.raises(InsideTransaction):
                ask()
    assert yahoo.asked == []


def test_when_yahoo_asks_to_be_left_alone_it_is_by_every_process(yahoo):
    yahoo.know("IBM")
    yahoo.modes["quote"] = "429"

    with pytest.raises(RateLimited):
        quotes_of("IBM")
    assert (yahoo.asked_for("quote"), yahoo.asked_for("chart")) == (1, 0)

    yahoo.modes.clear()
    assert prices_of("IBM") == {"IBM": Decimal("189.95")}  # from another host
    assert (yahoo.asked_for("quote"), yahoo.asked_for("chart")) == (1, 1)
    assert HostBreaker.objects.get().host == QUERY1


def test_a_host_that_fails_right_after_it_came_back_is_left_alone_again(yahoo):
    HostBreaker.objects.create(host=QUERY1, failures=3, open_until=AS_OF)
    tickers = [f"T{number}" for number in range(201)]
    for ticker in tickers:
        yahoo.quotes[ticker] = quote_row(ticker)
    yahoo.modes["quote"] = "ok,429"

    assert len(quotes_of(*tickers)) == 200

    breaker = HostBreaker.objects.get()
    assert breaker.failures == 1
    assert timedelta(seconds=50) < breaker.open_until - timezone.now() < timedelta(seconds=66)


def test_a_host_that_came_back_is_asked_freely(yahoo):
    HostBreaker.objects.create(host=QUERY1, failures=3, open_until=AS_OF)
    yahoo.know("IBM")

    assert set(quotes_of("IBM")) == {"IBM"}
    assert list(HostBreaker.objects.values_list("failures", "open_until")) == [(0, None)]


@pytest.mark.parametrize(
    ("mode", "requests", "opens"),
    [
        ("500", 1, True),
        ("503", 1, True),
        ("html", 1, True),
        ("reset", 2, True),  # libcurl tries a connection that died between two requests once again
        ("redirect", 1, True),
        ("401", 2, True),  # with a new crumb, once
        ("404", 1, False),
        ("huge", 1, False),
        ("half", 1, False),
        ("other", 1, False),
    ],
)
def test_without_a_batch_the_charts_are_asked_one_by_one(yahoo, mode, requests, opens):
    yahoo.know("IBM", 190.5)
    yahoo.know("MSFT", 400)
    yahoo.modes["quote"] = mode

    assert prices_of("IBM", "MSFT", "NOPE") == {"IBM": Decimal("190.5"), "MSFT": Decimal(400)}

    assert yahoo.asked_for("quote") == requests
    assert yahoo.asked_for("chart") == 3
    assert yahoo.asked_for("elsewhere") == 0
    assert HostBreaker.objects.filter(host=QUERY1, failures=1).exists() is opens
    assert not HostBreaker.objects.filter(host=QUERY2).exists()


@pytest.mark.parametrize(
    ("mode", "family", "charts"),
    [
        ("429", RateLimited, 0),
        ("500", Unavailable, 1),
        ("html", BadData, 1),
        ("reset", Unavailable, 2),
        ("redirect", Unavailable, 1),
        ("401", Unavailable, 2),
        ("huge", BadData, 2),
        ("half", BadData, 2),
        ("other", BadData, 2),
    ],
)
def test_when_the_charts_fail_too_it_is_said_what_was_wrong(yahoo, mode, family, charts):
    yahoo.know("IBM")
    yahoo.know("MSFT")
    yahoo.modes = {"quote": mode, "chart": mode}

    with pytest.raises(FeedError) as caught:
        quotes_of("IBM", "MSFT")

    assert type(caught.value) is family
    assert yahoo.asked_for("chart") == charts


def test_a_slow_answer_is_given_up_after_the_time_for_everything(yahoo, settings):
    yahoo.know("IBM")
    provider = YfinanceProvider()
    provider.latest_quotes(["IBM"])
    settings.FEED_TIMEOUT_S = 0.2
    yahoo.modes["quote"] = "slow"

    began = monotonic()
    with pytest.raises(Unavailable, match="no answer"):
        provider.latest_quotes(["IBM"])

    assert monotonic() - began < 2
    assert yahoo.asked_for("chart") == 0


def test_charts_go_on_without_a_crumb(yahoo):
    yahoo.know("IBM", 190)
    yahoo.modes["crumb"] = "429"

    assert prices_of("IBM") == {"IBM": Decimal(190)}
    assert yahoo.asked_for("crumb") == 1
    assert yahoo.asked_for("quote") == 0


@pytest.mark.parametrize("mode", ["500", "reset", "429"])
def test_quotes_go_on_without_a_cookie(yahoo, mode):
    yahoo.know("IBM", 190)
    yahoo.modes["cookie"] = mode

    assert prices_of("IBM") == {"IBM": Decimal(190)}


def test_no_host_is_asked_that_the_settings_do_not_name(yahoo, settings):
    yahoo.know("IBM")
    settings.YAHOO_HOSTS = ["fc.yahoo.com"]

    with pytest.raises(Unavailable, match="YAHOO_HOSTS"):
        quotes_of("IBM")
    assert {entry.split(" ")[0] for entry in yahoo.asked} <= {"cookie"}
