from __future__ import annotations

from datetime import date

import pytest

from market.errors import UnknownTicker
from market.queries import bars_of, has_imported_bars
from market.services import import_bars
from market.tests.builders import make_bar

pytestmark = pytest.mark.django_db


def days_of(ticker: str, **span: date) -> list[str]:
    return [bar.date.isoformat() for bar in bars_of(ticker, **span)]


def test_bundled_bars_are_given_when_none_are_imported() -> None:
    assert len(bars_of("IBM")) == 3270
    assert not has_imported_bars("IBM")


def test_imported_bars_replace_the_bundled_ones_wholly() -> None:
    import_bars(ticker="IBM", bars=(make_bar("2012-11-26"),))
    assert has_imported_bars("IBM")
    assert days_of("IBM") == ["2012-11-26"]
    assert days_of("IBM", end=date(2005, 1, 1)) == []
    assert len(bars_of("MSFT")) == 3270


def test_both_dates_are_inclusive_of_bundled_bars() -> None:
    days = days_of("IBM", start=date(2012, 11, 21), end=date(2012, 11, 26))
    assert days == ["2012-11-21", "2012-11-23", "2012-11-26"]


def test_both_dates_are_inclusive_of_imported_bars() -> None:
    bars = tuple(make_bar(f"2012-11-{day}") for day in (26, 27, 28, 29))
    import_bars(ticker="ABC", bars=bars)
    assert bars_of("ABC", start=date(2012, 11, 27), end=date(2012, 11, 28)) == bars[1:3]
    assert bars_of("ABC", start=date(2012, 11, 29)) == bars[3:]
    assert bars_of("ABC", end=date(2012, 11, 26)) == bars[:1]


def test_a_span_without_bars_is_empty() -> None:
    assert days_of("IBM", start=date(2020, 1, 1)) == []
    assert days_of("IBM", start=date(2012, 11, 26), end=date(2012, 11, 21)) == []


def test_an_unknown_ticker_says_how_to_import_it() -> None:
    with pytest.raises(UnknownTicker) as caught:
        bars_of("AAPL")
    assert caught.value.code == "invalid-ticker"
    assert caught.value.detail == (
        "There are no bars of AAPL: import them with manage.py import_history AAPL FILE.csv."
    )
