"""Every recorded decision comes out the same again, or is reported."""

from decimal import Decimal

import pytest

from accounts.transactions import unit_of_work
from configs.tests.builders import set_global, set_position, set_rate
from market.tests.builders import new_york
from orders.cycle import given_quote
from orders.replay_decisions import replay_decision, replayed_decisions
from orders.snapshot import decision_as_facts, snapshot_from_facts
from orders.tests.builders import events_of, make_order, run_at, set_market
from positions.models import Event, Position
from positions.services import pause
from positions.tests.builders import OPENED_AT, make_position, make_stamp
from positions.tests.raw_rows import unguarded
from volbal.values import Action

pytestmark = pytest.mark.django_db

PRICES = [100, "97.01", 97, "96.9", 104, 108, 112, 117, 123, 50, 500, "0.01", None]


def outcomes():
    """Return for each evaluation whether it came out identical; None where it can't be read."""
    return [replayed and replayed.identical for _, replayed in replayed_decisions()]


def test_every_kind_of_decision_comes_out_identical():
    for cell in ({}, {"qty": 0}, {"cash": 0}, {"anchor": None}, {"qty": 0, "cash": 0}):
        position = make_position(**cell)
        for price in PRICES:
            run_at(position, price)

    actions = {
        event.outputs["decision"]["action"] for event in Event.objects.filter(type="position_evaluated")
    }
    assert {Action.HOLD, Action.BUY, Action.SELL, Action.SKIP} <= actions
    assert set(outcomes()) == {True}
    assert len(outcomes()) == 5 * len(PRICES)


def test_decisions_with_settings_of_their_own_come_out_identical():
    position = make_position()
    set_global("guardrail", max_daily_notional="3000", max_trade_pct_of_position="10")
    set_global("order_policy", lot_size="0.5", qty_step="0.25", slippage_bps="5")
    set_position(position, "order_policy", order_sizing_strategy="original", action_below_min="clip")
    set_position(position, "guardrail", max_orders_per_day="none")
    set_rate("GLOBAL", "0.00123")
    set_market(104)
    for price in (None, 99, 104, 100, 120, 80):
        run_at(position, price)

    assert outcomes() == [True] * 6


def test_rejections_and_closed_gates_come_out_identical():
    position = make_position()
    set_position(position, "order_policy", action_below_min="reject", min_qty="50")
    run_at(position, 104)
    make_order(position)
    run_at(position, 104)
    run_at(position, None, new_york("2023-12-25 11:00"))
    with unit_of_work():
        pause(Position.objects.lock(position.pk), "p", stamp=make_stamp())
    run_at(position, 104)

    recorded = [event.outputs["decision"]["reason"] for event in events_of(position, "position_evaluated")]
    assert recorded == ["below_min", "duplicate", "market_closed", "paused"]
    assert outcomes() == [True] * 4


def test_later_settings_do_not_change_what_was_decided():
    position = make_position()
    run_at(position, 104)

    set_global("trigger", up_threshold_pct="50")

    assert outcomes() == [True]


def test_an_evaluation_keeps_everything_it_was_made_from():
    position = make_position()
    set_position(position, "trigger", up_threshold_pct="2.5")

    decision = run_at(position, 104).decision

    event = events_of(position, "position_evaluated")[0]
    assert event.inputs["position"] == {
        "ticker": "IBM",
        "qty": "100",
        "cash": "10000",
        "dividend_receivable": "0",
        "anchor_price": "100",
    }
    assert event.inputs["quote"] == {
        "price": "104",
        "as_of": "2024-01-08T16:00:00.000000+00:00",
        "source": "manual",
        "is_real": False,
    }
    assert event.inputs["trigger"] == {"up_threshold_pct": "2.5", "down_threshold_pct": "3"}
    assert event.inputs["scopes"] == {
        "trigger": {"up_threshold_pct": "POSITION"},
        "guardrail": {},
        "order_policy": {},
    }
    assert event.inputs["today"] == {"orders": 0, "notional": "0"}
    assert event.inputs["gates"]["market_open"] is True
    assert event.outputs == decision_as_facts(decision)
    assert event.message == decision.explanation


def test_a_snapshot_comes_back_from_its_event():
    position = make_position()

    evaluation = run_at(position, "103.5")
    snapshot = snapshot_from_facts(events_of(position, "position_evaluated")[0].inputs)

    assert snapshot.quote == given_quote(Decimal("103.5"), OPENED_AT)
    assert snapshot.position == position.state()
    assert snapshot.decide() == evaluation.decision


def tampered(event, column, *path, value):
    """Return the event's facts with one value changed."""
    facts = getattr(event, column)
    inner = facts
    for name in path[:-1]:
        inner = inner[name]
    inner[path[-1]] = value
    return {column: facts}


def outcomes_after(column, *path, value):
    position = make_position()
    run_at(position, 104)
    event = events_of(position, "position_evaluated")[0]
    with unguarded(Event):
        Event.objects.filter(pk=event.pk).update(**tampered(event, column, *path, value=value))
        return outcomes()


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("position", "qty"), "100.1"),
        (("position", "cash"), "10000.01"),
        (("position", "anchor_price"), "101"),
        (("quote", "price"), "104.01"),
        (("trigger", "up_threshold_pct"), "5"),
        (("guardrail", "max_stock_pct"), "46"),
        (("order_policy", "rebalance_ratio"), "1.6666"),
        (("order_policy", "commission_rate"), "0.0002"),
        (("today", "orders"), 5),
        (("gates", "paused"), True),
    ],
)
def test_a_tampered_input_is_reported(path, value):
    assert outcomes_after("inputs", *path, value=value) == [False]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("action", "HOLD"),
        ("reason", "trigger_down"),
        ("qty", "12.57421596"),
        ("raw_qty", "1"),
        ("notional", "1307.71846"),
        ("commission", "0.130773"),
        ("stock_pct_before", "51"),
        ("stock_pct_after", None),
        ("binding_limit", "cash"),
        ("buy_at", "1"),
        ("sell_at", None),
        ("explanation", "because"),
        ("side", None),
        ("added", "field"),
    ],
)
def test_a_tampered_output_is_reported(field, value):
    assert outcomes_after("outputs", "decision", field, value=value) == [False]


@pytest.mark.parametrize(
    ("column", "path", "value"),
    [
        ("inputs", ("position", "qty"), "a hundred"),
        ("inputs", ("position", "qty"), None),
        ("inputs", ("position",), None),
        ("inputs", ("trigger", "up_threshold_pct"), "NaN"),
        ("inputs", ("trigger", "no_such_setting"), "1"),
        ("inputs", ("trigger",), []),
        ("inputs", ("quote",), "104"),
        ("inputs", ("quote", "as_of"), "yesterday"),
        ("inputs", ("order_policy", "order_sizing_strategy"), "proportionel"),
        ("inputs", ("gates", "no_such_gate"), True),
        ("outputs", ("decision",), None),
    ],
)
def test_facts_that_cannot_be_read_are_reported_not_stumbled_over(column, path, value):
    assert outcomes_after(column, *path, value=value) in ([None], [False])


def test_facts_that_are_gone_are_reported():
    position = make_position()
    run_at(position, 104)
    with unguarded(Event):
        Event.objects.filter(type="position_evaluated").update(inputs={}, outputs={})
        assert outcomes() == [None]


def test_one_event_is_replayed_alone():
    position = make_position()
    run_at(position, 104)

    replayed = replay_decision(events_of(position, "position_evaluated")[0])

    assert replayed.identical
    assert replayed.recorded["qty"] == replayed.recomputed["qty"] == "12.57421597"
