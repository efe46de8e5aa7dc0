from decimal import Decimal

import pytest

from dividends.tests.builders import (
    EX_DATE,
    PAY_DATE,
    assert_books_agree,
    event_types,
    make_dividend,
    make_split,
    morning,
)
from positions.tests.builders import make_position

pytestmark = pytest.mark.django_db


def test_split_then_ex_dividend_on_the_new_shares_then_payments():
    make_dividend("1", pay_date=PAY_DATE)
    position = make_position(anchor=101)
    morning(position, EX_DATE)
    make_dividend("0.5", ex_date=PAY_DATE, pay_date=PAY_DATE)
    make_split(2, 1, on=PAY_DATE)

    after = morning(position, PAY_DATE)

    assert event_types(after)[2:] == [
        "split_applied",
        "ex_div_effective",
        "anchor_adjusted_for_dividend",
        "dividend_cash_received",
        "dividend_cash_received",
    ]
    assert after.anchor_price == Decimal("49.5")
    assert after.receivables.get(ex_date=PAY_DATE).shares == Decimal(200)
    assert after.cash == Decimal(10_000) + 75 + 75
    assert after.dividend_receivable == 0
    assert_books_agree()


def test_the_dividend_per_share_counts_on_the_shares_after_the_split():
    make_split(2, 1)
    make_dividend("0.5")

    after = morning(make_position(anchor=100), EX_DATE)

    receivable = after.receivables.get()
    assert (receivable.shares, receivable.gross) == (Decimal(200), Decimal(100))
    assert after.anchor_price == Decimal("49.5")


def test_a_receivable_is_dollars_and_no_split_changes_it():
    make_dividend("1", pay_date=PAY_DATE)
    position = make_position()
    morning(position, EX_DATE)
    make_split(2, 1, on=PAY_DATE)

    assert morning(position, PAY_DATE).cash == Decimal(10_075)
