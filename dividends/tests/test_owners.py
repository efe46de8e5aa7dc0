from datetime import date
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from dividends.models import Dividend, Receivable, Split, SplitApplication
from dividends.tests.builders import (
    EX_DATE,
    PAY_DATE,
    assert_books_agree,
    make_dividend,
    make_split,
    morning,
)
from positions.tests.builders import make_position, make_tenant

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("own_first", [True, False])
def test_a_tenants_own_dividend_wins_for_its_positions_only(own_first):
    ann, bob = make_tenant("ann"), make_tenant("bob")
    for owner in (ann, None) if own_first else (None, ann):
        make_dividend("1" if owner else "0.5", owner=owner, withholding="0" if owner else None)

    anns, bobs = (morning(make_position(tenant, anchor=100), EX_DATE) for tenant in (ann, bob))

    assert (anns.anchor_price, anns.dividend_receivable) == (Decimal(99), Decimal(100))
    assert (bobs.anchor_price, bobs.dividend_receivable) == (Decimal("99.5"), Decimal("37.5"))
    assert_books_agree()


@pytest.mark.parametrize("own_first", [True, False])
def test_a_tenants_own_split_wins_for_its_positions_only(own_first):
    ann, bob = make_tenant("ann"), make_tenant("bob")
    for owner in (ann, None) if own_first else (None, ann):
        make_split(3 if owner else 2, 1, owner=owner)

    anns, bobs = (morning(make_position(tenant), EX_DATE) for tenant in (ann, bob))

    assert (anns.qty, bobs.qty) == (Decimal(300), Decimal(200))


def test_another_tenants_rows_are_nothing_to_it():
    ann, bob = make_tenant("ann"), make_tenant("bob")
    make_dividend("1", owner=ann)
    make_split(2, 1, owner=ann)

    bobs = morning(make_position(bob, anchor=100), EX_DATE)

    assert (bobs.qty, bobs.anchor_price, bobs.dividend_receivable) == (Decimal(100), Decimal(100), Decimal(0))
    assert Receivable.objects.count() == 0


def test_an_own_row_that_comes_after_the_ex_date_was_dealt_with_changes_nothing():
    ann = make_tenant("ann")
    make_dividend("0.5")
    make_split(2, 1)
    position = make_position(ann, anchor=100)
    before = morning(position, EX_DATE)
    make_dividend("1", owner=ann)
    make_split(3, 1, owner=ann)

    after = morning(position, PAY_DATE)

    assert (
        (after.qty, after.anchor_price)
        == (before.qty, before.anchor_price)
        == (Decimal(200), Decimal("49.5"))
    )
    assert Receivable.objects.count() == 1
    assert SplitApplication.objects.count() == 1


@pytest.mark.parametrize("owned", [True, False])
def test_one_owner_has_one_dividend_of_a_ticker_and_ex_date(owned):
    owner = make_tenant("ann") if owned else None
    make_dividend("1", owner=owner)

    with pytest.raises(IntegrityError), transaction.atomic():
        make_dividend("2", owner=owner)

    assert Dividend.objects.get().dps == Decimal(1)


@pytest.mark.parametrize("owned", [True, False])
def test_one_owner_has_one_split_of_a_ticker_and_date(owned):
    owner = make_tenant("ann") if owned else None
    make_split(2, 1, owner=owner)

    with pytest.raises(IntegrityError), transaction.atomic():
        make_split(3, 1, owner=owner)

    assert Split.objects.get().new_shares == 2


def test_two_owners_and_nobody_each_have_their_own():
    for owner in (None, make_tenant("ann"), make_tenant("bob")):
        make_dividend("1", owner=owner)
        make_split(2, 1, owner=owner)

    assert (Dividend.objects.count(), Split.objects.count()) == (3, 3)


def test_a_position_has_one_receivable_for_an_ex_date():
    make_dividend("1")
    position = morning(make_position(), EX_DATE)
    had = position.receivables.get()
    other = make_dividend("2", owner=make_tenant())

    with pytest.raises(IntegrityError), transaction.atomic():
        Receivable.objects.create(
            position=position,
            dividend=other,
            ex_date=EX_DATE,
            shares=100,
            gross=200,
            tax=50,
            amount=150,
            created_at=had.created_at,
        )

    assert Receivable.objects.get() == had


def test_a_position_has_one_split_a_day():
    make_split(2, 1)
    position = morning(make_position(), EX_DATE)
    other = make_split(3, 1, owner=make_tenant())

    with pytest.raises(IntegrityError), transaction.atomic():
        SplitApplication.objects.create(position=position, split=other, date=EX_DATE)

    assert SplitApplication.objects.count() == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"dps": "0"},
        {"dps": "-1"},
        {"pay_date": date(2024, 1, 15)},
        {"withholding": "-0.1"},
        {"withholding": "1.00000001"},
    ],
)
def test_the_database_refuses_a_dividend_that_makes_no_sense(wrong):
    with pytest.raises(IntegrityError), transaction.atomic():
        make_dividend(**{"dps": "1", **wrong})

    assert Dividend.objects.count() == 0


@pytest.mark.parametrize("ratio", [(0, 1), (1, 0)])
def test_the_database_refuses_a_split_by_nothing(ratio):
    with pytest.raises(IntegrityError), transaction.atomic():
        make_split(*ratio)

    assert Split.objects.count() == 0
