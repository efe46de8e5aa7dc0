"""A preview decides as an evaluation would, and saves nothing."""

import uuid
from decimal import Decimal

import pytest

from accounts.errors import NotFound
from configs.tests.builders import set_position
from orders.cycle import given_quote, preview
from orders.tests.builders import everything_written, make_order, run_at
from positions.tests.builders import OPENED_AT, make_position

pytestmark = pytest.mark.django_db


def preview_at(position, price):
    quote = None if price is None else given_quote(Decimal(price), OPENED_AT)
    return preview(position_id=position.pk, quote=quote, at=OPENED_AT)


@pytest.mark.parametrize("price", ["100", "104", "97", "50", "500", None])
def test_a_preview_decides_as_an_evaluation_would(price):
    position = make_position()

    previewed = preview_at(position, price)

    assert previewed.decision == run_at(position, price).decision


@pytest.mark.parametrize("price", ["100", "104", "97", "500", None])
def test_a_preview_saves_nothing(price):
    position = make_position()
    before = everything_written()

    previewed = preview_at(position, price)

    assert (previewed.event, previewed.order) == (None, None)
    assert everything_written() == before


def test_a_preview_of_a_rejection_saves_nothing():
    position = make_position()
    set_position(position, "order_policy", action_below_min="reject", min_qty="50")
    before = everything_written()

    assert preview_at(position, 104).decision.reason == "below_min"

    assert everything_written() == before


def test_a_preview_sees_the_open_order():
    position = make_position()
    make_order(position)

    assert preview_at(position, 104).decision.reason == "duplicate"


def test_a_preview_of_an_unknown_position_is_not_found():
    with pytest.raises(NotFound):
        preview(position_id=uuid.uuid4(), quote=None, at=OPENED_AT)
