"""What a person hears of: told in the transaction of what happened, once."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from accounts.transactions import Stamp, unit_of_work
from alerts.models import Alert
from configs.tests.builders import set_position
from orders.errors import ExecutionConflict
from orders.expiry import expire_proposals
from orders.fills import book_fill
from orders.hand_orders import submit_order
from orders.lifecycle import cancel_order, move
from orders.models import TradingState
from orders.switches import turn
from orders.tests.builders import fill, make_fill, make_order, report, run_at
from positions.models import Event
from positions.services import change_position
from positions.tests.builders import OPENED_AT, make_position, make_stamp
from volbal.errors import Conflict
from volbal.order_states import OrderStatus
from volbal.values import MarketQuote, Side

pytestmark = pytest.mark.django_db


def told(**about):
    return sorted(Alert.objects.filter(**about).values_list("kind", flat=True))


def waiting():
    return sorted(Alert.objects.waiting().values_list("kind", flat=True))


def turned(state, **owner):
    with unit_of_work():
        turn(TradingState(state), reason="test", stamp=make_stamp(), **owner)


def changed(position, **changes):
    with unit_of_work():
        change_position(position_id=position.pk, changes=changes, stamp=make_stamp())


def refused(order):
    order.reason = "broker: no"
    with unit_of_work():
        move(order, OrderStatus.REJECTED, "Rejected by the broker: no.", stamp=make_stamp())


def test_a_fill_is_told_with_its_event_its_position_and_its_words():
    position = make_position()
    run_at(position, 97)

    (alert,) = Alert.objects.all()
    event = Event.objects.get(position=position, type="order_filled")
    assert (alert.kind, alert.event_id, alert.at) == ("fill", event.pk, event.ts)
    assert (alert.tenant_id, alert.position_id) == (position.tenant_id, position.pk)
    assert alert.title == "Fill: IBM #1"
    assert alert.message == event.message == "Bought 10.46890955 at 97, commission 0.101548."


def test_each_execution_is_told_once_however_often_it_is_delivered():
    order = make_order(make_position())
    for _ in range(3):
        fill(order, "e1", qty=4)
    fill(order, "e2", qty=1)

    assert told() == ["fill", "fill"]


def test_an_evaluation_that_does_not_trade_tells_nothing():
    position = make_position()
    run_at(position, 100)
    run_at(position, None)
    assert told() == []


def test_a_refusal_by_a_broker_is_told_and_one_by_the_rules_is_not():
    refused(make_order(make_position()))
    assert told() == ["refusal"]

    fussy = make_position()
    set_position(fussy, "order_policy", action_below_min="reject", min_qty="50")
    assert run_at(fussy, 104).order.status == "rejected"
    assert told() == ["refusal"]


def test_a_stop_is_told_to_whom_it_concerns_and_waits_until_it_is_lifted():
    position = make_position()
    turned("HALTED")
    turned("REDUCING", tenant_id=position.tenant_id)
    turned("HALTED", position_id=position.pk)

    labels = Alert.objects.filter(kind="halt").values_list("label", flat=True)
    assert sorted(labels) == ["IBM #1", "everyone", "t"]
    turned("ACTIVE")
    turned("ACTIVE", position_id=position.pk)
    assert [alert.label for alert in Alert.objects.waiting()] == ["t"]


def test_a_pause_is_told_and_waits_until_the_position_is_resumed():
    position = make_position()
    changed(position, status="paused")
    assert waiting() == ["pause"]
    changed(position, status="active")
    assert (waiting(), told()) == ([], ["pause"])


def test_an_execution_in_quarantine_and_the_pause_it_leads_to_are_told():
    order = make_order(make_position())
    report(order, "e1", qty=1)
    with pytest.raises(ExecutionConflict):
        report(order, "e1", qty=2)

    assert told() == ["fill", "pause", "quarantine"]


def test_a_breach_is_told():
    """160 of 200 shares' worth is 80 %, 5 points outside."""
    fill(make_order(make_position(), qty=60, price=100))
    assert told() == ["breach", "fill", "pause"]


def proposed(**options):
    position = make_position(broker="manual", **options)
    with unit_of_work():
        order = submit_order(
            position_id=position.pk,
            side=Side.BUY,
            qty=Decimal(5),
            quote=MarketQuote(price=Decimal(100), as_of=OPENED_AT, source="manual"),
            stamp=make_stamp(),
        )
    return order


def test_a_proposal_waits_until_it_is_done():
    order = proposed()
    assert waiting() == ["proposal"]
    fill(order, "e1", qty=2)
    assert waiting() == ["proposal"]
    fill(order, "e2", qty=3)
    assert (waiting(), told()) == ([], ["fill", "fill", "proposal"])


def test_a_proposal_that_was_cancelled_or_has_expired_waits_no_more():
    order = proposed()
    with unit_of_work():
        cancel_order(order_id=order.pk, stamp=make_stamp())
    assert waiting() == []

    proposed()
    later = Stamp(at=OPENED_AT + timedelta(days=1), actor="worker")
    expire_proposals(stamp=later)
    assert waiting() == []


def test_on_replayed_history_fills_are_no_news_and_the_rest_is_shown_and_not_sent():
    position = make_position(market_provider="replay")
    run_at(position, 97)
    changed(position, status="paused")

    (alert,) = Alert.objects.all()
    assert (alert.kind, alert.is_replayed) == ("pause", True)
    assert not Alert.objects.unrouted().exists()


def test_what_was_not_booked_after_all_tells_nothing():
    order = make_order(make_position())
    with pytest.raises(Conflict), unit_of_work():
        book_fill(
            order_id=order.pk,
            fill=make_fill(),
            execution_id="e1",
            executed_at=OPENED_AT,
            stamp=make_stamp(),
        )
        raise Conflict("after it")
    assert told() == []
