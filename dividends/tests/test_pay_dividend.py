"""Paying a dividend by hand: what is still owed of it, once, and not before its pay date."""

from datetime import timedelta
from decimal import Decimal

import pytest

from accounts.errors import NotFound
from accounts.models import Tenant
from accounts.transactions import unit_of_work
from dividends.errors import PaymentNotDue
from dividends.models import Dividend, Receivable
from dividends.tests.builders import (
    EX_DATE,
    PAY_DATE,
    all_written,
    announced,
    assert_books_agree,
    make_dividend,
    morning,
    paid,
)
from positions.models import Position
from positions.services import close_position
from positions.tests.builders import make_position, make_stamp, make_tenant

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def ann() -> Tenant:
    return make_tenant("ann")


def cash_of(*cells: Position) -> list[Decimal]:
    return [Position.objects.get(pk=cell.pk).cash for cell in cells]


def test_every_cell_gets_what_it_is_owed_in_the_order_of_their_numbers(ann):
    cells = [make_position(ann, qty=qty) for qty in (100, 200, 0)]
    dividend = announced(ann)

    receivables = paid(ann, dividend)

    assert [(r.position_id, r.amount, r.status) for r in receivables] == [
        (cells[0].pk, Decimal("61.5"), "paid"),
        (cells[1].pk, Decimal(123), "paid"),
        (cells[2].pk, Decimal(0), "paid"),
    ]
    assert cash_of(*cells) == [Decimal("10061.5"), Decimal(10_123), Decimal(10_000)]
    assert {cell.dividend_receivable for cell in Position.objects.all()} == {Decimal(0)}
    assert_books_agree()


@pytest.mark.lesson
def test_paying_twice_pays_nothing_the_second_time(ann):
    """Paying twice paid twice."""
    cell = make_position(ann)
    dividend = announced(ann)
    paid(ann, dividend)
    written = all_written()

    assert paid(ann, dividend) == []
    assert morning(cell, PAY_DATE).cash == Decimal("10061.5")
    assert all_written() == written


def test_before_the_pay_date_it_is_refused(ann):
    make_position(ann)
    dividend = announced(ann)
    written = all_written()

    with pytest.raises(PaymentNotDue, match="paid on 2024-02-01; in New York it is 2024-01-31"):
        paid(ann, dividend, on=PAY_DATE - DAY)

    assert all_written() == written


def test_long_after_the_pay_date_it_is_paid_all_the_same(ann):
    cell = make_position(ann)

    paid(ann, announced(ann), on=PAY_DATE + 300 * DAY)

    assert cash_of(cell) == [Decimal("10061.5")]


def test_everybodys_dividend_is_paid_to_the_tenants_own_cells_only(ann):
    dividend = make_dividend()
    anns, bobs = make_position(ann), make_position(make_tenant("bob"))
    for cell in (anns, bobs):
        morning(cell, EX_DATE)

    assert [r.position_id for r in paid(ann, dividend)] == [anns.pk]
    assert cash_of(anns, bobs) == [Decimal("10061.5"), Decimal(10_000)]


def test_another_dividends_receivable_stays_pending(ann):
    cell = make_position(ann)
    first, second = announced(ann), announced(ann, ex_date=EX_DATE + DAY, on=EX_DATE + DAY)

    paid(ann, second)

    pending = Receivable.objects.pending().get()
    assert (pending.dividend, pending.position) == (first, cell)
    assert_books_agree()


def test_a_closed_cell_still_receives_what_it_was_owed(ann):
    cell = make_position(ann)
    dividend = announced(ann)
    with unit_of_work():
        close_position(position_id=cell.pk, stamp=make_stamp())

    paid(ann, dividend)

    assert cash_of(cell) == [Decimal("10061.5")]
    assert_books_agree()


def test_a_cell_that_replays_the_past_is_paid_by_its_replay(ann):
    dividend = make_dividend()
    cell = morning(make_position(ann, market_provider="replay"), EX_DATE)

    assert paid(ann, dividend) == []
    assert cash_of(cell) == [Decimal(10_000)]
    assert morning(cell, PAY_DATE).cash == Decimal("10061.5")


def test_a_dividend_that_nobody_took_pays_nothing(ann):
    assert paid(ann, make_dividend()) == []


@pytest.mark.parametrize("whose", ["bobs", "nobodys"])
def test_a_dividend_that_the_tenant_does_not_see_is_not_found(ann, whose):
    bob = make_tenant("bob")
    make_position(bob)
    bobs = announced(bob)
    written = all_written()

    with pytest.raises(NotFound, match="There is no such dividend"):
        paid(ann, bobs if whose == "bobs" else Dividend())

    assert all_written() == written
