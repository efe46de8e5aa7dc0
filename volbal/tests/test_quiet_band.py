"""The quiet band is exactly where the decision is HOLD."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from volbal.decision import decide
from volbal.quiet_band import QuietBand, in_ticks, quiet_band
from volbal.values import (
    Action,
    DayActivity,
    Gates,
    GuardrailConfig,
    MarketQuote,
    OrderPolicyConfig,
    PositionState,
    TriggerConfig,
)

MOST = 999_999_999_999_999


def cell(qty="100", cash="10000", anchor="100", receivable="0") -> PositionState:
    return PositionState(
        ticker="IBM",
        qty=Decimal(qty),
        cash=Decimal(cash),
        dividend_receivable=Decimal(receivable),
        anchor_price=None if anchor is None else Decimal(anchor),
    )


def holds(state: PositionState, trigger: TriggerConfig, guardrail: GuardrailConfig, ticks: int) -> bool:
    decision = decide(
        position=state,
        quote=MarketQuote(price=Decimal(ticks).scaleb(-6)),
        trigger=trigger,
        guardrail=guardrail,
        order_policy=OrderPolicyConfig(),
        today=DayActivity(),
        gates=Gates(),
    )
    return decision.action is Action.HOLD


@pytest.mark.parametrize(
    ("state", "band"),
    [
        (cell(), QuietBand(97_000_001, 102_999_999)),
        (cell(anchor="100.000001"), QuietBand(97_000_001, 103_000_001)),
        (cell(cash="3400"), QuietBand(97_000_001, 102_000_000)),  # 75 % is reached at 102
        (cell(cash="29400"), QuietBand(98_000_000, 102_999_999)),  # 25 % is reached at 98
        (cell(cash="3000", receivable="400"), QuietBand(97_000_001, 102_000_000)),
        (cell(qty="0", cash="0"), QuietBand(97_000_001, 102_999_999)),
        (cell(qty="0"), None),
        (cell(cash="0"), None),
        (cell(anchor=None), None),
        (cell(qty="0", cash="0", anchor="0.000001"), QuietBand(1, 1)),
    ],
)
def test_it_ends_where_a_threshold_or_a_rail_begins(state, band):
    assert quiet_band(state, TriggerConfig(), GuardrailConfig()) == band


def test_a_price_is_inside_or_not():
    band = QuietBand(97_000_001, 102_999_999)

    assert band.contains(Decimal("97.000001"))
    assert band.contains(Decimal("102.999999"))
    assert not band.contains(Decimal(97))
    assert not band.contains(Decimal(103))


def numbers(most: int, places: int):
    return st.integers(0, most).map(lambda n: Decimal(n).scaleb(-places))


def whole_or_not(most: int, places: int):
    return st.one_of(st.integers(0, most // 10**places).map(Decimal), numbers(most, places))


@given(
    qty=whole_or_not(10**11, 8),
    cash=whole_or_not(10**11, 6),
    receivable=whole_or_not(10**9, 6),
    anchor=st.one_of(st.integers(1, 10**10), st.integers(1, 300).map(lambda n: n * 10**6)),
    up=st.one_of(st.integers(1, 99).map(Decimal), numbers(99_999_999, 6).filter(bool)),
    down=st.one_of(st.integers(1, 99).map(Decimal), numbers(99_999_999, 6).filter(bool)),
    rails=st.tuples(st.integers(0, 100), st.integers(0, 100)).filter(lambda pair: pair[0] < pair[1]),
    price=st.integers(1, 2 * 10**10),
)
def test_inside_the_rules_hold_and_next_to_it_they_do_not(
    qty, cash, receivable, anchor, up, down, rails, price
):
    state = PositionState(
        ticker="IBM",
        qty=qty,
        cash=cash,
        dividend_receivable=receivable,
        anchor_price=Decimal(anchor).scaleb(-6),
    )
    trigger = TriggerConfig(up_threshold_pct=up, down_threshold_pct=down)
    guardrail = GuardrailConfig(min_stock_pct=Decimal(rails[0]), max_stock_pct=Decimal(rails[1]))

    band = quiet_band(state, trigger, guardrail)

    if band is None:
        assert not holds(state, trigger, guardrail, price)
        return
    assert holds(state, trigger, guardrail, band.first)
    assert holds(state, trigger, guardrail, band.last)
    assert band.first == 1 or not holds(state, trigger, guardrail, band.first - 1)
    assert band.last == MOST or not holds(state, trigger, guardrail, band.last + 1)
    assert holds(state, trigger, guardrail, price) is (band.first <= price <= band.last)


def test_ticks_are_millionths_of_a_dollar():
    assert in_ticks(Decimal("150.25")) == 150_250_000
    assert in_ticks(Decimal("0.000001")) == 1
