"""The steps of a size come to what `decide` decides, and name what changed it."""

from __future__ import annotations

import json
import os
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import event, given, settings

from volbal.decision import decide
from volbal.door import read_line
from volbal.errors import VolbalError
from volbal.tests.builders import make_line
from volbal.tests.strategies import lines, ordinary_lines
from volbal.waterfall import Stage, Step, waterfall

# `make faults` asks for twenty times as many.
EXAMPLES = int(os.environ.get("EXAMPLES", "1"))
steady = settings(derandomize=True, database=None, deadline=None, max_examples=150 * EXAMPLES)

RAW, CAPS, GUARDRAIL, STEP, MINIMUMS = Stage


def values(line: dict[str, Any]) -> dict[str, Any]:
    return read_line(json.dumps(line).encode())


def steps_at(price: Any, **settings: Any) -> list[tuple[str, str, str | None]]:
    return [
        (step.stage.value, str(step.qty.normalize()), step.limit)
        for step in waterfall(**values(make_line(price, **settings)))
    ]


def agree(line: dict[str, Any]) -> None:
    try:
        known = values(line)
        decision = decide(**known)
    except VolbalError:
        return
    steps = waterfall(**known)
    event(f"{decision.action}, {len(steps)} steps")
    if not steps:
        assert not decision.trades
        return
    assert (steps[0].stage, steps[0].qty) == (RAW, decision.raw_qty)
    assert steps[-1].qty == decision.qty
    if decision.trades:
        assert [step.stage for step in steps] == list(Stage)
        limits = [step.limit for step in steps if step.limit not in (None, "step")]
        assert decision.binding_limit in [*limits, "sizing"]
    if decision.reason in ("guardrail", "insufficient", "daily_notional_cap"):
        assert steps[-1].limit == decision.binding_limit


@steady
@given(lines())
def test_the_steps_begin_and_end_as_the_decision_does(line):
    agree(line)


@steady
@given(ordinary_lines())
def test_the_steps_of_ordinary_cells_do_too(line):
    agree(line)


@pytest.mark.parametrize(
    ("price", "settings", "told"),
    [
        (
            "97",
            {},
            [
                ("raw", "10.468909554682", None),
                ("caps", "10.468909554682", None),
                ("guardrail", "10.468909554682", None),
                ("step", "10.46890955", "step"),
                ("minimums", "10.46890955", None),
            ],
        ),
        (
            "97",
            {"cash": "3600"},
            [
                ("raw", "7.067842491232", None),
                ("caps", "7.067842491232", None),
                ("guardrail", "2.834838933472", "max_stock_pct"),
                ("step", "2.83483893", "step"),
                ("minimums", "2.83483893", None),
            ],
        ),
        (
            "97",
            {"max_trade_pct_of_position": "2"},
            [
                ("raw", "10.468909554682", None),
                ("caps", "4.061855670103", "max_trade_pct_of_position"),
                ("guardrail", "4.061855670103", None),
                ("step", "4.06185567", "step"),
                ("minimums", "4.06185567", None),
            ],
        ),
        (
            "100",
            {"qty": "10"},
            [
                ("raw", "0", None),
                ("caps", "0", None),
                ("guardrail", "17.499562510937", "min_stock_pct"),
                ("step", "17.49956252", "step"),
                ("minimums", "17.49956252", None),
            ],
        ),
        (
            "97",
            {"qty": "9", "cash": "900"},
            [
                ("raw", "0.942201859921", None),
                ("caps", "0.942201859921", None),
                ("guardrail", "0.942201859921", None),
                ("step", "0.94220185", "step"),
                ("minimums", "0", "min_notional"),
            ],
        ),
        (
            "97",
            {"qty": "9", "cash": "900", "action_below_min": "clip"},
            [
                ("raw", "0.942201859921", None),
                ("caps", "0.942201859921", None),
                ("guardrail", "0.942201859921", None),
                ("step", "0.94220185", "step"),
                ("minimums", "1.03092784", "min_notional"),
            ],
        ),
        (
            "97",
            {"max_daily_notional": "0"},
            [("raw", "10.468909554682", None), ("caps", "0", "max_daily_notional")],
        ),
        (
            "97",
            {"cash": "0", "dividend_receivable": "10000"},
            [("raw", "10.468909554682", None), ("caps", "0", "cash")],
        ),
    ],
)
def test_each_step_says_what_changed_the_size(price, settings, told):
    assert steps_at(price, **settings) == told


@pytest.mark.parametrize(
    ("price", "settings"),
    [
        ("100", {}),  # holds
        ("97", {"market_open": False}),
        ("97", {"anchor_price": None}),
        ("97", {"open_order": True}),
        ("97", {"orders": "5"}),
        ("97", {"qty": "0", "cash": "0"}),
    ],
)
def test_where_no_size_was_looked_for_there_are_no_steps(price, settings):
    assert steps_at(price, **settings) == []


def test_a_pinned_cell_ends_at_its_guardrail():
    line = values(make_line("96", cash="3200"))  # exactly 75 % stock

    assert decide(**line).reason == "guardrail"
    assert waterfall(**line)[-1] == Step(stage=GUARDRAIL, qty=Decimal(0), limit="max_stock_pct")
