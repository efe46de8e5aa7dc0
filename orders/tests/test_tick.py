"""The schedule evaluates every position once a slot, and writes only what is news."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.transactions import unit_of_work
from alerts.models import Alert, AlertKind
from configs.models import OrderPolicyConfig
from configs.tests.builders import set_global, set_position, set_tenant
from market.providers.registry import provider
from market.tests.builders import new_york
from orders.models import Order, Tick, TickChunk, TickQuote, Trade, TradingState, Watch
from orders.replay_decisions import replayed_decisions
from orders.switches import turn
from orders.tests.builders import all_faults, events_of, fresh, run_at, set_market
from orders.tick import begin_tick, work_off_ticks
from orders.tick_ids import event_of
from positions.models import Position
from positions.services import move_cash, pause, set_anchor
from positions.tests.builders import OPENED_AT, make_position, make_stamp, make_tenant

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _prices():
    provider("static").clear()
    yield
    provider("static").clear()


def tick(price=None, at=OPENED_AT, ticker="IBM") -> int:
    if price is not None:
        set_market(price, ticker, at)
    return work_off_ticks(clock=lambda: at)


def ticks(*prices, at=OPENED_AT) -> None:
    for minute, price in enumerate(prices):
        tick(price, at + minute * MINUTE)


def reasons(position: Position) -> list[str]:
    return [event.outputs["decision"]["reason"] for event in events_of(position, "position_evaluated")]


def test_a_tick_evaluates_every_position_and_trades():
    low, high = make_position(anchor=97), make_position(anchor=104)

    assert tick("100.5") == 1

    assert reasons(low) == ["trigger_up"]
    assert reasons(high) == ["trigger_down"]
    assert {trade.position_id for trade in Trade.objects.all()} == {low.pk, high.pk}
    assert all_faults() == []
    assert all(replayed is not None and replayed.identical for _, replayed in replayed_decisions())


def test_the_event_tells_of_its_slot_and_of_the_schedule():
    position = make_position()
    late = OPENED_AT + timedelta(seconds=7)

    tick(101, late)

    (event,) = events_of(position, "position_evaluated")
    assert (event.ts, event.actor, event.request_id) == (late, "schedule", "tick-2024-01-08T16:00:00Z")
    assert event.pk == event_of(position.pk, OPENED_AT)


def test_a_slot_is_evaluated_once():
    position = make_position()

    assert tick(101) == 1
    assert tick(104, OPENED_AT + timedelta(seconds=9)) == 0

    assert reasons(position) == ["inside_band"]
    assert Tick.objects.count() == 1


def test_what_stays_as_it_was_is_not_recorded_again():
    position = make_position()

    ticks(101, 102, 101, 99, 103, 102)

    assert reasons(position) == ["inside_band", "trigger_up", "inside_band"]
    assert TickQuote.objects.count() == 6


def test_with_all_every_evaluation_is_recorded(settings):
    settings.RECORD_EVALUATIONS = "all"
    position = make_position()

    ticks(101, 102, 101)

    assert reasons(position) == ["inside_band"] * 3
    assert all(replayed is not None and replayed.identical for _, replayed in replayed_decisions())
    assert all_faults() == []


def test_in_a_quiet_market_only_one_statement_looks_at_positions():
    for _ in range(5):
        make_position()
    tick(101)
    set_market(102)
    begin_tick(clock=lambda: OPENED_AT + MINUTE)

    with CaptureQueriesContext(
        connection,
    ) as captured:
        work_off_ticks(clock=lambda: OPENED_AT + MINUTE)

    touching = [query["sql"] for query in captured if "positions_position p" in query["sql"]]
    assert len(touching) == 1
    assert not any("positions_event" in query["sql"] for query in captured)
    assert TickChunk.objects.get(tick__slot=OPENED_AT + MINUTE).evaluated == 0


def deposit(position):
    move_cash(position_id=position.pk, amount=Decimal(-7000), stamp=make_stamp())


def halt_tenant(position):
    turn(TradingState.HALTED, reason="r", stamp=make_stamp(), tenant_id=position.tenant_id)


CHANGES = {
    "cash": (deposit, "guardrail_high"),
    "anchor": (lambda p: set_anchor(position_id=p.pk, price=Decimal(97), stamp=make_stamp()), "trigger_up"),
    "switch of all": (lambda p: turn(TradingState.HALTED, reason="r", stamp=make_stamp()), "halted"),
    "switch of the tenant": (halt_tenant, "halted"),
    "switch of the position": (
        lambda p: turn(TradingState.HALTED, reason="r", stamp=make_stamp(), position_id=p.pk),
        "halted",
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_of_the_position_or_a_switch_is_seen_by_the_next_tick(change):
    position = make_position()
    tick(101)
    do, reason = CHANGES[change]
    with unit_of_work():
        do(position)

    tick(101, OPENED_AT + MINUTE)

    assert reasons(position) == ["inside_band", reason]


NARROW = {"up_threshold_pct": Decimal("0.5")}
SETTINGS = {
    "of all": lambda position: set_global("trigger", **NARROW),
    "of the tenant": lambda position: set_tenant(position.tenant, "trigger", **NARROW),
    "of the position": lambda position: set_position(position, "trigger", **NARROW),
}


@pytest.mark.parametrize("scope", SETTINGS)
def test_a_change_of_settings_is_seen_by_the_next_tick(scope):
    position = make_position()
    tick(101)

    SETTINGS[scope](position)
    tick(101, OPENED_AT + MINUTE)

    assert reasons(position) == ["inside_band", "trigger_up"]


def test_other_tenants_settings_wake_nobody():
    position = make_position()
    set_tenant(make_tenant("other"), "trigger", up_threshold_pct=Decimal(2))
    tick(101)
    set_tenant(make_tenant("other"), "trigger", **NARROW)

    tick(101, OPENED_AT + MINUTE)

    assert TickChunk.objects.get(tick__slot=OPENED_AT + MINUTE).evaluated == 0
    assert reasons(position) == ["inside_band"]


def test_a_dividend_or_any_other_write_of_the_row_empties_the_band():
    position = make_position()
    tick(101)
    assert Watch.objects.get(position=position).last > 0

    Position.objects.filter(pk=position.pk).update(dividend_receivable=Decimal(5))

    assert Watch.objects.get(position=position).last == 0


def test_an_evaluation_by_hand_is_what_the_next_tick_compares_with():
    position = make_position(cash=0, qty=100)
    set_position(position, "guardrail", max_stock_pct=Decimal(100))
    tick(101)
    run_at(position, 96, OPENED_AT + timedelta(seconds=20))

    ticks(101, 101, at=OPENED_AT + MINUTE)

    assert reasons(position)[0] == reasons(position)[2] == "inside_band"
    assert len(reasons(position)) == 3


def test_a_refusal_that_goes_on_is_recorded_once():
    position = make_position(qty=1, cash=100)  # too small for the smallest trade

    ticks(104, 105, 106, 101, 105)

    assert reasons(position) == ["below_min", "inside_band", "below_min"]


def test_a_trade_under_the_minimums_is_rejected_once_a_day():
    position = make_position(qty=1, cash=100)
    set_position(position, "order_policy", action_below_min="reject")

    ticks(104, 105)
    ticks(105, 106, at=new_york("2024-01-09 11:00"))

    assert Order.objects.filter(position=position, status="rejected").count() == 2
    assert reasons(position) == ["below_min"] * 2


def test_paused_and_closed_positions_and_replayed_ones_are_left_alone():
    paused, replayed = make_position(), make_position(market_provider="replay")
    with unit_of_work():
        pause(Position.objects.lock(paused.pk), "why not", stamp=make_stamp())

    tick(104)

    assert reasons(paused) == reasons(replayed) == []


def test_a_paused_position_is_evaluated_again_once_it_goes_on():
    position = make_position()
    tick(101)
    Position.objects.filter(pk=position.pk).update(status="paused")
    tick(104, OPENED_AT + MINUTE)
    Position.objects.filter(pk=position.pk).update(status="active")

    tick(104, OPENED_AT + 2 * MINUTE)

    assert reasons(position) == ["inside_band", "trigger_up"]


def test_without_a_price_the_named_reason_is_recorded_once_and_the_feed_is_an_alert():
    position = make_position()

    for minute in range(3):
        tick(None, OPENED_AT + minute * MINUTE)

    assert reasons(position) == ["stale_quote"]
    assert Alert.objects.get(kind=AlertKind.STALE_FEED).cleared_at is None
    tick(101, OPENED_AT + 3 * MINUTE)
    assert reasons(position) == ["stale_quote", "inside_band"]
    assert Alert.objects.get(kind=AlertKind.STALE_FEED).cleared_at is not None


def test_without_an_anchor_it_says_so_once_and_looks_again_when_there_is_one():
    position = make_position(anchor=None)
    ticks(101, 102)
    with unit_of_work():
        set_anchor(position_id=position.pk, price=Decimal(100), stamp=make_stamp())

    tick(102, OPENED_AT + 2 * MINUTE)

    assert reasons(position) == ["no_anchor", "inside_band"]


@pytest.mark.parametrize("at", [new_york("2024-01-08 09:29"), new_york("2024-01-06 12:00")])
def test_a_closed_market_is_passed_over(at):
    position = make_position()

    assert tick(104, at) == 0

    assert (reasons(position), Tick.objects.count()) == ([], 0)


def test_on_a_half_day_the_closing_minute_evaluates_and_the_next_does_not():
    make_position(at=new_york("2026-11-27 10:00"))

    assert tick(101, new_york("2026-11-27 13:00")) == 1
    assert tick(104, new_york("2026-11-27 13:01")) == 0


def test_slots_missed_by_a_little_are_caught_up_on_in_order(settings):
    settings.EVALUATE_EVERY_S = 2
    make_position()
    tick(101)

    tick(101, OPENED_AT + timedelta(seconds=9))

    seconds = [(found - OPENED_AT).seconds for found in Tick.objects.values_list("slot", flat=True)]
    assert seconds == [0, 2, 4, 6, 8]


def test_slots_missed_by_much_are_let_go(settings):
    settings.EVALUATE_EVERY_S = 2
    make_position()
    tick(101)

    tick(101, OPENED_AT + timedelta(minutes=5))

    assert Tick.objects.count() == 1 + 6


def test_a_chunk_left_behind_is_done_by_the_next_who_looks():
    position = make_position()
    set_market(104)
    begin_tick(clock=lambda: OPENED_AT)
    assert reasons(position) == []

    assert tick(None, OPENED_AT + timedelta(seconds=12)) == 1

    assert reasons(position) == ["trigger_up"]


def test_a_chunk_left_behind_for_long_is_let_go_for_the_next_slot():
    position = make_position()
    set_market(104)
    begin_tick(clock=lambda: OPENED_AT)

    tick(101, OPENED_AT + MINUTE)

    assert reasons(position) == ["inside_band"]
    assert TickChunk.objects.filter(done_at=None).count() == 1


def test_many_positions_are_divided_into_chunks(monkeypatch):
    monkeypatch.setattr("orders.tick.CHUNK", 2)
    positions = [make_position() for _ in range(7)]

    assert tick(104) == 4

    assert [reasons(position) for position in positions] == [["trigger_up"]] * 7
    assert sum(TickChunk.objects.values_list("evaluated", flat=True)) == 7


def test_the_quotes_of_a_tick_are_read_once_for_all_chunks(monkeypatch):
    monkeypatch.setattr("orders.tick.CHUNK", 2)
    for _ in range(7):
        make_position()

    with CaptureQueriesContext(connection) as captured:
        assert tick(101) == 4

    table = '"orders_tickquote"'
    assert len([query for query in captured if f"FROM {table}" in query["sql"]]) == 1


def test_one_position_that_can_not_be_decided_stops_no_other(settings):
    settings.BREAKER_EVALUATION_ERRORS = 2
    bad, good = make_position(), make_position()
    OrderPolicyConfig.objects.create(scope="POSITION", position=bad, order_sizing_strategy="gone")

    ticks(104, 108)

    assert reasons(good) == ["trigger_up", "trigger_up"]
    assert reasons(bad) == []
    assert fresh(bad).status == "paused"
    assert events_of(bad, "trading_paused")[0].message.count("failed evaluations") == 1


def test_the_digest_of_a_tick_is_that_of_the_same_evaluations_one_by_one():
    by_tick, by_hand = make_position(make_tenant("a")), make_position(make_tenant("b"))
    Position.objects.filter(pk=by_hand.pk).update(status="paused")
    ticks(101, 104, 101, 96)
    Position.objects.filter(pk=by_hand.pk).update(status="active")

    for minute, price in enumerate((101, 104, 101, 96)):
        set_market(price, at=OPENED_AT + minute * MINUTE)
        run_at(by_hand, None, OPENED_AT + minute * MINUTE)

    def outcome(position):
        trades = Trade.objects.filter(position=position).order_by("executed_at")
        return [(t.side, t.qty, t.price, t.commission) for t in trades], fresh(position).state()

    assert outcome(by_tick) == outcome(by_hand)
    assert len(outcome(by_tick)[0]) >= 2
