from datetime import date
from decimal import Decimal

import pytest

from accounts.transactions import unit_of_work
from dividends.models import SplitApplication
from dividends.services import splits_wait
from dividends.tests.builders import (
    EX_DATE,
    PAY_DATE,
    assert_books_agree,
    event_types,
    make_dividend,
    make_open_order,
    make_split,
    morning,
)
from orders.fills import book_fill
from orders.lifecycle import cancel_unsent
from orders.models import Order
from positions.models import Event, JournalEntry, Position, PositionStatus
from positions.services import close_position
from positions.tests.builders import OPENED_AT, make_position, make_stamp
from volbal.values import Fill, Side

pytestmark = pytest.mark.django_db


def test_a_split_rescales_shares_and_anchor_and_leaves_the_cash():
    make_split(2, 1)

    position = morning(make_position(anchor=100), EX_DATE)

    assert (position.qty, position.anchor_price, position.cash) == (
        Decimal(200),
        Decimal(50),
        Decimal(10_000),
    )
    assert event_types(position) == ["split_applied"]
    assert position.journal.get(cause_kind="split").qty_delta == Decimal(100)
    assert_books_agree()


def test_a_split_is_applied_once():
    make_split(2, 1)
    position = make_position()
    morning(position, EX_DATE)
    before = (Event.objects.count(), JournalEntry.objects.count())

    morning(position, EX_DATE)
    after = morning(position, PAY_DATE)

    assert (after.qty, after.anchor_price) == (Decimal(200), Decimal(50))
    assert SplitApplication.objects.count() == 1
    assert (Event.objects.count(), JournalEntry.objects.count()) == before


@pytest.mark.parametrize(
    ("ratio", "qty", "anchor", "new_qty", "new_anchor"),
    [
        ((1, 3), "100", "100", "33.33333333", "300"),
        ((2, 3), "100", "100", "66.66666666", "150"),
        ((3, 2), "0.00000001", "100", "0.00000001", "66.666667"),
        ((2, 1), "1", "100.000001", "2", "50"),
        ((2, 1), "1", "100.000003", "2", "50.000002"),
        ((2, 1), "1", "100.000005", "2", "50.000002"),
        ((1, 10), "0.00000009", "1", "0", "10"),
    ],
)
def test_shares_are_cut_toward_zero_and_the_anchor_is_rounded_half_even(
    ratio, qty, anchor, new_qty, new_anchor
):
    make_split(*ratio)

    position = morning(make_position(qty=qty, anchor=anchor), EX_DATE)

    assert (position.qty, position.anchor_price) == (Decimal(new_qty), Decimal(new_anchor))
    assert_books_agree()


def test_a_split_that_uses_up_the_anchor_pauses_the_position():
    make_split(10, 1)

    position = morning(make_position(anchor="0.000001"), EX_DATE)

    assert (position.anchor_price, position.status) == (None, PositionStatus.PAUSED)


@pytest.mark.parametrize(
    ("side", "reserved"),
    [(Side.BUY, ("970.097", "0")), (Side.SELL, ("0", "10"))],
)
def test_open_orders_are_cancelled_and_what_they_reserved_is_free_again(side, reserved):
    make_split(2, 1)
    position = make_position()
    order = make_open_order(position, side)
    held = Position.objects.get(pk=position.pk)
    assert (held.reserved_cash, held.reserved_qty) == tuple(map(Decimal, reserved))

    after = morning(position, EX_DATE)

    order.refresh_from_db()
    assert (order.status, order.reserved_cash, order.reserved_qty) == ("cancelled", 0, 0)
    assert (after.reserved_cash, after.reserved_qty, after.qty) == (0, 0, Decimal(200))
    assert event_types(after) == ["order_cancelled", "split_applied"]
    assert_books_agree()


def test_a_reverse_split_below_what_was_reserved_goes_through():
    make_split(1, 20)
    position = make_position()
    make_open_order(position, Side.SELL, qty="90")

    after = morning(position, EX_DATE)

    assert (after.qty, after.reserved_qty) == (Decimal(5), Decimal(0))
    assert_books_agree()


def test_a_dividend_leaves_open_orders_alone():
    make_dividend("0.82")
    position = make_position()
    make_open_order(position)

    after = morning(position, EX_DATE)

    assert Order.objects.open().count() == 1
    assert after.reserved_cash == Decimal("970.097")
    assert_books_agree()


@pytest.mark.parametrize("on", [date(2024, 1, 5), date(2024, 1, 8)])
def test_a_split_on_or_before_the_opening_does_not_concern_the_position(on):
    make_split(2, 1, on=on)

    assert morning(make_position(), PAY_DATE).qty == Decimal(100)
    assert SplitApplication.objects.count() == 0


def test_a_split_without_a_session_acts_on_the_next_morning():
    make_split(2, 1, on=date(2024, 1, 14))  # a Sunday
    position = make_position()

    assert morning(position, date(2024, 1, 12)).qty == Decimal(100)
    assert morning(position, date(2024, 1, 16)).qty == Decimal(200)


def test_two_splits_that_were_missed_are_both_applied_oldest_first():
    make_split(1, 3, on=date(2024, 1, 17))
    make_split(3, 1, on=date(2024, 1, 18))

    assert morning(make_position(), date(2024, 1, 19)).qty == Decimal("99.99999999")


def test_a_closed_cell_is_left_alone():
    make_split(2, 1)
    position = make_position()
    with unit_of_work():
        close_position(position_id=position.pk, stamp=make_stamp())

    assert morning(position, EX_DATE).qty == Decimal(100)
    assert SplitApplication.objects.count() == 0


def sent(position, side=Side.BUY):
    """Return an open order that a broker over the network has."""
    order = make_open_order(position, side)
    Order.objects.filter(pk=order.pk).update(
        broker="paper_http", sent_at=OPENED_AT, send_token=1, status="submitted"
    )
    order.refresh_from_db()
    return order


def test_a_split_waits_until_the_broker_has_said_what_became_of_an_order():
    make_split(2, 1)
    make_dividend()
    position = make_position()
    order = sent(position)

    after = morning(position, EX_DATE)

    order.refresh_from_db()
    assert (order.status, order.cancel_asked_by) == ("cancel_pending", "tester, a 2:1 split")
    assert (after.qty, after.anchor_price, after.reserved_cash) == (100, 100, Decimal("970.097"))
    assert splits_wait(after, EX_DATE)
    assert event_types(after) == []
    assert morning(position, EX_DATE).qty == 100  # and no second wish
    assert_books_agree()


def test_a_split_is_applied_with_what_was_executed_in_old_shares_once_the_order_is_done():
    make_split(2, 1)
    position = make_position()
    order = sent(position)
    morning(position, EX_DATE)
    fill = Fill(side=Side.BUY, qty=Decimal(4), price=Decimal(97))
    with unit_of_work():
        book_fill(order_id=order.pk, fill=fill, execution_id="e", executed_at=OPENED_AT, stamp=make_stamp())
        locked = Order.objects.lock_with_position(order.pk)
        assert locked.status == "cancel_pending"
        cancel_unsent(locked, "the broker says so", stamp=make_stamp())

    after = morning(position, EX_DATE)

    assert (after.qty, after.anchor_price, after.reserved_cash) == (208, Decimal("48.5"), 0)
    assert not splits_wait(after, EX_DATE)
    assert_books_agree()
