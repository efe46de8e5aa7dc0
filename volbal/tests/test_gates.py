"""docs/strategy.md, "Checks": each closed gate is the answer, whatever else is wrong after it."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from volbal.decision import decide
from volbal.tests import oracle
from volbal.tests.builders import decide_at, decide_with_gates, make_line, make_state
from volbal.values import (
    DayActivity,
    Gates,
    GuardrailConfig,
    OrderPolicyConfig,
    TriggerConfig,
)

ORDER = [
    "halted",
    "paused",
    "no_anchor",
    "market_closed",
    "stale_quote",
    "outlier_quote",
    "split_suspected",
    "duplicate",
]
GATE_OF = {
    "halted": {"halted": True},
    "paused": {"paused": True},
    "market_closed": {"market_open": False},
    "stale_quote": {"stale_quote": True},
    "outlier_quote": {"outlier_quote": True},
    "split_suspected": {"split_suspected": True},
    "duplicate": {"open_order": True},
}


def reason_with(*closed: str) -> str:
    gates = {name: value for gate in closed for name, value in GATE_OF.get(gate, {}).items()}
    state = make_state(anchor=None if "no_anchor" in closed else "100")
    return decide_with_gates("97", state=state, **gates).reason


@pytest.mark.parametrize("place", range(len(ORDER)), ids=ORDER)
def test_a_closed_gate_beats_all_that_follow(place: int) -> None:
    assert reason_with(*ORDER[place:]) == ORDER[place]


@pytest.mark.parametrize(("first", "second"), [(a, b) for i, a in enumerate(ORDER) for b in ORDER[i + 1 :]])
def test_of_two_closed_gates_the_first_is_named(first: str, second: str) -> None:
    assert reason_with(second, first) == first


@pytest.mark.parametrize("gate", ORDER)
def test_a_closed_gate_is_a_skip_without_side_size_or_next_prices(gate: str) -> None:
    gates = GATE_OF.get(gate, {})
    decision = decide_with_gates(
        "97", state=make_state(anchor=None if gate == "no_anchor" else "100"), **gates
    )
    assert (decision.action, decision.reason) == ("SKIP", gate)
    assert (decision.side, decision.binding_limit) == (None, None)
    assert (decision.raw_qty, decision.qty, decision.notional, decision.commission) == (0, 0, 0, 0)
    assert decision.stock_pct_before == decision.stock_pct_after == Decimal("49.238579")
    assert (decision.buy_at, decision.sell_at) == (None, None)
    assert not decision.trades


@pytest.mark.parametrize("gate", ORDER)
def test_a_closed_gate_beats_a_hold(gate: str) -> None:
    gates = GATE_OF.get(gate, {})
    state = make_state(anchor=None if gate == "no_anchor" else "100")
    assert decide_with_gates("100", state=state, **gates).reason == gate


def test_after_hours_trading_opens_the_closed_market() -> None:
    policy = OrderPolicyConfig(allow_after_hours=True)
    assert decide_with_gates("97", policy=policy, market_open=False).action == "BUY"
    assert decide_with_gates("97", policy=policy, market_open=False, open_order=True).reason == "duplicate"


def test_without_a_quote_the_answer_is_stale_quote() -> None:
    decision = decide(
        position=make_state(),
        quote=None,
        trigger=TriggerConfig(),
        guardrail=GuardrailConfig(),
        order_policy=OrderPolicyConfig(),
        today=DayActivity(),
        gates=Gates(),
    )
    assert (decision.reason, decision.stock_pct_before) == ("stale_quote", None)


def test_reducing_forbids_a_buy_but_not_a_sale() -> None:
    buying = decide_with_gates("97", reducing=True)
    assert (buying.action, buying.reason, buying.side) == ("SKIP", "reducing", "BUY")
    assert buying.binding_limit is None
    assert buying.raw_qty > 0
    assert buying.buy_at is None
    assert decide_with_gates("103", reducing=True).action == "SELL"
    assert decide_with_gates("100", reducing=True).action == "HOLD"


def test_reducing_beats_the_daily_order_cap() -> None:
    assert decide_with_gates("97", today=DayActivity(orders=5), reducing=True).reason == "reducing"


def test_the_daily_order_cap_beats_the_limits_and_names_no_limit() -> None:
    full = make_state(qty="300", cash="0", anchor="100")
    decision = decide_with_gates("97", state=full, today=DayActivity(orders=5, notional=Decimal(999)))
    assert (decision.reason, decision.side, decision.binding_limit) == ("daily_order_cap", "SELL", None)
    assert (decision.buy_at, decision.sell_at) == (None, None)


def test_no_order_cap_lets_any_number_through() -> None:
    guardrail = GuardrailConfig(max_orders_per_day=None)
    assert decide_with_gates("97", guardrail=guardrail, today=DayActivity(orders=999)).action == "BUY"


def test_an_order_cap_of_zero_lets_nothing_through() -> None:
    assert (
        decide_with_gates("97", guardrail=GuardrailConfig(max_orders_per_day=0)).reason == "daily_order_cap"
    )


def test_a_hold_beats_the_daily_order_cap() -> None:
    assert decide_with_gates("100", today=DayActivity(orders=99)).action == "HOLD"


def test_exactly_at_the_far_guardrail_nothing_is_bought() -> None:
    answered = decide_at("96", qty="75", cash="2400", max_stock_pct="75")
    assert (answered["action"], answered["reason"]) == ("SKIP", "guardrail")
    assert (answered["side"], answered["binding_limit"]) == ("BUY", "max_stock_pct")


def test_exactly_at_the_lower_guardrail_nothing_is_sold() -> None:
    answered = decide_at("104", qty="25", cash="7800")
    assert (answered["action"], answered["reason"]) == ("SKIP", "guardrail")
    assert (answered["side"], answered["binding_limit"]) == ("SELL", "min_stock_pct")


def test_the_guardrail_beats_the_empty_pocket_and_the_daily_cap() -> None:
    answered = decide_at("96", qty="0", cash="0", dividend_receivable="0")
    assert answered["reason"] == "guardrail"
    answered = decide_at("96", qty="75", cash="0", dividend_receivable="2400", max_daily_notional="0")
    assert answered["reason"] == "guardrail"


def test_no_cash_is_insufficient_and_beats_the_daily_cap() -> None:
    answered = decide_at("97", cash="0", dividend_receivable="10000", max_daily_notional="0")
    assert (answered["reason"], answered["binding_limit"], answered["side"]) == (
        "insufficient",
        "cash",
        "BUY",
    )


def test_no_shares_are_insufficient() -> None:
    answered = decide_at("104", qty="0", min_stock_pct="0")
    # With no shares the far guardrail leaves nothing either, and it comes first.
    assert (answered["reason"], answered["binding_limit"]) == ("guardrail", "min_stock_pct")


def test_a_used_up_day_is_the_daily_notional_cap_and_beats_the_minimums() -> None:
    answered = decide_at("97", max_daily_notional="500", notional="500", min_notional="5000")
    assert (answered["reason"], answered["binding_limit"]) == ("daily_notional_cap", "max_daily_notional")
    answered = decide_at("97", max_daily_notional="500", notional="900")
    assert answered["reason"] == "daily_notional_cap"
    answered = decide_at("97", max_daily_notional="500", notional="499.999999", min_notional="0")
    assert answered["action"] == "BUY"


def test_an_empty_cell_holds_without_a_trigger_and_skips_with_one() -> None:
    holding = decide_at("100", qty="0", cash="0")
    assert (holding["action"], holding["reason"]) == ("HOLD", "inside_band")
    for price in ("97", "103"):
        skipping = decide_at(price, qty="0", cash="0")
        assert (skipping["action"], skipping["reason"]) == ("SKIP", "guardrail")
        assert skipping["stock_pct_before"] is None
        assert skipping["stock_pct_after"] is None


def test_an_empty_cell_with_a_trigger_is_a_guardrail_skip_before_the_order_cap() -> None:
    """2.6 puts V = 0 with the trigger and the band, which come before `reducing` and `daily_order_cap`."""
    assert decide_at("97", qty="0", cash="0", orders="5")["reason"] == "guardrail"
    assert decide_with_gates("97", state=make_state("0", "0"), reducing=True).reason == "guardrail"


@pytest.mark.parametrize("price", ["97", "100", "103"])
@pytest.mark.parametrize("gate", [name for name in ORDER if name != "no_anchor"])
def test_the_oracle_closes_the_same_gates(gate: str, price: str) -> None:
    gates = GATE_OF[gate]
    line = make_line(
        price, market_open=gates.get("market_open", True), open_order=gates.get("open_order", False)
    )
    named = {name: value for name, value in gates.items() if name not in ("market_open", "open_order")}
    expected = oracle.decide(line, **named)
    decision = decide_with_gates(price, **gates)
    assert (decision.action, decision.reason) == (expected["action"], expected["reason"])


def test_a_gate_that_opens_again_leaves_no_trace() -> None:
    closed = decide_with_gates("97", paused=True)
    opened = decide_with_gates("97", paused=False)
    assert replace(opened, outcome=None) == replace(decide_with_gates("97"), outcome=None)
    assert closed.action == "SKIP"
