from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from threading import Barrier

import pytest
from django.db import connection

from dividends.models import Receivable, SplitApplication
from dividends.tests.builders import (
    EX_DATE,
    PAY_DATE,
    assert_books_agree,
    event_types,
    make_dividend,
    make_split,
    morning,
)
from positions.models import Position
from positions.tests.builders import make_position

pytestmark = pytest.mark.django_db(transaction=True)
WORKERS = 4


def begin_at_once(position, on):
    """Begin the same day in several threads, each with a connection of its own; return what they raised."""
    together = Barrier(WORKERS, timeout=30)

    def work(_number):
        try:
            together.wait()
            morning(position, on)
        except Exception as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(WORKERS) as pool:
        return [error for error in pool.map(work, range(WORKERS)) if error is not None]


@pytest.mark.lesson
def test_mornings_begun_at_once_act_once():
    """Running the ex-dividend twice moved the anchor twice; paying twice paid twice."""
    make_dividend("0.5")
    make_split(2, 1)
    position = make_position(anchor=100)

    assert begin_at_once(position, EX_DATE) == []
    after = Position.objects.get()
    assert (after.qty, after.anchor_price) == (Decimal(200), Decimal("49.5"))
    assert after.dividend_receivable == Decimal(75)

    assert begin_at_once(position, PAY_DATE) == []
    after = Position.objects.get()
    assert (after.cash, after.dividend_receivable) == (Decimal(10_075), Decimal(0))
    assert (Receivable.objects.count(), SplitApplication.objects.count()) == (1, 1)
    assert event_types(after) == [
        "split_applied",
        "ex_div_effective",
        "anchor_adjusted_for_dividend",
        "dividend_cash_received",
    ]
    assert_books_agree()
