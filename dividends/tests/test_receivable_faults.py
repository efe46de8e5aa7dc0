from decimal import Decimal

import pytest

from dividends.ledger import receivable_faults
from dividends.models import Receivable
from dividends.tests.builders import EX_DATE, make_dividend, morning
from positions.models import Position
from positions.tests.builders import make_position

pytestmark = pytest.mark.django_db


def test_a_receivable_that_was_changed_is_named_with_both_numbers():
    make_dividend("0.82")
    position = morning(make_position(), EX_DATE)
    assert list(receivable_faults()) == []
    Receivable.objects.update(amount=Decimal("61.51"))

    assert list(receivable_faults()) == [
        f"Position {position.pk} (IBM #1): it expects 61.5 of dividends, its receivables add up to 61.51."
    ]


def test_a_position_that_expects_what_nobody_owes_is_named():
    position = make_position()
    Position.objects.update(dividend_receivable=1)

    (fault,) = receivable_faults()

    assert str(position.pk) in fault
