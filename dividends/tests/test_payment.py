from datetime import date, timedelta
from decimal import Decimal

import pytest

from accounts.transactions import unit_of_work
from dividends.services import pay_receivable
from dividends.tests.builders import (
    EX_DATE,
    PAY_DATE,
    assert_books_agree,
    event_types,
    make_dividend,
    morning,
)
from market.calendar import open_of
from positions.models import Event, JournalEntry, Position
from positions.services import adjust_books, close_position
from positions.tests.builders import make_position, make_stamp

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def test_on_the_pay_date_the_receivable_becomes_cash():
    make_dividend("0.82")
    position = make_position(anchor=150)
    morning(position, EX_DATE)

    after = morning(position, PAY_DATE)

    receivable = after.receivables.get()
    assert (after.cash, after.dividend_receivable) == (Decimal("10061.5"), Decimal(0))
    assert after.anchor_price == Decimal("149.18")
    assert (receivable.status, receivable.paid_at) == ("paid", open_of(PAY_DATE))
    assert event_types(after)[-1] == "dividend_cash_received"
    entry = after.journal.get(cause_kind="dividend_payment")
    assert (entry.cause_id, entry.cash_delta, entry.receivable_delta) == (
        str(receivable.pk),
        Decimal("61.5"),
        Decimal("-61.5"),
    )
    assert_books_agree()


@pytest.mark.lesson
def test_paying_twice_pays_once():
    """Paying twice paid twice."""
    make_dividend("0.82")
    position = make_position(anchor=150)
    morning(position, EX_DATE)
    morning(position, PAY_DATE)
    before = (Event.objects.count(), JournalEntry.objects.count())

    morning(position, PAY_DATE)
    after = morning(position, PAY_DATE + DAY)
    with unit_of_work():
        locked = Position.objects.lock(position.pk)
        pay_receivable(locked, locked.receivables.get(), stamp=make_stamp())

    assert Position.objects.get(pk=position.pk).cash == after.cash == Decimal("10061.5")
    assert (Event.objects.count(), JournalEntry.objects.count()) == before
    assert_books_agree()


def test_before_the_pay_date_nothing_is_paid():
    make_dividend("0.82")
    position = make_position()
    morning(position, EX_DATE)

    after = morning(position, PAY_DATE - DAY)

    assert (after.cash, after.dividend_receivable) == (Decimal(10_000), Decimal("61.5"))
    assert after.receivables.get().status == "pending"


def test_a_pay_date_without_a_session_is_paid_on_the_next_morning():
    make_dividend("0.82", pay_date=date(2024, 1, 20))  # a Saturday
    position = make_position()
    morning(position, EX_DATE)

    assert morning(position, date(2024, 1, 19)).cash == Decimal(10_000)
    assert morning(position, date(2024, 1, 22)).cash == Decimal("10061.5")


def test_a_first_morning_after_both_dates_does_both():
    make_dividend("0.82")

    after = morning(make_position(anchor=150), PAY_DATE + DAY)

    assert (after.cash, after.dividend_receivable) == (Decimal("10061.5"), Decimal(0))
    assert after.anchor_price == Decimal("149.18")
    assert_books_agree()


def test_what_was_sold_after_the_ex_date_is_paid_for_all_the_same():
    make_dividend("0.82")
    position = make_position()
    morning(position, EX_DATE)
    with unit_of_work():
        adjust_books(position_id=position.pk, reason="sold", qty=Decimal(-100), stamp=make_stamp())

    assert morning(position, PAY_DATE).cash == Decimal("10061.5")


def test_two_receivables_are_paid_each_on_its_day():
    make_dividend("0.82", pay_date=date(2024, 3, 1))
    make_dividend("0.4", ex_date=date(2024, 1, 23), pay_date=PAY_DATE)
    position = make_position()
    morning(position, date(2024, 1, 23))

    first, second = morning(position, PAY_DATE), morning(position, date(2024, 3, 1))

    assert (first.cash, first.dividend_receivable) == (Decimal(10_030), Decimal("61.5"))
    assert (second.cash, second.dividend_receivable) == (Decimal("10091.5"), Decimal(0))
    assert_books_agree()


def test_a_closed_cell_still_receives_what_it_was_owed():
    make_dividend("0.82")
    position = make_position(anchor=150)
    morning(position, EX_DATE)
    with unit_of_work():
        close_position(position_id=position.pk, stamp=make_stamp())

    after = morning(position, PAY_DATE)

    assert (after.cash, after.dividend_receivable) == (Decimal("10061.5"), Decimal(0))
    assert (after.status, after.receivables.get().status) == ("closed", "paid")
    assert_books_agree()
