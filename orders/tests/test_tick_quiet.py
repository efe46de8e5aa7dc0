"""What is recorded in bulk of a quiet position is what is recorded of it one by one, to the letter."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from accounts.transactions import unit_of_work
from configs.tests.builders import set_global, set_position, set_rate, set_tenant
from orders.models import TradingState, Watch
from orders.replay_decisions import replayed_decisions
from orders.switches import turn
from orders.tests.builders import all_faults, events_of, run_at, set_market
from orders.tick import work_off_ticks
from orders.tick_ids import event_of
from positions.chains import row_hash
from positions.models import Position
from positions.tests.builders import OPENED_AT, make_position, make_stamp, make_tenant

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)
CELLS = [
    ("100", "10000", "100"),
    ("0.00000001", "0.000003", "100.123456"),
    ("1234567.12345678", "99999999.654321", "99.999999"),
    ("33.33", "3333.333333", "101.5"),
    ("0", "0", "100"),
]


@pytest.fixture(autouse=True)
def _all(settings):
    settings.RECORD_EVALUATIONS = "all"


def tick(price, minute: int) -> None:
    at = OPENED_AT + minute * MINUTE
    set_market(price, at=at)
    work_off_ticks(clock=lambda: at)


def look_again_at(*positions: Position) -> None:
    Watch.objects.filter(position__in=positions).update(first=1, last=0)


def told(position: Position):
    """Return what the last event tells, but for what must differ."""
    event = events_of(position, "position_evaluated")[-1]
    return event.inputs, event.outputs, event.message, event.ts, event.actor, event.request_id


@pytest.fixture
def in_bulk(monkeypatch):
    """Count what is recorded in bulk."""
    counted = []
    from orders import tick_chunks

    def counting(work, chunk):
        rest = record(work, chunk)
        counted.append(work.recorded)
        return rest

    record = tick_chunks.record_quiet
    monkeypatch.setattr(tick_chunks, "record_quiet", counting)
    return counted


@pytest.mark.parametrize(("qty", "cash", "anchor"), CELLS)
def test_both_ways_tell_the_same(qty, cash, anchor, in_bulk):
    quiet, looked_at = (make_position(qty=qty, cash=cash, anchor=anchor) for _ in range(2))
    for cell in (quiet, looked_at):
        set_position(cell, "guardrail", min_stock_pct=Decimal(0), max_stock_pct=Decimal(100))
        set_position(cell, "trigger", up_threshold_pct=Decimal("2.5"))
    set_tenant(quiet.tenant, "order_policy", min_notional=Decimal("33.5"))
    set_global("guardrail", max_orders_per_day="none")
    set_rate("TENANT_ASSET", "0.00025", quiet.tenant, "IBM")
    tick("100.1", 0)
    look_again_at(looked_at)

    tick("101.000001", 1)

    assert in_bulk[-1] == 1
    assert told(quiet) == told(looked_at)
    assert told(quiet)[1]["decision"]["action"] == "HOLD"
    assert all(replayed is not None and replayed.identical for _, replayed in replayed_decisions())
    assert all_faults() == []


def test_the_rows_are_numbered_linked_and_hashed_like_all_others(in_bulk):
    position = make_position()
    for minute, price in enumerate((100, 101, 99, 102)):
        tick(price, minute)

    events = events_of(position)

    assert in_bulk == [0, 1, 1, 1]
    assert [event.seq for event in events] == [1, 2, 3, 4, 5]
    assert [event.prev_hash for event in events[1:]] == [event.hash for event in events[:-1]]
    assert all(row_hash(event) == event.hash for event in events)
    assert events[-1].pk == event_of(position.pk, OPENED_AT + 3 * MINUTE)
    run_at(position, 104, OPENED_AT + 4 * MINUTE)
    assert all_faults() == []


def test_a_position_with_an_order_today_goes_the_usual_way(in_bulk):
    position = make_position()
    set_position(position, "guardrail", max_orders_per_day=1)
    tick(104, 0)
    tick(105, 1)

    tick(106, 2)

    assert in_bulk == [0, 0, 0]
    decision = events_of(position, "position_evaluated")[-1].outputs["decision"]
    assert (decision["action"], decision["sell_at"]) == ("HOLD", None)


def test_what_was_found_on_a_day_with_orders_is_not_told_on_the_next(in_bulk):
    position = make_position()
    set_position(position, "guardrail", max_orders_per_day=1)
    tick(104, 0)
    tick(105, 1)
    next_day = 24 * 60

    tick(105, next_day)

    decision = events_of(position, "position_evaluated")[-1].outputs["decision"]
    assert decision["sell_at"] == "107.12"
    assert in_bulk == [0, 0, 0]


@pytest.mark.parametrize("state", [TradingState.HALTED, TradingState.REDUCING])
def test_what_a_switch_stands_over_goes_the_usual_way(state, in_bulk):
    here, there = make_position(), make_position(make_tenant("other"))
    tick(101, 0)
    with unit_of_work():
        turn(state, reason="r", stamp=make_stamp(), tenant_id=here.tenant_id)
    tick(101, 1)
    tick(102, 2)

    assert in_bulk == [0, 1, 1]
    assert told(there)[1]["decision"]["reason"] == "inside_band"
    reason = {"HALTED": "halted", "REDUCING": "inside_band"}[state]
    assert told(here)[1]["decision"]["reason"] == reason


def test_each_goes_on_from_its_own_settings_and_quote(in_bulk):
    tickers = ("IBM", "MSFT")
    cells = [make_position(ticker=ticker) for ticker in tickers for _ in range(2)]
    set_position(cells[0], "trigger", down_threshold_pct=Decimal(4))
    set_market(100, "MSFT")
    tick(100, 0)
    set_market(102, "MSFT", OPENED_AT + MINUTE)

    tick(101, 1)

    assert in_bulk[-1] == 4
    assert [told(cell)[0]["quote"]["price"] for cell in cells] == ["101", "101", "102", "102"]
    assert [told(cell)[1]["decision"]["buy_at"] for cell in cells] == ["96", "97", "97", "97"]
