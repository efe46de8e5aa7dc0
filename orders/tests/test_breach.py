"""A finished order that left the guardrails further behind: recorded, and the position waits."""

import pytest

from accounts.transactions import unit_of_work
from configs.tests.builders import set_position
from orders.lifecycle import move
from orders.models import Order
from orders.tests.builders import all_faults, events_of, fill, fresh, make_order
from positions.tests.builders import make_position, make_stamp
from volbal.order_states import OrderStatus

pytestmark = pytest.mark.django_db


def breaches(position):
    return [(event.outputs, event.inputs["order_id"]) for event in events_of(position, "guardrail_breached")]


def test_a_breach_is_recorded_and_pauses_the_position():
    """160 of 200 shares' worth is 80 %, 5 points outside."""
    position = make_position()
    order = make_order(position, qty=60, price=100)

    fill(order)

    assert breaches(position) == [({"stock_pct_before": "50", "stock_pct_after": "80"}, str(order.pk))]
    assert fresh(position).status == "paused"
    assert [event.type for event in events_of(position)[-2:]] == ["guardrail_breached", "trading_paused"]
    assert all_faults() == []


@pytest.mark.parametrize(("qty", "breached"), [("50", False), ("51", False), ("51.0001", True)])
def test_half_a_point_outside_is_no_breach_yet(qty, breached):
    """151 of 200 is 75.5 %."""
    position = make_position()

    fill(make_order(position, qty=qty, price=100))

    assert bool(breaches(position)) is breached
    assert fresh(position).status == ("paused" if breached else "active")


def test_an_order_is_judged_when_it_is_done_not_before():
    position = make_position()
    order = make_order(position, qty=60, price=100)

    fill(order, "e1", qty=59, price=100)
    assert not breaches(position)
    fill(order, "e2", qty=1, price=100)

    assert breaches(position)[0][0] == {"stock_pct_before": "50", "stock_pct_after": "80"}


def test_coming_nearer_to_the_band_is_no_breach():
    position = make_position(qty=100, cash=0)

    fill(make_order(position, side="SELL", qty=10, price=100))

    assert not breaches(position)
    assert fresh(position).status == "active"


def test_the_positions_own_guardrails_judge():
    position = make_position()
    set_position(position, "guardrail", min_stock_pct="20", max_stock_pct="90")

    fill(make_order(position, qty=60, price=100))

    assert not breaches(position)


def test_a_sale_below_the_band_is_a_breach_too():
    position = make_position()

    fill(make_order(position, side="SELL", qty=60, price=100))

    assert breaches(position)[0][0] == {"stock_pct_before": "50", "stock_pct_after": "20"}


def test_on_replayed_history_a_breach_is_only_recorded():
    position = make_position(market_provider="replay")

    fill(make_order(position, qty=60, price=100))

    assert len(breaches(position)) == 1
    assert fresh(position).status == "active"
    assert not events_of(position, "trading_paused")


def test_an_order_without_a_fill_is_not_judged():
    position = make_position(qty=0)

    make_order(position, status="cancelled")

    assert not breaches(position)
    assert Order.objects.count() == 1


@pytest.mark.parametrize("end", ["cancelled", "expired"])
def test_an_order_that_ended_partly_filled_is_judged_too(end):
    """It is done: 159 of 200 shares' worth is 79.5 %."""
    position = make_position()
    order = make_order(position, qty=60, price=100)
    fill(order, qty=59)

    with unit_of_work():
        move(Order.objects.lock_with_position(order.pk), OrderStatus(end), end, stamp=make_stamp())

    assert breaches(position) == [({"stock_pct_before": "50", "stock_pct_after": "79.5"}, str(order.pk))]
    assert fresh(position).status == "paused"
