"""Trades under the minimums: left out, or kept as one rejected order a day."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from configs.tests.builders import set_position
from orders.models import Order
from orders.tests.builders import all_faults, events_of, fresh, run_at
from positions.models import JournalEntry
from positions.tests.builders import OPENED_AT, make_position
from volbal.values import Action

pytestmark = pytest.mark.django_db


def make_fussy_position(action, **policy):
    position = make_position()
    set_position(position, "order_policy", action_below_min=action, **{"min_qty": "50", **policy})
    return position


def test_by_default_it_makes_no_order():
    position = make_fussy_position("hold")

    decision = run_at(position, 104).decision

    assert (decision.action, decision.reason, Order.objects.count()) == (Action.SKIP, "below_min", 0)


def test_a_rejection_is_kept_with_its_raw_size_and_moves_nothing():
    position = make_fussy_position("reject")

    evaluation = run_at(position, 104)

    order = Order.objects.get()
    assert evaluation.order == order
    assert (evaluation.decision.action, evaluation.decision.reason) == (Action.REJECT, "below_min")
    assert (order.status, order.reason, order.side) == ("rejected", "below_min", "SELL")
    assert (order.qty, order.filled_qty, order.reserved_qty) == (Decimal("12.57421597"), 0, 0)
    assert (JournalEntry.objects.count(), fresh(position).anchor_price) == (1, 100)
    assert [event.type for event in events_of(position)[-2:]] == ["position_evaluated", "order_rejected"]
    assert all_faults() == []


def test_there_is_one_rejection_for_each_position_and_new_york_day():
    position, other = make_fussy_position("reject"), make_fussy_position("reject")

    for _ in range(3):
        run_at(position, 104)
    run_at(other, 104)
    assert Order.objects.count() == 2
    assert run_at(position, 104).order is None

    run_at(position, 104, OPENED_AT + timedelta(hours=12, minutes=59))
    assert Order.objects.count() == 2
    run_at(position, 104, OPENED_AT + timedelta(hours=13))
    assert Order.objects.count() == 3
    assert len(events_of(position, "position_evaluated")) == 6
    assert len(events_of(position, "order_rejected")) == 2


def test_the_database_keeps_one_rejection_a_day_too():
    position = make_fussy_position("reject")
    order = run_at(position, 104).order
    order.id, order.client_order_id = position.pk, "another"

    with pytest.raises(IntegrityError), transaction.atomic():
        order.save(force_insert=True)

    assert Order.objects.count() == 1


def test_rejections_do_not_count_in_the_cap():
    position = make_fussy_position("reject")
    set_position(position, "guardrail", max_orders_per_day=1)
    run_at(position, 104)
    set_position(position, "order_policy", min_qty="0")

    assert run_at(position, 104).decision.action == Action.SELL
    assert run_at(position, 120).decision.reason == "daily_order_cap"


def test_where_only_the_band_asked_the_size_it_asked_for_is_kept():
    position = make_position(qty=10)
    set_position(position, "order_policy", action_below_min="reject", min_qty="50")

    order = run_at(position, 100).order

    assert (order.side, order.status) == ("BUY", "rejected")
    assert order.qty == Decimal("17.49956252")


def test_clipping_raises_the_trade_to_the_minimum():
    position = make_fussy_position("clip", min_qty="13")

    evaluation = run_at(position, 104)

    assert (evaluation.decision.action, evaluation.order.filled_qty) == (Action.SELL, 13)
    assert fresh(position).qty == 87
