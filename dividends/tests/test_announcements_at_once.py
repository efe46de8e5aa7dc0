"""Announcements, payments and mornings in real threads: each acts once."""

from datetime import timedelta
from decimal import Decimal
from functools import partial

import pytest

from accounts.tests.threads import at_once, refusals
from accounts.transactions import unit_of_work
from dividends.models import Dividend, Receivable, Split, SplitApplication
from dividends.tests.builders import (
    EX_DATE,
    PAY_DATE,
    announced,
    announced_split,
    assert_books_agree,
    make_dividend,
    morning,
    paid,
)
from positions.models import Event, Position
from positions.services import move_cash
from positions.tests.builders import make_position, make_stamp, make_tenant

pytestmark = pytest.mark.django_db(transaction=True)
DAY = timedelta(days=1)


@pytest.mark.parametrize("on", [EX_DATE - DAY, EX_DATE])
def test_the_same_dividend_announced_at_once_is_one(on):
    ann = make_tenant("ann")
    for _ in range(3):
        make_position(ann, anchor=150)

    results = at_once([partial(announced, ann, on=on)] * 6)

    assert {dividend.pk for dividend in results} == {Dividend.objects.get().pk}
    assert Event.objects.filter(type="ex_div_announced").count() == 1
    assert Receivable.objects.count() == (3 if on == EX_DATE else 0)
    anchor = Decimal("149.18") if on == EX_DATE else Decimal(150)
    assert {cell.anchor_price for cell in Position.objects.all()} == {anchor}
    assert_books_agree()


@pytest.mark.parametrize("on", [EX_DATE - DAY, EX_DATE])
def test_of_different_dividends_announced_at_once_one_is_kept(on):
    ann = make_tenant("ann")
    make_position(ann, anchor=150)

    results = at_once([partial(announced, ann, dps, on=on) for dps in ("1", "2", "3", "4")])

    assert refusals(results) == ["history-conflict"] * 3
    kept = Dividend.objects.get()
    if on == EX_DATE:
        assert Position.objects.get().anchor_price == 150 - kept.dps
    assert_books_agree()


def test_a_dividend_announced_while_mornings_begin_is_taken_once():
    ann = make_tenant("ann")
    make_dividend("1")
    cells = [make_position(ann, anchor=150) for _ in range(3)]

    at_once([partial(announced, ann, "2"), *(partial(morning, cell, EX_DATE) for cell in cells)])

    assert Receivable.objects.count() == 3
    for cell in Position.objects.all():
        assert cell.anchor_price == 150 - cell.receivables.get().dividend.dps
    assert_books_agree()


def test_a_split_announced_at_once_is_applied_once():
    ann = make_tenant("ann")
    cells = [make_position(ann) for _ in range(2)]

    results = at_once(
        [partial(announced_split, ann)] * 3 + [partial(morning, cell, EX_DATE) for cell in cells]
    )

    assert refusals(results) == []
    assert {cell.qty for cell in Position.objects.all()} == {Decimal(200)}
    assert (Split.objects.count(), SplitApplication.objects.count()) == (1, 2)
    assert_books_agree()


@pytest.mark.lesson
def test_paid_at_once_it_is_paid_once():
    """Paying twice paid twice."""
    ann = make_tenant("ann")
    cells = [make_position(ann) for _ in range(3)]
    dividend = announced(ann)

    results = at_once(
        [partial(paid, ann, dividend)] * 4 + [partial(morning, cell, PAY_DATE) for cell in cells]
    )

    told = [receivable.pk for result in results if isinstance(result, list) for receivable in result]
    assert len(told) == len(set(told)) <= 3
    assert {cell.cash for cell in Position.objects.all()} == {Decimal("10061.5")}
    assert Event.objects.filter(type="dividend_cash_received").count() == 3
    assert_books_agree()


def test_nothing_is_lost_of_what_else_happens_to_the_cells():
    ann = make_tenant("ann")
    cells = [make_position(ann, anchor=150) for _ in range(3)]
    dividend = announced(ann, "1", ex_date=EX_DATE - DAY, pay_date=EX_DATE, on=EX_DATE - DAY)

    def deposit(cell):
        with unit_of_work():
            move_cash(position_id=cell.pk, amount=Decimal(5), stamp=make_stamp())

    deposits = [partial(deposit, cell) for cell in cells]
    at_once([*deposits, partial(announced, ann), partial(paid, ann, dividend, on=EX_DATE), *deposits])

    assert {cell.cash for cell in Position.objects.all()} == {Decimal(10_085)}
    assert {cell.anchor_price for cell in Position.objects.all()} == {Decimal("148.18")}
    assert {cell.dividend_receivable for cell in Position.objects.all()} == {Decimal("61.5")}
    assert_books_agree()
