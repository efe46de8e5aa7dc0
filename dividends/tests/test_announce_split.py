"""A tenant's own word on a split, and which of its cells it is applied to at once."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from accounts.models import Tenant
from accounts.transactions import unit_of_work
from dividends.errors import SplitConflict
from dividends.models import Split, SplitApplication
from dividends.tests.builders import (
    EX_DATE,
    all_written,
    announced_split,
    assert_books_agree,
    event_types,
    make_dividend,
    make_open_order,
    make_split,
    morning,
)
from positions.models import Position
from positions.services import close_position
from positions.tests.builders import make_position, make_stamp, make_tenant
from volbal.errors import InvalidTicker, OutOfRange

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def ann() -> Tenant:
    return make_tenant("ann")


def now(position: Position) -> Position:
    return Position.objects.get(pk=position.pk)


def test_a_split_of_today_is_applied_at_once_and_cancels_open_orders(ann):
    cell = make_position(ann, anchor=100)
    order = make_open_order(cell)

    split = announced_split(ann)

    after = now(cell)
    assert (after.qty, after.anchor_price, after.cash) == (Decimal(200), Decimal(50), Decimal(10_000))
    assert (after.reserved_cash, after.reserved_qty) == (0, 0)
    order.refresh_from_db()
    assert order.status == "cancelled"
    assert event_types(after) == ["order_cancelled", "split_applied"]
    assert SplitApplication.objects.get().split == split
    assert_books_agree()


def test_before_its_date_it_waits_for_the_morning(ann):
    cell = make_position(ann)

    announced_split(ann, on=EX_DATE - DAY)

    assert now(cell).qty == Decimal(100)
    assert morning(cell, EX_DATE).qty == Decimal(200)


@pytest.mark.parametrize("day", [date(2024, 1, 2), date(2024, 1, 8), EX_DATE - DAY])
def test_it_concerns_cells_opened_on_or_after_its_date_too_and_only_once(ann, day):
    cell = make_position(ann)

    announced_split(ann, day=day)

    assert now(cell).qty == morning(cell, EX_DATE).qty == Decimal(200)
    assert SplitApplication.objects.count() == 1


def test_a_split_of_that_date_that_was_applied_already_stays(ann):
    make_split(2, 1)
    early, late = make_position(ann), make_position(ann)
    morning(early, EX_DATE)

    announced_split(ann, 3, 1)

    assert (now(early).qty, now(late).qty) == (Decimal(200), Decimal(300))
    assert SplitApplication.objects.count() == 2
    assert_books_agree()


def test_what_was_missed_on_the_days_before_comes_first(ann):
    make_dividend("1", ex_date=EX_DATE - DAY)
    make_split(3, 1, on=EX_DATE - DAY)
    make_dividend("1")
    cell = make_position(ann, anchor=100)

    announced_split(ann)
    after = now(cell)

    assert after.qty == Decimal(600)
    assert [r.shares for r in after.receivables.all()] == [Decimal(300)]
    assert morning(cell, EX_DATE).receivables.get(ex_date=EX_DATE).shares == Decimal(600)
    assert_books_agree()


def test_other_tenants_other_tickers_closed_and_replaying_cells_are_left_alone(ann):
    closed = make_position(ann)
    with unit_of_work():
        close_position(position_id=closed.pk, stamp=make_stamp())
    make_position(make_tenant("bob"))
    make_position(ann, "MSFT")
    make_position(ann, market_provider="replay")

    announced_split(ann)

    assert {cell.qty for cell in Position.objects.all()} == {Decimal(100)}
    assert SplitApplication.objects.count() == 0


def test_the_same_announcement_again_changes_nothing(ann):
    make_position(ann)
    first = announced_split(ann)
    written = all_written()

    assert announced_split(ann, on=EX_DATE + DAY) == first
    assert all_written() == written


@pytest.mark.parametrize("ratio", [(3, 1), (1, 2), (4, 2)])
def test_another_ratio_for_the_same_date_is_refused(ann, ratio):
    make_position(ann)
    announced_split(ann)
    written = all_written()

    with pytest.raises(SplitConflict):
        announced_split(ann, *ratio)

    assert all_written() == written


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"new_shares": 0}, OutOfRange),
        ({"old_shares": 0}, OutOfRange),
        ({"new_shares": -2}, OutOfRange),
        ({"new_shares": 1}, OutOfRange),
        ({"new_shares": 10**9}, OutOfRange),
        ({"day": date(1989, 12, 31)}, OutOfRange),
        ({"ticker": ""}, InvalidTicker),
        ({"new_shares": 100_000}, OutOfRange),
        ({"old_shares": 100_000_000, "new_shares": 1}, OutOfRange),
    ],
    ids=str,
)
def test_what_makes_no_sense_is_refused_and_changes_nothing(ann, wrong, error):
    make_open_order(make_position(ann))
    written = all_written()

    with pytest.raises(error):
        announced_split(ann, **wrong)

    assert all_written() == written
    assert Split.objects.count() == 0
