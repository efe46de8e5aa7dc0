"""The daily caps count New York days, and only orders that are open or have a fill."""

from datetime import UTC, datetime, timedelta

import pytest

from accounts.transactions import unit_of_work
from configs.tests.builders import set_position
from market.tests.builders import new_york
from orders.circumstances import day_activity
from orders.lifecycle import move
from orders.models import Order
from orders.tests.builders import all_faults, events_of, fill, fresh, make_order, run_at
from positions.tests.builders import OPENED_AT, make_position, make_stamp
from volbal.order_states import OrderStatus
from volbal.trading_day import trading_date

pytestmark = pytest.mark.django_db

# Each is more than 3 % away from every other.
PRICES = [104, 100, 108, 112, 96, 117]


def activity(position, at=OPENED_AT):
    orders = Order.objects.open_or_of_day(position, trading_date(at))
    counted = day_activity(orders, at)
    return counted.orders, counted.notional


def test_the_sixth_order_of_a_day_is_not_made():
    position = make_position()

    reasons = [run_at(position, price).decision.reason for price in PRICES]

    assert reasons[-1] == "daily_order_cap"
    assert len([reason for reason in reasons if reason.startswith("trigger")]) == 5
    assert Order.objects.count() == 5
    assert all_faults() == []


@pytest.mark.lesson
def test_the_cap_counts_new_york_days():
    """The daily cap counted UTC days"""
    position = make_position()
    set_position(position, "guardrail", max_orders_per_day=1)
    evening = new_york("2024-01-08 19:30")
    assert evening.date() != trading_date(evening)

    run_at(position, 104, new_york("2024-01-08 18:30"))

    assert run_at(position, 120, evening).decision.reason == "daily_order_cap"
    assert run_at(position, 120, new_york("2024-01-08 23:59")).decision.reason == "daily_order_cap"
    assert run_at(position, 120, new_york("2024-01-09 00:00")).decision.trades


def test_a_new_york_day_in_summer_begins_at_four_in_utc():
    position = make_position()
    set_position(position, "guardrail", max_orders_per_day=1)
    midnight = datetime(2024, 7, 9, 4, 0, tzinfo=UTC)

    run_at(position, 104, midnight - timedelta(hours=3))

    assert run_at(position, 120, midnight - timedelta(seconds=1)).decision.reason == "daily_order_cap"
    assert run_at(position, 120, midnight).decision.trades


@pytest.mark.lesson
@pytest.mark.parametrize("status", ["cancelled", "rejected", "expired"])
def test_the_cap_does_not_count_orders_that_came_to_nothing(status):
    """The daily cap counted UTC days and cancelled orders"""
    position = make_position()
    set_position(position, "guardrail", max_orders_per_day=1)

    make_order(position, status=status)

    assert activity(position) == (0, 0)
    assert run_at(position, 104).decision.trades


def test_an_open_order_counts_with_what_it_may_still_take():
    position = make_position()

    order = make_order(position, qty=10, price=97)
    assert activity(position) == (1, 970)

    fill(order, qty=4, price=96)
    assert activity(position) == (1, 4 * 96 + 6 * 97)


def test_a_cancelled_order_with_a_fill_counts_with_the_fill():
    position = make_position()
    order = make_order(position)
    fill(order, qty=4, price=96)
    with unit_of_work():
        locked = Order.objects.lock_with_position(order.pk)
        move(locked, OrderStatus.CANCELLED, "cancelled", stamp=make_stamp())

    assert activity(position) == (1, 4 * 96)


def test_yesterdays_orders_do_not_count():
    position = make_position()
    fill(make_order(position, at=OPENED_AT - timedelta(days=1)))

    assert activity(position) == (0, 0)


def test_an_open_order_of_yesterday_does_not_count_today():
    position = make_position()
    make_order(position, at=OPENED_AT - timedelta(days=1))

    assert activity(position) == (0, 0)
    assert run_at(position, 104).decision.reason == "duplicate"


def test_other_positions_do_not_count():
    fill(make_order(make_position()))

    assert activity(make_position()) == (0, 0)


def test_the_days_notional_leaves_only_the_rest():
    position = make_position()
    set_position(position, "guardrail", max_daily_notional="1500")

    run_at(position, 104)
    second = run_at(position, 120)
    third = run_at(position, 150)

    assert second.decision.binding_limit == "max_daily_notional"
    assert second.decision.notional <= 1500 - Order.objects.earliest("created_at").filled_notional
    assert third.decision.reason in ("daily_notional_cap", "below_min")
    assert sum(order.filled_notional for order in Order.objects.all()) <= 1500
    assert fresh(position).anchor_price == 120


def test_a_cap_of_none_counts_nothing():
    position = make_position()
    set_position(position, "guardrail", max_orders_per_day="none")

    for price in PRICES:
        run_at(position, price)

    assert Order.objects.count() == 6
    assert len(events_of(position, "order_filled")) == 6
