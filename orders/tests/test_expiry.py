"""A proposal expires when its session ends."""

from datetime import UTC, datetime, timedelta

import pytest

from accounts.tests.threads import at_once
from orders.expiry import expire_proposals, expires_at
from orders.models import Order
from orders.tests.builders import events_of, fill, fresh, make_order, run_at
from positions.tests.builders import OPENED_AT, make_position, make_stamp

CLOSE = datetime(2024, 1, 8, 21, 0, tzinfo=UTC)
END = CLOSE + timedelta(minutes=1)


@pytest.mark.parametrize(
    ("proposed", "ends"),
    [
        (OPENED_AT, END),
        (CLOSE, END),
        (END - timedelta(seconds=1), END),
        (END, END + timedelta(days=1)),
        (datetime(2024, 1, 8, 12, 0, tzinfo=UTC), END),  # before the bell
        (datetime(2024, 1, 6, 16, 0, tzinfo=UTC), END),  # a Saturday
        (datetime(2024, 7, 3, 15, 0, tzinfo=UTC), datetime(2024, 7, 3, 17, 1, tzinfo=UTC)),  # a half day
    ],
)
def test_a_proposal_belongs_to_the_session_that_is_on_or_the_next(proposed, ends):
    assert expires_at(proposed) == ends


@pytest.mark.django_db
def test_a_proposal_expires_with_its_session_and_gives_back_what_it_held():
    position = make_position(broker="manual")
    order = run_at(position, 104).order

    assert expire_proposals(stamp=make_stamp(END - timedelta(seconds=1))) == []
    assert expire_proposals(stamp=make_stamp(END)) == [order.pk]
    assert expire_proposals(stamp=make_stamp(END)) == []

    assert fresh(order).status == "expired"
    assert fresh(position).reserved_qty == 0
    assert len(events_of(position, "order_expired")) == 1


@pytest.mark.django_db
def test_a_partly_filled_proposal_expires_too_and_what_was_filled_stays():
    position = make_position(broker="manual")
    order = run_at(position, 104).order
    fill(order, qty=5, price=104)
    expire_proposals(stamp=make_stamp(END))

    assert (fresh(order).status, fresh(order).filled_qty) == ("expired", 5)
    assert (fresh(position).qty, fresh(position).reserved_qty) == (95, 0)


@pytest.mark.django_db
def test_orders_of_other_brokers_are_left_to_them():
    position = make_position(broker="paper")
    order = make_order(position, status="accepted")

    assert expire_proposals(stamp=make_stamp(END)) == []
    assert fresh(order).status == "accepted"


@pytest.mark.django_db(transaction=True)
def test_two_workers_expire_a_proposal_once():
    position = make_position(broker="manual")
    run_at(position, 104)

    done = at_once([lambda: expire_proposals(stamp=make_stamp(END))] * 4)

    assert sorted(len(ids) for ids in done) == [0, 0, 0, 1]
    assert Order.objects.get().status == "expired"
    assert len(events_of(position, "order_expired")) == 1
