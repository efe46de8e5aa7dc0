"""Quotes that may be traded on: what is fetched, judged, remembered and handed out again."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core.cache import cache
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.models import Tenant
from accounts.transactions import unit_of_work
from market.errors import Unavailable
from market.models import Bar, KnownStep, Quote
from market.providers.registry import provider
from market.providers.static import StaticProvider
from market.quotes import accept_price, checked_quotes, gate_for
from market.steps import tell_dividends, tell_splits
from market.tests.builders import make_bar, new_york
from market.values import CheckedQuote, DividendFact, SplitFact
from volbal.errors import OutOfRange
from volbal.quotes import Doubt, QuoteGate, QuoteMemory, Sighting
from volbal.values import MarketQuote

pytestmark = pytest.mark.django_db

FRIDAY = new_york("2024-06-07 15:00")
NOON = new_york("2024-06-10 12:00")
MINUTE = timedelta(minutes=1)
STALE, OUTLIER, SPLIT = QuoteGate.STALE, QuoteGate.OUTLIER, QuoteGate.SPLIT


@pytest.fixture(autouse=True)
def _nothing_is_handed_out_twice(settings):
    settings.QUOTE_TTL_S = 0


def tell(price, at=NOON, ticker="IBM", **other):
    provider("static").set_price(ticker, Decimal(price), at, **{"is_real": True, **other})


def check(at=NOON, *tickers):
    return checked_quotes(provider_name="static", tickers=tickers or ["IBM"], at=at)


def gate(price, at=NOON):
    tell(price, at)
    return check(at)["IBM"].gate


def memory(ticker="IBM"):
    return Quote.objects.get(provider="static", ticker=ticker).memory()


def split_on(day, new=2, old=1, owner=None):
    fact = SplitFact(date=date.fromisoformat(day), new_shares=new, old_shares=old)
    with unit_of_work():
        tell_splits(ticker="IBM", splits=[fact], owner=owner)


def dividend_on(day, dps):
    fact = DividendFact(ex_date=date.fromisoformat(day), pay_date=date(2024, 7, 1), dps=Decimal(dps))
    with unit_of_work():
        tell_dividends(ticker="IBM", dividends=[fact])


def test_a_first_price_is_accepted_and_remembered():
    assert gate("100") is None

    row = Quote.objects.get()
    assert (row.provider, row.ticker, row.is_real, row.fetched_at) == ("static", "IBM", True, NOON)
    assert row.memory() == QuoteMemory(accepted=Sighting(price=Decimal(100), as_of=NOON))


def test_every_ticker_gets_an_answer():
    tell("100")
    tell("50", ticker="MSFT")

    checked = check(NOON, "IBM", "MSFT", "NOPE", "IBM")

    assert {ticker: quote.gate for ticker, quote in checked.items()} == {
        "IBM": None,
        "MSFT": None,
        "NOPE": STALE,
    }
    assert checked["NOPE"] == CheckedQuote(quote=None, gate=STALE)
    assert checked["IBM"].quote == MarketQuote(price=Decimal(100), as_of=NOON, source="static", is_real=True)


def test_prices_that_are_not_real_are_taken_as_given():
    for price, as_of in (("100", NOON), ("1", NOON), ("100", FRIDAY)):
        tell(price, as_of, is_real=False)
        assert check()["IBM"].gate is None
    assert not Quote.objects.exists()


def test_a_replayed_bar_is_taken_as_given():
    replay = provider("replay")
    replay.move_to(new_york("2003-02-14 16:00"))
    before = checked_quotes(provider_name="replay", tickers=["MSFT"], at=NOON)["MSFT"]
    replay.move_to(new_york("2003-02-18 16:00"))  # split 2:1, and twenty years old
    after = checked_quotes(provider_name="replay", tickers=["MSFT"], at=NOON)["MSFT"]

    assert (before.quote.price, after.quote.price) == (Decimal("48.3"), Decimal("24.96"))
    assert (before.gate, after.gate) == (None, None)
    assert not Quote.objects.exists()


class Failing:
    """A feed that can't be reached."""

    name = "failing"
    is_confirmed = False
    is_live = True

    def latest_quotes(self, tickers):
        raise Unavailable("It is down.")


def test_a_feed_that_fails_is_no_error_but_stale(settings):
    settings.MARKET_PROVIDERS = {"failing": f"{__name__}.Failing"}

    checked = checked_quotes(provider_name="failing", tickers=["IBM", "MSFT"], at=NOON)

    assert checked == {ticker: CheckedQuote(quote=None, gate=STALE) for ticker in ("IBM", "MSFT")}
    assert not Quote.objects.exists()


@pytest.mark.parametrize(
    ("as_of", "at", "expected"),
    [
        (NOON - 5 * MINUTE, NOON, None),
        (NOON - 5 * MINUTE - timedelta(seconds=1), NOON, STALE),
        (NOON + 2 * MINUTE, NOON, STALE),
        (new_york("2024-06-07 16:00"), new_york("2024-06-10 09:29"), None),
        (new_york("2024-06-07 16:00"), new_york("2024-06-10 09:30"), STALE),
        (new_york("2024-06-10 16:00"), new_york("2024-06-10 20:00"), None),
        (new_york("2024-06-07 16:00"), new_york("2024-06-09 12:00"), None),
    ],
)
def test_a_quote_is_stale_while_the_session_is_open(as_of, at, expected):
    tell("100", as_of)

    checked = check(at)["IBM"]

    assert (checked.gate, checked.quote.price) == (expected, Decimal(100))
    assert Quote.objects.exists() is (expected is None)


def test_the_age_that_makes_a_quote_stale_is_a_setting(settings):
    settings.QUOTE_MAX_AGE_S = 20 * 60
    tell("100", NOON - 20 * MINUTE)

    assert check()["IBM"].gate is None


def test_what_is_no_price_is_as_good_as_none():
    tell("0")
    assert check()["IBM"] == CheckedQuote(quote=None, gate=STALE)
    tell("NaN")
    assert check()["IBM"] == CheckedQuote(quote=None, gate=STALE)
    assert not Quote.objects.exists()


def test_a_jump_needs_a_second_sighting_which_anybody_may_make():
    gate("100", FRIDAY)

    assert gate("130", NOON) is OUTLIER
    assert memory().doubt == Doubt(price=Decimal(130), as_of=NOON, gate=OUTLIER)
    assert memory().accepted.price == 100
    assert gate("130", NOON) is OUTLIER
    assert gate("131", NOON + MINUTE) is None
    assert memory() == QuoteMemory(accepted=Sighting(price=Decimal(131), as_of=NOON + MINUTE))


def test_a_jump_that_was_none_is_forgotten():
    gate("100", FRIDAY)

    assert gate("130", NOON) is OUTLIER
    assert gate("101", NOON + MINUTE) is None
    assert gate("130", NOON + 2 * MINUTE) is OUTLIER


def test_a_split_that_nobody_recorded_is_suspected_until_it_is_recorded():
    gate("100", FRIDAY)

    assert gate("51", NOON) is SPLIT
    assert gate("52", NOON + MINUTE) is SPLIT
    split_on("2024-06-10")
    assert gate("52", NOON + MINUTE) is None
    assert memory() == QuoteMemory(accepted=Sighting(price=Decimal(52), as_of=NOON + MINUTE))


def test_a_known_split_is_no_jump():
    gate("100", FRIDAY)
    split_on("2024-06-10", 10, 1)

    assert gate("10.1", NOON) is None


def test_a_split_told_again_with_another_ratio_counts_once():
    gate("100", FRIDAY)
    split_on("2024-06-10", 10, 1)
    split_on("2024-06-10", 2, 1)
    dividend_on("2024-06-10", "0.5")

    assert KnownStep.objects.count() == 2
    assert gate("49.5", NOON) is None


def test_a_known_dividend_is_no_jump_and_no_price():
    gate("100", FRIDAY)
    dividend_on("2024-06-10", "28.5")

    assert gate("28.5", NOON) is OUTLIER
    assert gate("28.5", NOON + MINUTE) is OUTLIER
    assert gate("71", NOON + MINUTE) is None


def test_pence_are_refused_however_often_they_come():
    gate("100", FRIDAY)

    assert [gate("10000", NOON + n * MINUTE) for n in range(3)] == [OUTLIER] * 3
    assert memory() == QuoteMemory(accepted=Sighting(price=Decimal(100), as_of=FRIDAY))


def bars(*closes, last="2024-06-07"):
    days = [date.fromisoformat(last) - timedelta(days=n) for n in range(len(closes))]
    for day, close in zip(reversed(days), closes, strict=True):
        bar = make_bar(day.isoformat(), close, open=close, high=close, low=close)
        Bar.objects.create(ticker="IBM", **{name: getattr(bar, name) for name in bar.__slots__})


def test_a_wild_share_may_jump_further():
    gate("100", FRIDAY)
    assert gate("127", NOON) is OUTLIER
    bars(*["100", "103"] * 8)

    assert gate("127", NOON) is None


def test_a_stored_close_of_the_last_days_stands_in_for_a_price_never_seen():
    bars("100")

    assert gate("51", NOON) is SPLIT


def test_a_close_too_long_ago_says_nothing():
    bars("100", last="2024-05-30")

    assert gate("51", NOON) is None


def test_a_tenants_own_split_explains_the_step_to_that_tenant_alone():
    mine, theirs = (Tenant.objects.create(name=name) for name in ("mine", "theirs"))
    gate("100", FRIDAY)
    split_on("2024-06-10", owner=mine)
    tell("51")

    checked = check()["IBM"]

    assert checked.gate is SPLIT
    assert gate_for(checked, ticker="IBM", tenant_id=mine.pk) is None
    assert gate_for(checked, ticker="IBM", tenant_id=theirs.pk) is SPLIT
    assert gate_for(checked, ticker="MSFT", tenant_id=mine.pk) is SPLIT


def test_a_tenants_split_that_does_not_fit_explains_nothing():
    mine = Tenant.objects.create(name="mine")
    gate("100", FRIDAY)
    split_on("2024-06-10", 10, 1, owner=mine)
    tell("51")

    assert gate_for(check()["IBM"], ticker="IBM", tenant_id=mine.pk) is SPLIT


def test_a_good_or_missing_quote_is_the_same_for_every_tenant():
    mine = Tenant.objects.create(name="mine")
    assert gate_for(CheckedQuote(quote=None, gate=STALE), ticker="IBM", tenant_id=mine.pk) is STALE
    tell("100")
    assert gate_for(check()["IBM"], ticker="IBM", tenant_id=mine.pk) is None


def test_a_person_may_say_that_the_price_is_right():
    gate("100", FRIDAY)
    assert gate("50", NOON) is SPLIT

    with unit_of_work():
        accept_price(provider_name="static", ticker="IBM", price=Decimal("50"), at=NOON)

    assert gate("51", NOON + MINUTE) is None


def test_a_person_cannot_accept_what_is_no_price():
    gate("100", FRIDAY)
    before = memory()

    with pytest.raises(OutOfRange), unit_of_work():
        accept_price(provider_name="static", ticker="IBM", price=Decimal(0), at=NOON)
    assert memory() == before


def test_for_a_short_time_the_same_quote_is_handed_out_again(settings):
    settings.QUOTE_TTL_S = 60
    assert gate("100") is None
    tell("101", NOON + MINUTE)

    assert check(NOON + MINUTE)["IBM"].quote.price == 100
    cache.clear()
    assert check(NOON + MINUTE)["IBM"].quote.price == 101


def test_a_quote_handed_out_again_grows_old(settings):
    settings.QUOTE_TTL_S = 60
    gate("100")

    assert check(NOON + 6 * MINUTE)["IBM"].gate is STALE


def test_only_real_quotes_are_handed_out_again(settings):
    settings.QUOTE_TTL_S = 60
    tell("100", is_real=False)
    check()
    tell("101", is_real=False)

    assert check()["IBM"].quote.price == 101


class Counting(StaticProvider):
    """A feed that counts how often it is asked."""

    name = "counting"
    is_live = True
    asked = 0

    def latest_quotes(self, tickers):
        self.asked += 1
        return super().latest_quotes(tickers)


def test_a_live_feed_is_not_asked_again_at_once_for_what_it_does_not_know(settings):
    settings.QUOTE_TTL_S = 60
    settings.MARKET_PROVIDERS = {"counting": f"{__name__}.Counting"}
    for _ in range(3):
        assert checked_quotes(provider_name="counting", tickers=["NOPE"], at=NOON)["NOPE"].gate is STALE
    assert provider("counting").asked == 1


def test_a_price_a_person_accepted_is_not_hidden_by_an_older_verdict(settings):
    settings.QUOTE_TTL_S = 60
    settings.QUOTE_MAX_AGE_S = 3600
    gate("100", FRIDAY)
    cache.clear()
    assert gate("50", NOON) is SPLIT
    with unit_of_work():
        accept_price(provider_name="static", ticker="IBM", price=Decimal("50"), at=NOON)

    assert check(NOON)["IBM"].gate is None


def test_the_number_of_statements_does_not_grow_with_the_tickers():
    def statements(count):
        tickers = [f"T{number}" for number in range(count)]
        for ticker in tickers:
            tell("100", ticker=ticker)
        check(NOON, *tickers)
        with CaptureQueriesContext(
            connection,
        ) as captured:
            check(NOON, *tickers)
        return len(captured)

    assert statements(2) == statements(50)


@pytest.mark.django_db(transaction=True)
def test_it_does_not_run_inside_a_transaction():
    tell("100")
    with transaction.atomic(), pytest.raises(RuntimeError):
        check()
    assert not Quote.objects.exists()
