"""Dividends, splits and bars from a live feed: told again without harm, revised with care."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from accounts.errors import OutsideUnitOfWork
from accounts.transactions import unit_of_work
from dividends.feed import FeedReport, fetch_and_store, store_facts
from dividends.models import Dividend, Receivable, Split
from dividends.tests.builders import assert_books_agree, make_dividend, make_split, morning
from market.errors import RateLimited
from market.models import Bar, KnownStep
from market.providers.registry import provider
from market.providers.static import StaticProvider
from market.tests.builders import make_bar
from market.values import DividendFact, History, SplitFact
from positions.models import Event
from positions.services import close_position
from positions.tests.builders import make_position, make_stamp, make_tenant

pytestmark = pytest.mark.django_db

# Positions are opened on Monday, 2024-01-08.
STAMP = make_stamp(datetime(2024, 1, 16, 13, 0, tzinfo=UTC), actor="feed")
TODAY, TOMORROW, LATER = date(2024, 1, 16), date(2024, 1, 17), date(2024, 2, 1)


def paying(dps="0.82", ex_date=TOMORROW, pay_date=LATER, guess=False):
    return DividendFact(ex_date=ex_date, pay_date=pay_date, dps=Decimal(dps), pay_date_is_guess=guess)


def splitting(new=2, old=1, on=TOMORROW):
    return SplitFact(date=on, new_shares=new, old_shares=old)


def facts(*, bars=(), dividends=(), splits=(), ticker="XYZ"):
    return History(ticker=ticker, bars=tuple(bars), dividends=tuple(dividends), splits=tuple(splits))


def store(**told):
    with unit_of_work():
        return store_facts(facts(**told), stamp=STAMP)


def stored():
    return (
        list(Dividend.objects.order_by("ex_date").values_list("owner", "ex_date", "pay_date", "dps")),
        list(Split.objects.order_by("date").values_list("owner", "date", "new_shares", "old_shares")),
        list(
            KnownStep.objects.order_by("date", "dps").values_list("date", "new_shares", "old_shares", "dps")
        ),
        Bar.objects.count(),
        Event.objects.count(),
    )


def test_what_is_new_is_stored_as_everybodys_and_told_to_the_market():
    report = store(dividends=[paying()], splits=[splitting(on=LATER)], bars=[make_bar("2024-01-12")])

    assert report == FeedReport(ticker="XYZ", dividends=1, splits=1, bars=1)
    assert stored()[:4] == (
        [(None, TOMORROW, LATER, Decimal("0.82"))],
        [(None, LATER, 2, 1)],
        [(TOMORROW, 1, 1, Decimal("0.82")), (LATER, 2, 1, Decimal(0))],
        1,
    )
    assert Event.objects.get().type == "ex_div_announced"


def test_the_same_again_changes_nothing():
    told = {"dividends": [paying()], "splits": [splitting()], "bars": [make_bar("2024-01-12")]}
    store(**told)
    before = stored()

    assert store(**told) == FeedReport(ticker="XYZ")
    assert stored() == before


def test_nothing_is_stored_outside_a_unit_of_work():
    before = stored()
    with pytest.raises(OutsideUnitOfWork):
        store_facts(facts(dividends=[paying()]), stamp=STAMP)
    assert stored() == before


def test_an_amount_revised_before_the_ex_date_replaces_the_old_one():
    store(dividends=[paying("0.82")])

    report = store(dividends=[paying("0.83")])

    assert (report.revised, report.differences) == (1, ())
    assert Dividend.objects.get().dps == Decimal("0.83")
    assert KnownStep.objects.get().dps == Decimal("0.83")
    event = Event.objects.latest("seq")
    assert event.message == "XYZ's dividend of 2024-01-17 is now 0.83, paid 2024-02-01."
    assert event.inputs["before"] == {"dps": "0.82", "pay_date": "2024-02-01"}


def test_an_amount_revised_on_the_ex_date_or_later_is_left_alone_and_reported():
    make_dividend("0.82", ex_date=TODAY, pay_date=LATER, ticker="XYZ")
    before = stored()

    report = store(dividends=[paying("0.83", ex_date=TODAY)])

    assert report.differences == (
        "The feed says 0.83 paid 2024-02-01 for the dividend of 2024-01-16; stored is 0.82 paid 2024-02-01.",
    )
    assert stored() == before


def test_the_noise_of_a_split_is_no_revision():
    store(dividends=[paying("3.3")])
    before = stored()

    assert store(dividends=[paying("3.299996")]) == FeedReport(ticker="XYZ")
    assert stored() == before


def test_a_pay_date_may_be_told_late_until_somebody_was_paid():
    position = make_position(ticker="XYZ")
    store(dividends=[paying(ex_date=TODAY, pay_date=date(2024, 2, 15), guess=True)])
    morning(position, TODAY)
    assert Receivable.objects.get().status == "pending"

    assert store(dividends=[paying(ex_date=TODAY, pay_date=LATER)]).revised == 1
    morning(position, LATER)

    assert Receivable.objects.get().status == "paid"
    late = store(dividends=[paying(ex_date=TODAY, pay_date=date(2024, 2, 2))])
    assert (late.revised, len(late.differences)) == (0, 1)
    assert Dividend.objects.get().pay_date == LATER
    assert_books_agree()


def test_a_guessed_pay_date_never_replaces_a_known_one():
    store(dividends=[paying()])
    before = stored()

    assert store(dividends=[paying(pay_date=date(2024, 2, 16), guess=True)]) == FeedReport(ticker="XYZ")
    assert stored() == before


def test_with_a_pay_date_the_noise_in_an_amount_is_not_taken_over():
    store(dividends=[paying("3.3", guess=True)])

    assert store(dividends=[paying("3.299996", pay_date=date(2024, 2, 2))]).revised == 1
    assert (Dividend.objects.get().dps, KnownStep.objects.get().dps) == (Decimal("3.3"), Decimal("3.3"))


def test_an_amount_that_somebody_has_a_claim_from_is_left_alone():
    position = make_position(ticker="XYZ")
    make_dividend("0.82", ex_date=TOMORROW, pay_date=LATER, ticker="XYZ")
    morning(position, TOMORROW)
    before = stored()

    assert len(store(dividends=[paying("0.83")]).differences) == 1
    assert stored() == before
    assert_books_agree()


def test_a_split_is_revised_before_its_day_and_left_alone_afterwards():
    store(splits=[splitting(2, 1)])
    assert store(splits=[splitting(4, 2)]) == FeedReport(ticker="XYZ")
    assert store(splits=[splitting(3, 1)]).revised == 1
    assert stored()[1:3] == ([(None, TOMORROW, 3, 1)], [(TOMORROW, 3, 1, Decimal(0))])

    make_split(2, 1, on=TODAY, ticker="ABC")
    report = store(splits=[splitting(3, 1, on=TODAY)], ticker="ABC")
    assert report.differences == ("The feed says 3:1 for the split of 2024-01-16; stored is 2:1.",)
    assert Split.objects.get(ticker="ABC").new_shares == 2


def test_a_tenants_own_row_is_its_own():
    make_dividend("5", ex_date=TOMORROW, pay_date=LATER, ticker="XYZ", owner=make_tenant())

    assert store(dividends=[paying()]).dividends == 1
    assert {(d.owner is None, d.dps) for d in Dividend.objects.all()} == {
        (True, Decimal("0.82")),
        (False, Decimal(5)),
    }


def test_only_bars_after_the_last_one_stored_come_in():
    store(bars=[make_bar("2024-01-10"), make_bar("2024-01-12")])

    report = store(bars=[make_bar("2024-01-11"), make_bar("2024-01-12", "999"), make_bar("2024-01-15")])

    assert report.bars == 1
    assert list(Bar.objects.values_list("date", "close").order_by("date")) == [
        (date(2024, 1, 10), Decimal("100.5")),
        (date(2024, 1, 12), Decimal("100.5")),
        (date(2024, 1, 15), Decimal("100.5")),
    ]


class Flaky(StaticProvider):
    """A feed that wants to be left alone when it is asked about one ticker."""

    name = "flaky"
    is_live = True

    def dividends(self, ticker):
        if ticker == "BAD":
            raise RateLimited("Not now.")
        return super().dividends(ticker)


@pytest.fixture
def flaky(settings):
    settings.MARKET_PROVIDERS = {**settings.MARKET_PROVIDERS, "flaky": f"{__name__}.Flaky"}
    return provider("flaky")


def tell(feed, ticker, **told):
    feed.set_history(facts(ticker=ticker, **told))


def test_what_is_held_is_asked_about_and_one_failure_does_not_keep_the_others(flaky):
    for ticker in ("AAA", "BAD", "CCC", "CCC"):
        make_position(ticker=ticker, market_provider="flaky")
        tell(flaky, ticker, dividends=[paying()])

    reports = fetch_and_store(stamp=STAMP)

    assert [(report.ticker, report.dividends, report.error) for report in reports] == [
        ("AAA", 1, ""),
        ("BAD", 0, "Not now."),
        ("CCC", 1, ""),
    ]
    assert Dividend.objects.count() == 2
    assert [report.dividends for report in fetch_and_store(stamp=STAMP)] == [0, 0, 0]


def test_closed_cells_replays_and_prices_set_by_hand_are_not_asked_about(flaky):
    closed = make_position(ticker="AAA", qty=0, cash=0, market_provider="flaky")
    with unit_of_work():
        close_position(position_id=closed.pk, stamp=STAMP)
    make_position(ticker="MSFT", market_provider="replay")
    make_position(ticker="MSFT", market_provider="static")

    assert fetch_and_store(stamp=STAMP) == []


def test_what_happened_before_any_cell_was_opened_is_left_out(flaky):
    make_position(ticker="AAA", market_provider="flaky")
    opened = date(2024, 1, 8)
    tell(
        flaky,
        "AAA",
        dividends=[paying(ex_date=opened), paying(ex_date=date(2024, 1, 9))],
        splits=[splitting(on=opened), splitting(on=date(2024, 1, 9))],
    )

    fetch_and_store(stamp=STAMP)

    assert [d.ex_date for d in Dividend.objects.all()] == [date(2024, 1, 9)]
    assert [s.date for s in Split.objects.all()] == [date(2024, 1, 9)]


def test_missing_bars_are_fetched_up_to_yesterday_and_five_years_of_a_new_ticker(flaky):
    make_position(ticker="AAA", market_provider="flaky")
    days = ("2019-01-16", "2019-01-18", "2024-01-12", "2024-01-15", "2024-01-16")
    tell(flaky, "AAA", bars=[make_bar(day) for day in days])

    assert fetch_and_store(stamp=STAMP)[0].bars == 3
    assert [bar.date.isoformat() for bar in Bar.objects.of("AAA")] == list(days[1:4])
    assert fetch_and_store(stamp=STAMP)[0].bars == 0


def test_bars_of_a_bundled_ticker_stay_bundled_until_some_are_imported(flaky):
    make_position(ticker="IBM", market_provider="flaky")
    tell(flaky, "IBM", bars=[make_bar("2024-01-12"), make_bar("2024-01-15")])

    assert fetch_and_store(stamp=STAMP)[0].bars == 0
    store(bars=[make_bar("2024-01-11")], ticker="IBM")
    assert fetch_and_store(stamp=STAMP)[0].bars == 2


def test_the_command_says_what_came_of_each_ticker(flaky):
    for ticker in ("AAA", "BAD"):
        make_position(ticker=ticker, market_provider="flaky")
    tell(flaky, "AAA", dividends=[paying()], splits=[splitting()], bars=[make_bar("2024-01-12")])
    out = StringIO()

    with pytest.raises(CommandError, match="Not everything"):
        call_command("fetch_market", stdout=out)

    assert out.getvalue().splitlines() == [
        "AAA: 1 new dividends, 1 new splits, 1 new bars.",
        "BAD: Not now.",
    ]
