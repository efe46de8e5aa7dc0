"""The morning comes to every position by itself, once, and makes up for days that were missed."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import OperationalError

from accounts.tests.threads import at_once
from dividends import mornings
from dividends.models import Dividend, Receivable, SplitApplication
from dividends.mornings import begin_days, due_positions
from dividends.tests.builders import (
    EX_DATE,
    PAY_DATE,
    all_written,
    assert_books_agree,
    event_types,
    make_dividend,
    make_split,
)
from market.calendar import open_of
from orders.tests.builders import events_of, fresh
from positions.models import PositionStatus
from positions.tests.builders import make_position, make_tenant

pytestmark = pytest.mark.django_db

SUNDAY = date(2024, 1, 14)


def begun(on, **options):
    """Let a worker begin the day at four in the morning; return how many positions had something due."""
    at = open_of(on) - timedelta(hours=5, minutes=30)
    return begin_days(clock=lambda: at, **options)


def numbers_due(on):
    return sorted(due_positions(on).values_list("number", flat=True))


def test_every_position_gets_what_is_due_and_only_once():
    cells = [make_position(), make_position(tenant=make_tenant("other"))]
    make_position(ticker="MSFT")
    make_dividend()

    assert [begun(EX_DATE), begun(EX_DATE)] == [2, 0]

    assert [fresh(cell).dividend_receivable for cell in cells] == [Decimal("61.5")] * 2
    assert begun(PAY_DATE - timedelta(days=1)) == 0
    assert [begun(PAY_DATE), begun(PAY_DATE)] == [2, 0]
    assert [fresh(cell).cash for cell in cells] == [Decimal("10061.5")] * 2
    assert_books_agree()


def test_a_gap_of_weeks_is_made_up_for_in_the_right_order():
    cell = make_position()
    make_dividend()
    make_split(on=EX_DATE + timedelta(days=1))

    assert begun(PAY_DATE + timedelta(days=20)) == 1

    types = [one for one in event_types(cell) if one != "anchor_adjusted_for_dividend"]
    assert types == ["ex_div_effective", "split_applied", "dividend_cash_received"]
    assert fresh(cell).qty == 200


def test_on_a_day_without_a_session_nothing_is_due():
    make_position()
    make_dividend(ex_date=SUNDAY)
    before = all_written()

    assert begun(SUNDAY) == 0
    assert all_written() == before
    assert begun(EX_DATE) == 1


def test_nothing_is_due_for_what_a_position_does_not_see_or_has_had_or_that_is_not_its_own():
    tenant, other = make_tenant("ann"), make_tenant("bob")
    mine = make_position(tenant=tenant)
    make_dividend(owner=other)
    make_dividend(ex_date=mine.opened_date)
    make_split(ticker="MSFT")
    assert numbers_due(EX_DATE) == []

    make_split(owner=tenant)
    assert numbers_due(EX_DATE - timedelta(days=1)) == []
    assert numbers_due(EX_DATE) == [mine.number]


def test_a_closed_position_only_waits_for_its_money():
    cell = make_position()
    make_dividend()
    begun(EX_DATE)
    type(cell).objects.filter(pk=cell.pk).update(status=PositionStatus.CLOSED)
    make_split(on=EX_DATE + timedelta(days=1))

    assert begun(EX_DATE + timedelta(days=1)) == 0
    assert begun(PAY_DATE) == 1
    assert fresh(cell).cash == Decimal("10061.5")
    assert SplitApplication.objects.count() == 0


def test_a_position_on_stored_history_is_left_to_its_replay():
    make_position(market_provider="replay")
    make_dividend()

    assert begun(EX_DATE) == 0
    assert Receivable.objects.count() == 0


def test_a_position_that_fails_is_paused_and_does_not_keep_the_others(caplog):
    rich = make_position(qty=9_000_000)
    cell = make_position(tenant=make_tenant("other"), anchor=200)
    make_dividend(dps="120")  # more dollars than the books keep

    assert [begun(EX_DATE), begun(EX_DATE), begun(EX_DATE, only_active=True)] == [2, 1, 0]

    assert (fresh(cell).status, fresh(cell).dividend_receivable) == ("active", Decimal(9000))
    assert (fresh(rich).status, fresh(rich).dividend_receivable) == ("paused", 0)
    (paused,) = events_of(rich, "trading_paused")
    assert paused.message.startswith("Paused: its day can't be begun: The books keep less than 1,000,000,000")
    assert [record.message for record in caplog.records] == ["day_not_begun"] * 2
    assert_books_agree()


def test_a_database_that_is_busy_pauses_nobody(monkeypatch):
    cell = make_position()
    make_dividend()

    def busy(**_):
        raise OperationalError("database is locked")

    monkeypatch.setattr(mornings, "begin_day", busy)
    with pytest.raises(OperationalError):
        begun(EX_DATE)
    assert fresh(cell).status == "active"


def test_a_worker_that_is_to_stop_leaves_the_rest_for_later():
    for _ in range(3):
        make_position()
    make_dividend()

    assert begun(EX_DATE, is_over=iter([False, True]).__next__) == 1
    assert Receivable.objects.count() == 1
    assert begun(EX_DATE) == 2


@pytest.mark.django_db(transaction=True)
def test_four_workers_at_once_do_it_once():
    for number in range(6):
        make_position(tenant=make_tenant(str(number)))
    make_dividend()
    make_split()

    at_once([lambda: begun(EX_DATE)] * 4)

    assert (Receivable.objects.count(), SplitApplication.objects.count()) == (6, 6)
    assert Dividend.objects.get().receivables.count() == 6
    assert_books_agree()


def test_it_is_one_question_when_nothing_is_due(django_assert_num_queries):
    for _ in range(5):
        make_position()
    with django_assert_num_queries(1):
        assert begun(EX_DATE) == 0
