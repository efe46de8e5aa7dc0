from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from django.utils import timezone

from market.providers.base import MarketProvider
from market.providers.static import StaticProvider
from market.tests.builders import make_bar, new_york
from market.values import DividendFact, History, SplitFact
from volbal.values import MarketQuote

AT = new_york("2012-11-23 12:00")
HISTORY = History(
    ticker="ABC",
    bars=(make_bar("2012-11-21"), make_bar("2012-11-23"), make_bar("2012-11-26")),
    dividends=(DividendFact(ex_date=date(2012, 11, 23), pay_date=date(2012, 12, 10), dps=Decimal("0.5")),),
    splits=(SplitFact(date=date(2012, 11, 26), new_shares=2, old_shares=1),),
)


def test_it_quotes_the_price_it_was_told() -> None:
    static = StaticProvider()
    static.set_price("ABC", Decimal(100), AT)
    static.set_price("ABC", Decimal("101.5"), AT)
    quote = MarketQuote(price=Decimal("101.5"), as_of=AT, source="static", is_real=False)
    assert static.latest_quotes(["ABC", "XYZ"]) == {"ABC": quote}


def test_it_stands_in_for_a_live_feed_unless_told_otherwise() -> None:
    static: MarketProvider = StaticProvider()
    assert not static.is_confirmed
    assert StaticProvider(is_confirmed=True).is_confirmed


def test_it_gives_the_history_it_was_told() -> None:
    static = StaticProvider()
    static.set_history(HISTORY)
    assert static.history("ABC", date(2012, 11, 21), date(2012, 11, 23)) == HISTORY.bars[:2]
    assert static.dividends("ABC") == HISTORY.dividends
    assert static.splits("ABC") == HISTORY.splits


def test_of_other_tickers_it_knows_nothing() -> None:
    static = StaticProvider()
    assert static.history("ABC", date(2012, 11, 21), date(2012, 11, 23)) == ()
    assert static.dividends("ABC") == ()
    assert static.splits("ABC") == ()


def test_it_can_forget_everything() -> None:
    static = StaticProvider()
    static.set_price("ABC", Decimal(100), AT)
    static.set_history(HISTORY)
    static.clear()
    assert static.latest_quotes(["ABC"]) == {}
    assert static.splits("ABC") == ()


def test_now_is_the_wall_clock_until_it_is_told_otherwise() -> None:
    static = StaticProvider()
    assert abs(static.now() - timezone.now()) < timedelta(minutes=1)
    static.move_to(AT)
    assert static.now() == AT
    static.clear()
    assert static.now() != AT
