from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from market.models import Bar

pytestmark = pytest.mark.django_db

ROW = {
    "ticker": "ABC",
    "date": "2012-11-23",
    "open": Decimal(100),
    "high": Decimal(102),
    "low": Decimal(99),
    "close": Decimal("100.5"),
    "volume": 1000,
}


def test_a_sound_bar_is_stored() -> None:
    assert str(Bar.objects.create(**ROW)) == "ABC 2012-11-23"


@pytest.mark.parametrize(
    ("wrong", "constraint"),
    [
        ({"open": Decimal(0)}, "bar_prices_above_zero"),
        ({"high": Decimal(-1), "low": Decimal(-2)}, "bar_prices_above_zero"),
        ({"low": Decimal(0)}, "bar_prices_above_zero"),
        ({"close": Decimal("-0.000001")}, "bar_prices_above_zero"),
        ({"high": Decimal("98.999999")}, "bar_high_not_below_low"),
        ({"volume": -1}, "bar_volume_not_negative"),
    ],
)
def test_the_database_refuses_an_impossible_bar(wrong: dict[str, Decimal | int], constraint: str) -> None:
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Bar.objects.create(**{**ROW, **wrong})
    assert not Bar.objects.exists()


def test_the_database_refuses_a_second_bar_of_one_day() -> None:
    Bar.objects.create(**ROW)
    with pytest.raises(IntegrityError), transaction.atomic():
        Bar.objects.create(**ROW)
    assert Bar.objects.count() == 1
