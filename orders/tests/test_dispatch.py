"""Sending: once; and asked about before anything is tried again."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from accounts.errors import InsideTransaction
from accounts.transactions import unit_of_work
from market.providers.registry import provider
from orders.brokers.base import NoAnswer
from orders.dispatch import Did
from orders.lifecycle import cancel_order
from orders.models import BrokerDifference, Order, Trade, TradingState
from orders.switches import turn
from orders.tests.builders import all_faults, events_of, everything_written, fresh, run_at
from orders.tests.scripted_broker import answer, execution, make_waiting, status_of, step
from positions.services import change_position
from positions.tests.builders import OPENED_AT, make_position, make_stamp
from volbal.errors import IllegalTransition

pytestmark = pytest.mark.django_db(transaction=True)

LOST = [NoAnswer("timeout"), ConnectionResetError("reset"), OSError("500")]
SESSION_END = timedelta(hours=5, minutes=1)


def types(position, *wanted):
    return [event.type for event in events_of(position, *wanted)]


def halt(state="HALTED", **owner):
    with unit_of_work():
        turn(TradingState(state), reason="test", stamp=make_stamp(), **owner)


def cancel(order):
    with unit_of_work():
        return cancel_order(order_id=order.pk, stamp=make_stamp())


def test_an_order_is_sent_with_the_id_it_was_saved_with_and_its_fill_is_booked(broker, clock):
    position, order = make_waiting()
    broker.says("submit", answer("filled", execution(order)))

    assert step(order, clock) is Did.ANSWERED

    sent = broker.sent[0]
    assert (sent.client_order_id, sent.ticker, sent.side, sent.qty, sent.price) == (
        order.client_order_id, "IBM", "SELL", Decimal("12.57421597"), 104
    )  # fmt: skip
    assert status_of(order) == "filled"
    assert (fresh(position).qty, fresh(position).anchor_price) == (Decimal("87.42578403"), 104)
    assert types(position)[-3:] == ["order_submitted", "order_filled", "anchor_updated"]
    assert Trade.objects.get().executed_at == OPENED_AT
    assert all_faults() == []


@pytest.mark.parametrize(
    ("said", "becomes"),
    [("new", "submitted"), ("submitted", "submitted"), ("accepted", "accepted"), ("rejected", "rejected"),
     ("cancelled", "cancelled"), ("expired", "expired"), ("unknown", "submitted")],
)  # fmt: skip
def test_what_the_broker_says_of_an_order_becomes_its_status(broker, clock, said, becomes):
    position, order = make_waiting()
    broker.says("submit", answer(said, reason="because"))

    step(order, clock)

    order = fresh(order)
    assert (order.status, order.is_open) == (becomes, becomes in ("submitted", "accepted"))
    assert (fresh(position).reserved_qty > 0) == order.is_open
    assert (order.reason == "broker: because") == (said == "rejected")
    assert (order.leased_until, order.send_token) == (None, 1)
    assert all_faults() == []


@pytest.mark.parametrize("error", LOST)
def test_without_an_answer_an_order_is_unknown_and_the_broker_is_asked(broker, clock, error):
    position, order = make_waiting()
    broker.says("submit", error)
    broker.says("get", error, answer("filled", execution(order)))

    assert step(order, clock) is Did.FAILED
    assert (status_of(order), fresh(position).reserved_qty) == ("unknown", order.qty)
    assert step(order, clock) is Did.NOTHING  # not yet
    clock.pass_by(2)
    assert step(order, clock) is Did.FAILED
    clock.pass_by(2)
    step(order, clock)

    assert (status_of(order), broker.calls) == ("filled", ["submit", "get", "get"])
    assert types(position, "order_unknown", "order_submitted") == ["order_submitted", "order_unknown"]
    assert Trade.objects.count() == 1


def test_an_order_is_sent_again_only_when_the_broker_is_certain_and_nothing_can_be_under_way(broker, clock):
    position, order = make_waiting()
    broker.says("submit", NoAnswer("timeout"), answer("filled", execution(order)))
    broker.says("get", None, None)

    step(order, clock)
    clock.pass_by(19)
    step(order, clock)
    assert (status_of(order), broker.calls) == ("unknown", ["submit", "get"])
    assert step(order, clock) is Did.NOTHING
    clock.pass_by(1)
    step(order, clock)
    assert (status_of(order), broker.calls) == ("unknown", ["submit", "get", "get"])
    step(order, clock)

    assert (status_of(order), broker.calls[3:]) == ("filled", ["submit"])
    assert broker.sent[0] == broker.sent[1]
    assert types(position, "order_submitted") == ["order_submitted"] * 2


def test_an_absence_seen_before_anything_had_to_be_there_is_not_believed(broker, clock):
    _, order = make_waiting()
    broker.says("submit", NoAnswer("timeout"))
    broker.says("get", lambda: clock.pass_by(5))  # it was asked in time, and answers None afterwards

    step(order, clock)
    clock.pass_by(18)
    step(order, clock)

    assert fresh(order).sent_at == OPENED_AT


def test_a_worker_that_died_after_the_claim_leaves_an_order_to_be_asked_about(broker, clock):
    _, order = make_waiting()

    def die():
        raise KeyboardInterrupt

    broker.queues["submit"] = [die]
    with pytest.raises(KeyboardInterrupt):
        step(order, clock)
    assert (status_of(order), fresh(order).send_token) == ("submitted", 1)
    assert step(order, clock) is Did.NOTHING  # its lease still runs

    clock.pass_by(15)
    broker.says("get", answer("filled", execution(order)))
    step(order, clock)

    assert (status_of(order), broker.calls) == ("filled", ["submit", "get"])


def test_news_of_an_order_that_somebody_else_has_taken_over_are_not_recorded(broker, clock):
    position, order = make_waiting()

    def be_overtaken():
        clock.pass_by(16)
        broker.says("get", answer("accepted"))
        step(order, clock)
        return answer("rejected")

    broker.says("submit", be_overtaken)
    step(order, clock)

    assert (status_of(order), fresh(order).send_token) == ("accepted", 2)
    assert "order_rejected" not in types(position)


def test_failures_of_an_order_that_somebody_else_has_taken_over_are_not_recorded(broker, clock):
    _, order = make_waiting()

    def be_overtaken():
        clock.pass_by(16)
        broker.says("get", answer("accepted"))
        step(order, clock)
        raise NoAnswer("reset")

    broker.says("submit", be_overtaken)
    step(order, clock)

    assert status_of(order) == "accepted"


def test_a_claim_that_has_grown_old_sends_nothing(broker, clock, settings):
    _, order = make_waiting()
    settings.BROKER_TIMEOUT_S = 0

    assert step(order, clock) is Did.FAILED

    assert (status_of(order), broker.sent) == ("unknown", [])


@pytest.mark.parametrize("scope", ["GLOBAL", "TENANT", "POSITION"])
def test_an_order_that_waits_when_trading_is_halted_is_cancelled_and_never_sent(broker, clock, scope):
    position, order = make_waiting()
    halt(
        **{"TENANT": {"tenant_id": position.tenant_id}, "POSITION": {"position_id": position.pk}}.get(
            scope, {}
        )
    )

    assert step(order, clock) is Did.NOTHING

    assert (status_of(order), broker.calls, fresh(position).reserved_qty) == ("cancelled", [], 0)
    assert events_of(position, "order_cancelled")[0].message == "Cancelled: not sent, trading is halted."


@pytest.mark.parametrize(("price", "becomes"), [(104, "accepted"), (97, "cancelled")])
def test_while_only_sales_are_allowed_only_sales_are_sent(broker, clock, price, becomes):
    _, order = make_waiting(price)
    halt("REDUCING")
    broker.says("submit", answer("accepted"))

    step(order, clock)

    assert status_of(order) == becomes
    assert len(broker.sent) == (becomes == "accepted")


def test_an_order_of_a_paused_position_is_not_sent(broker, clock):
    position, order = make_waiting()
    with unit_of_work():
        change_position(position_id=position.pk, changes={"status": "paused"}, stamp=make_stamp())

    step(order, clock)

    assert (status_of(order), broker.calls) == ("cancelled", [])


def test_an_order_whose_session_is_over_expires_unsent(broker, clock):
    position, order = make_waiting()
    provider("static").move_to(OPENED_AT + SESSION_END)

    step(order, clock)

    assert (status_of(order), broker.calls, fresh(position).reserved_qty) == ("expired", [], 0)


def test_the_same_holds_before_a_second_try(broker, clock):
    _, order = make_waiting()
    broker.says("submit", NoAnswer("timeout"))
    broker.says("get", None)
    step(order, clock)
    halt()
    clock.pass_by(20)
    step(order, clock)
    step(order, clock)

    assert (status_of(order), broker.calls) == ("cancelled", ["submit", "get"])
    assert all_faults() == []


def test_an_order_at_the_broker_goes_on_while_trading_is_halted(broker, clock):
    _, order = make_waiting()
    broker.says("submit", answer("accepted"))
    broker.says("get", answer("filled", execution(order)))
    step(order, clock)
    halt()
    clock.pass_by(2)
    step(order, clock)

    assert status_of(order) == "filled"


def test_an_order_that_the_broker_had_and_has_no_more_is_a_persons_and_never_sent_again(broker, clock):
    position, order = make_waiting()
    broker.says("submit", answer("accepted"))
    broker.says("get", *[None] * 4)
    step(order, clock)
    for _ in range(4):
        clock.pass_by(70)
        step(order, clock)

    assert (status_of(order), broker.calls.count("submit"), fresh(position).status) == (
        "unknown",
        1,
        "paused",
    )
    found = BrokerDifference.objects.get()
    assert (found.kind, found.subject, found.position) == ("lost_order", order.client_order_id, position)
    assert types(position, "trading_paused") == ["trading_paused"]
    assert all_faults() == []


def test_a_wish_to_cancel_an_order_at_a_broker_waits_for_the_brokers_word(broker, clock):
    position, order = make_waiting()
    broker.says("submit", answer("accepted"))
    step(order, clock)

    asked = cancel(order)
    assert (asked.status, fresh(position).reserved_qty) == ("cancel_pending", order.qty)
    assert cancel(order).status == "cancel_pending"
    broker.says("cancel", NoAnswer("timeout"), answer("accepted"), answer("cancelled"))
    for _ in range(3):
        step(order, clock)
        clock.pass_by(60)

    assert (status_of(order), fresh(position).reserved_qty) == ("cancelled", 0)
    event = events_of(position, "order_cancelled")[0]
    assert event.outputs == {"asked_by": "tester, by hand"}
    assert broker.calls == ["submit", "cancel", "cancel", "cancel"]


def test_what_was_executed_before_the_cancel_counts(broker, clock):
    position, order = make_waiting()
    broker.says("submit", answer("accepted"))
    step(order, clock)
    cancel(order)
    broker.says("cancel", answer("partially_filled", execution(order, qty=5)))
    step(order, clock)
    assert status_of(order) == "cancel_pending"

    clock.pass_by(60)
    broker.says("cancel", answer("cancelled", execution(order, qty=5)))
    step(order, clock)

    order = fresh(order)
    assert (order.status, order.filled_qty, fresh(position).qty) == ("cancelled", 5, 95)
    assert all_faults() == []


def test_a_cancel_while_the_order_is_being_sent_is_carried_out_next(broker, clock):
    _, order = make_waiting()
    broker.says("submit", lambda: cancel(order) and answer("accepted"))
    broker.says("cancel", answer("cancelled"))

    step(order, clock)
    assert status_of(order) == "cancel_pending"
    step(order, clock)

    assert status_of(order) == "cancelled"


def test_a_cancel_of_an_order_that_never_arrived_ends_it_once_nothing_can_be_under_way(broker, clock):
    _, order = make_waiting()
    broker.says("submit", NoAnswer("timeout"))
    broker.says("cancel", None, None)
    step(order, clock)
    cancel(order)

    step(order, clock)
    assert status_of(order) == "cancel_pending"
    clock.pass_by(20)
    step(order, clock)

    assert (status_of(order), broker.calls.count("submit")) == ("cancelled", 1)


def test_an_order_that_waits_is_cancelled_here(broker, clock):
    position, order = make_waiting()

    assert cancel(order).status == "cancelled"
    assert step(order, clock) is Did.NOTHING
    assert (broker.calls, fresh(position).reserved_qty) == ([], 0)


def test_a_finished_order_is_not_cancelled(broker, clock):
    _, order = make_waiting()
    broker.says("submit", answer("filled", execution(order)))
    step(order, clock)
    written = everything_written()

    with pytest.raises(IllegalTransition):
        cancel(order)
    assert everything_written() == written


def test_a_broker_that_finds_nothing_by_our_ids_leaves_the_unknown_to_a_person(broker, clock):
    broker.finds_by_client_id = False
    position, order = make_waiting()
    broker.says("submit", NoAnswer("timeout"))
    step(order, clock)
    clock.pass_by(600)
    step(order, clock)

    assert (status_of(order), broker.calls) == ("unknown", ["submit"])
    assert cancel(order).status == "cancelled"
    assert fresh(position).reserved_qty == 0


def test_such_a_brokers_open_order_can_only_be_cancelled_there(broker, clock):
    broker.finds_by_client_id = False
    _, order = make_waiting()
    broker.says("submit", answer("accepted"))
    step(order, clock)
    written = everything_written()

    with pytest.raises(IllegalTransition):
        cancel(order)
    assert everything_written() == written


def test_what_a_worker_books_bears_the_time_of_a_replayed_market(broker, clock):
    position = make_position(broker="scripted", market_provider="replay", at=OPENED_AT.replace(year=2003))
    provider("replay").move_to(OPENED_AT.replace(year=2003))
    order = run_at(position, 104, at=OPENED_AT.replace(year=2003)).order
    broker.says("submit", answer("filled", execution(order)))
    provider("replay")._clock = None  # the clock runs in another process

    step(order, clock)

    assert {event.ts.year for event in events_of(position)} == {2003}
    assert status_of(order) == "filled"


def test_a_replayed_order_expires_with_its_day(broker, clock):
    day = OPENED_AT.replace(year=2003)
    position = make_position(broker="scripted", market_provider="replay", at=day)
    order = run_at(position, 104, at=day).order
    provider("replay").move_to(day + timedelta(days=1))

    step(order, clock)

    assert (status_of(order), broker.calls) == ("expired", [])


def test_nothing_is_sent_from_inside_a_transaction(broker, clock):
    _, order = make_waiting()

    with pytest.raises(RuntimeError), unit_of_work():
        step(order, clock)

    assert (Order.objects.get().status, broker.sent) == ("new", [])
    assert issubclass(InsideTransaction, RuntimeError)
