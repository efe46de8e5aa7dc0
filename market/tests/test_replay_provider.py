from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from pytest_django import DjangoAssertNumQueries

from market.providers.base import MarketProvider
from market.providers.replay import ReplayProvider
from market.services import import_bars
from market.tests.builders import make_bar, new_york
from volbal.values import MarketQuote

pytestmark = pytest.mark.django_db


def replay_at(moment: str) -> ReplayProvider:
    replay = ReplayProvider()
    replay.move_to(new_york(moment))
    return replay


def test_it_is_a_provider_of_confirmed_prices() -> None:
    replay: MarketProvider = ReplayProvider()
    assert (replay.name, replay.is_confirmed) == ("replay", True)


def test_before_its_clock_is_set_it_knows_nothing() -> None:
    replay = ReplayProvider()
    assert replay.clock is None
    assert replay.latest_quotes(["IBM"]) == {}
    assert replay.history("IBM", date(2000, 1, 1), date(2013, 12, 31)) == ()


def test_it_quotes_the_close_at_the_closing_bell() -> None:
    quotes = replay_at("2000-03-01 16:00").latest_quotes(["IBM", "MSFT"])
    at = new_york("2000-03-01 16:00")
    assert quotes == {
        "IBM": MarketQuote(price=Decimal("100.25"), as_of=at, source="replay", is_real=False),
        "MSFT": MarketQuote(price=Decimal("90.81"), as_of=at, source="replay", is_real=False),
    }


def test_before_the_closing_bell_it_quotes_the_day_before() -> None:
    quote = replay_at("2000-03-02 15:59:59").latest_quotes(["IBM"])["IBM"]
    assert (quote.price, quote.as_of) == (Decimal("100.25"), new_york("2000-03-01 16:00"))


def test_before_the_first_close_there_is_no_quote() -> None:
    assert replay_at("2000-03-01 15:59:59").latest_quotes(["IBM"]) == {}


def test_a_half_day_is_quoted_from_one_o_clock() -> None:
    assert replay_at("2012-11-23 12:59:59").latest_quotes(["IBM"])["IBM"].as_of == new_york(
        "2012-11-21 16:00"
    )
    assert replay_at("2012-11-23 13:00").latest_quotes(["IBM"])["IBM"].as_of == new_york("2012-11-23 13:00")


def test_after_the_last_bar_the_last_close_stays() -> None:
    quote = replay_at("2020-01-01 12:00").latest_quotes(["IBM"])["IBM"]
    assert (quote.price, quote.as_of) == (Decimal("202.91"), new_york("2013-03-01 16:00"))


def test_the_clock_can_go_back() -> None:
    replay = replay_at("2013-03-01 16:00")
    replay.move_to(new_york("2000-03-01 16:00"))
    assert replay.latest_quotes(["IBM"])["IBM"].price == Decimal("100.25")


def test_an_unknown_ticker_is_absent() -> None:
    replay = replay_at("2012-11-23 13:00")
    assert set(replay.latest_quotes(["IBM", "NOPE"])) == {"IBM"}
    assert replay.history("NOPE", date(2000, 1, 1), date(2013, 1, 1)) == ()
    assert replay.open_quote("NOPE", date(2012, 11, 23)) is None
    assert replay.dividends("NOPE") == ()
    assert replay.splits("NOPE") == ()


def test_the_open_of_a_bar_is_stamped_at_half_past_nine() -> None:
    quote = ReplayProvider().open_quote("IBM", date(2000, 3, 2))
    assert quote is not None
    assert (quote.price, quote.as_of, quote.source, quote.is_real) == (
        Decimal("100.5"),
        new_york("2000-03-02 09:30"),
        "replay",
        False,
    )


@pytest.mark.parametrize("day", [date(1999, 12, 31), date(2012, 11, 22), date(2013, 3, 4)])
def test_a_day_without_a_bar_has_no_open(day: date) -> None:
    assert ReplayProvider().open_quote("IBM", day) is None


def test_history_ends_at_the_clock() -> None:
    replay = replay_at("2012-11-23 12:59")
    bars = replay.history("IBM", date(2012, 11, 20), date(2012, 11, 30))
    assert [bar.date.day for bar in bars] == [20, 21]
    replay.move_to(new_york("2012-11-23 13:00"))
    assert [bar.date.day for bar in replay.history("IBM", date(2012, 11, 21), date(2012, 11, 30))] == [21, 23]
    assert [bar.date.day for bar in replay.history("IBM", date(2012, 11, 20), date(2012, 11, 21))] == [20, 21]
    assert replay.history("IBM", date(2012, 12, 1), date(2012, 12, 31)) == ()


def test_bundled_bars_bring_their_dividends_and_splits() -> None:
    assert len(ReplayProvider().dividends("IBM")) == 52
    assert [split.date for split in ReplayProvider().splits("MSFT")] == [date(2003, 2, 18)]


def test_imported_bars_are_quoted_without_the_bundled_dividends_and_splits() -> None:
    import_bars(ticker="MSFT", bars=(make_bar("2012-11-23", close="77.5"),))
    replay = replay_at("2012-11-23 13:00")
    assert replay.latest_quotes(["MSFT"])["MSFT"].price == Decimal("77.5")
    assert replay.dividends("MSFT") == ()
    assert replay.splits("MSFT") == ()


def test_a_bar_of_a_holiday_closes_at_four() -> None:
    import_bars(ticker="ABC", bars=(make_bar("2012-12-25"),))
    assert replay_at("2012-12-25 15:59").latest_quotes(["ABC"]) == {}
    assert replay_at("2012-12-25 16:00").latest_quotes(["ABC"])["ABC"].price == Decimal("100.5")


def test_bars_are_read_once_until_it_is_told_to_forget_them(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    import_bars(ticker="ABC", bars=(make_bar("2012-11-23"),))
    replay = replay_at("2012-11-27 16:00")
    replay.latest_quotes(["ABC"])
    import_bars(ticker="ABC", bars=(make_bar("2012-11-26", close="101"),))
    with django_assert_num_queries(0):
        assert replay.latest_quotes(["ABC"])["ABC"].price == Decimal("100.5")
    replay.forget_bars()
    assert replay.latest_quotes(["ABC"])["ABC"].price == Decimal(101)


def test_a_ticker_that_was_unknown_is_quoted_once_imported() -> None:
    replay = replay_at("2012-11-27 16:00")
    assert replay.latest_quotes(["ABC"]) == {}
    import_bars(ticker="ABC", bars=(make_bar("2012-11-23"),))
    assert "ABC" in replay.latest_quotes(["ABC"])


def test_now_is_its_clock_and_nothing_before_that_is_set() -> None:
    assert ReplayProvider().now() is None
    replay = replay_at("2012-11-27 16:00")
    assert replay.now() == replay.clock
