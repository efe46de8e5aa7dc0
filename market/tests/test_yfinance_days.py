"""The provider yfinance, through the real yfinance, against a server of ours: bars, dividends, splits."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from market.errors import BadData, FeedError, NoData, RateLimited, Unavailable
from market.providers.yfinance import YfinanceProvider
from market.tests.yahoo_stub import QUERY2, chart_answer, opening
from market.values import DayBar, DividendFact, SplitFact

JUNE = [("2024-06-05", 100.0), ("2024-06-06", 189.94999694824219), ("2024-06-07", 102.0)]
START, END = date(2024, 6, 1), date(2024, 6, 30)


def history(ticker="IBM", start=START, end=END):
    return YfinanceProvider().history(ticker, start, end)


def closes(ticker="IBM", start=START, end=END):
    return [(bar.date.isoformat(), str(bar.close)) for bar in history(ticker, start, end)]


def test_bars_are_dated_in_new_york_and_exact(yahoo):
    yahoo.charts["IBM"] = chart_answer("IBM", JUNE)

    bars = history()

    assert closes() == [
        ("2024-06-05", "100.000000"),
        ("2024-06-06", "189.950000"),
        ("2024-06-07", "102.000000"),
    ]
    assert bars[0] == DayBar(
        date=date(2024, 6, 5),
        open=Decimal(100),
        high=Decimal(101),
        low=Decimal(99),
        close=Decimal(100),
        volume=1000,
    )
    assert yahoo.asked_for("chart") == 2
    assert yahoo.asked[-1] == f"chart {QUERY2}/v8/finance/chart/IBM"


def test_only_the_days_asked_for_come_back(yahoo):
    yahoo.charts["IBM"] = chart_answer("IBM", JUNE)

    assert closes(start=date(2024, 6, 6), end=date(2024, 6, 6)) == [("2024-06-06", "189.950000")]
    assert yahoo.questions[-1]["period1"] == [str(opening("2024-06-06") - 9 * 3600 - 1800)]


def test_bars_without_prices_fall_out(yahoo):
    chart = chart_answer("IBM", [*JUNE, ("2024-06-10", None), ("2024-06-11", 104.0)])
    prices = chart["chart"]["result"][0]["indicators"]["quote"][0]
    prices["low"][0] = None
    prices["high"][1] = 5.0  # below the low
    yahoo.charts["IBM"] = chart

    assert closes() == [("2024-06-07", "102.000000"), ("2024-06-11", "104.000000")]


def test_a_bar_without_volume_had_none(yahoo):
    chart = chart_answer("IBM", JUNE[:1])
    chart["chart"]["result"][0]["indicators"]["quote"][0]["volume"] = [None]
    yahoo.charts["IBM"] = chart

    assert [bar.volume for bar in history()] == [0]


def test_the_last_trade_told_as_a_second_bar_of_its_day_falls_out(yahoo):
    chart = chart_answer("IBM", [*JUNE, ("2024-06-07", 103.0)])
    chart["chart"]["result"][0]["timestamp"][-1] += 6 * 3600
    yahoo.charts["IBM"] = chart

    assert closes()[-1] == ("2024-06-07", "102.000000")


def test_a_session_that_has_not_closed_has_no_bar_yet(yahoo):
    yahoo.charts["IBM"] = chart_answer("IBM", [*JUNE, ("2090-06-09", 104.0)])

    assert len(history(end=date(2090, 12, 31))) == 3


def test_the_future_is_not_asked_for(yahoo):
    assert history(start=date(2090, 1, 1), end=date(2090, 2, 1)) == ()
    assert yahoo.asked == []


def test_prices_before_a_split_are_those_of_their_day(yahoo):
    yahoo.charts["IBM"] = chart_answer(
        "IBM",
        [("2024-06-05", 37.565), ("2024-06-06", 38.0), ("2024-06-07", 39.0)],
        splits={"2024-06-06": (4, 1)},
    )

    bars = history()

    assert [(str(bar.close), bar.volume) for bar in bars] == [
        ("150.260000", 250),
        ("38.000000", 1000),
        ("39.000000", 1000),
    ]


def test_a_split_after_the_days_asked_for_counts_too(yahoo):
    yahoo.charts["IBM"] = chart_answer("IBM", JUNE, splits={"2025-01-02": (1, 10)})

    assert closes(end=date(2024, 6, 5)) == [("2024-06-05", "10.000000")]


def test_no_bars_at_all_is_no_error(yahoo):
    yahoo.charts["IBM"] = chart_answer("IBM")

    assert history() == ()


@pytest.mark.parametrize(
    ("chart", "family"),
    [
        (chart_answer("X", JUNE, currency="GBp"), BadData),
        (chart_answer("X", JUNE, currency=None), BadData),
        ({"chart": {"result": None, "error": {"code": "Not Found"}}}, NoData),
        ({"chart": {"result": []}}, NoData),
        ({}, NoData),
        ({"chart": {"result": [{"meta": {"currency": "USD"}, "timestamp": [1]}]}}, BadData),
        ({"chart": {"result": [{"meta": {"currency": "USD"}, "timestamp": 5}]}}, BadData),
    ],
)
def test_a_chart_that_cannot_be_used_is_refused(yahoo, chart, family):
    yahoo.charts["X"] = chart

    with pytest.raises(FeedError) as caught:
        history("X")
    assert type(caught.value) is family


def test_an_unknown_symbol_has_no_data(yahoo):
    with pytest.raises(NoData):
        history("NOPE")
    assert yahoo.asked_for("chart") == 1


@pytest.mark.parametrize(
    ("mode", "family", "requests"),
    [
        ("429", RateLimited, 1),
        ("500", Unavailable, 1),
        ("html", BadData, 1),
        ("huge", BadData, 1),
        ("redirect", Unavailable, 1),
    ],
)
def test_a_failing_host_is_asked_once_and_then_left_alone(yahoo, mode, family, requests):
    yahoo.charts["IBM"] = chart_answer("IBM", JUNE)
    yahoo.modes["chart"] = mode
    with pytest.raises(FeedError) as caught:
        history()
    assert type(caught.value) is family
    assert yahoo.asked_for("chart") == requests

    yahoo.modes.clear()
    if family is BadData and mode == "huge":  # one answer was too long; the host is well
        assert len(history()) == 3
        return
    with pytest.raises(Unavailable, match="left alone"):
        history()
    assert yahoo.asked_for("chart") == requests


def test_dividends_are_those_of_their_day_and_the_newest_has_its_pay_date(yahoo):
    yahoo.know("IBM", dividendDate=opening("2024-06-20"))
    yahoo.charts["IBM"] = chart_answer(
        "IBM",
        JUNE,
        dividends={"2024-05-09": 1.67, "2024-02-08": 0.205},
        splits={"2024-03-01": (4, 1)},
    )

    assert YfinanceProvider().dividends("IBM") == (
        DividendFact(
            ex_date=date(2024, 2, 8),
            pay_date=date(2024, 2, 8) + timedelta(days=30),
            dps=Decimal("0.82"),
            pay_date_is_guess=True,
        ),
        DividendFact(ex_date=date(2024, 5, 9), pay_date=date(2024, 6, 20), dps=Decimal("1.67")),
    )


@pytest.mark.parametrize("told", ["2024-05-08", "2024-09-09"])
def test_a_pay_date_that_does_not_fit_the_newest_dividend_is_not_its_own(yahoo, told):
    yahoo.know("IBM", dividendDate=opening(told))
    yahoo.charts["IBM"] = chart_answer("IBM", JUNE, dividends={"2024-05-09": 1.67})

    assert [fact.pay_date_is_guess for fact in YfinanceProvider().dividends("IBM")] == [True]


def test_dividends_come_without_a_pay_date_when_nobody_tells_it(yahoo):
    yahoo.charts["IBM"] = chart_answer("IBM", JUNE, dividends={"2024-05-09": 1.67})
    yahoo.modes["quote"] = "500"

    facts = YfinanceProvider().dividends("IBM")

    assert [(fact.pay_date, fact.pay_date_is_guess) for fact in facts] == [(date(2024, 6, 8), True)]


def test_dividends_that_make_no_sense_or_are_not_in_dollars_fall_out(yahoo):
    chart = chart_answer("IBM", JUNE, dividends={"2024-05-09": 1.67, "2024-05-10": -1, "2024-05-13": 1})
    chart["chart"]["result"][0]["events"]["dividends"][str(opening("2024-05-13"))]["currency"] = "EUR"
    yahoo.charts["IBM"] = chart

    assert [fact.ex_date for fact in YfinanceProvider().dividends("IBM")] == [date(2024, 5, 9)]


def test_splits_come_as_whole_numbers_and_spin_offs_are_none(yahoo):
    yahoo.charts["IBM"] = chart_answer(
        "IBM",
        JUNE,
        splits={
            "2021-11-04": (1046, 1000),  # a spin-off: nobody's shares changed
            "2022-06-06": (3.0, 2.0),
            "2022-07-18": (1.5, 1),
            "2023-01-04": (1281, 1000),
            "2023-05-01": (1, 190),
            "2023-06-01": (105, 100),
            "2023-07-03": (1, 1),
            "2023-08-01": (0, 1),
        },
    )

    assert YfinanceProvider().splits("IBM") == (
        SplitFact(date=date(2022, 6, 6), new_shares=3, old_shares=2),
        SplitFact(date=date(2022, 7, 18), new_shares=3, old_shares=2),
        SplitFact(date=date(2023, 5, 1), new_shares=1, old_shares=190),
        SplitFact(date=date(2023, 6, 1), new_shares=21, old_shares=20),
    )
    assert YfinanceProvider().dividends("IBM") == ()
