"""Trading is stopped while many evaluations and orders are under way: after the answer nothing is ordered."""

from __future__ import annotations

import time
from collections import Counter
from itertools import count
from random import Random

import pytest

from configs.tests.builders import set_position
from orders.models import Order
from positions.tests.builders import make_position
from volbal_site.tests.web_processes import all_at_once, books_are_right

CELLS = 6
CALLS = 36
PATIENCE = 30  # rounds more, where the stop came after all trades were through


@pytest.fixture
def cells(tenant):
    cells = [make_position(tenant=tenant) for _ in range(CELLS)]
    for cell in cells:
        set_position(cell, "guardrail", min_stock_pct="0", max_stock_pct="100", max_orders_per_day="none")
        set_position(cell, "order_policy", rebalance_ratio="0.1", min_notional="0")
    return cells


def trade(call, cell, dice):
    """Evaluate at a price that the last one triggers on."""
    return call("POST", f"/positions/{cell.pk}/evaluate?price={dice.choice([80, 90, 100, 110, 120])}")


def stop_after(call, seconds):
    """Stop all trading; keep how many orders there were when that was answered."""
    time.sleep(seconds)
    answer = call("POST", "/trading/halt", {"reason": "a fire"})
    assert answer.status == 200
    return call("GET", "/orders?limit=1")


@pytest.mark.parametrize("rounds", [2, pytest.param(40, marks=pytest.mark.faults)])
def test_when_a_stop_was_answered_nothing_is_ordered_any_more(call, tenant, cells, rounds):
    reasons = Counter()
    for number in count():
        if number >= rounds and reasons["halted"] and reasons["trigger_up"] + reasons["trigger_down"]:
            break
        assert number < rounds + PATIENCE, "no stop came while trades were under way"
        dice = Random(number)
        assert call("POST", "/trading/unhalt", {"reason": "all is well"}).status == 200
        trades = [
            lambda cell=cell, seed=seed: trade(call, cell, Random(seed))
            for cell, seed in zip(cells * (CALLS // CELLS), dice.sample(range(1000), CALLS), strict=True)
        ]

        stopped, *answers = all_at_once([lambda dice=dice: stop_after(call, dice.random() / 8), *trades])

        assert Order.objects.filter(position__tenant=tenant).count() == stopped.json()["count"]
        reasons.update(answer.json()["decision"]["reason"] for answer in answers)
    assert books_are_right()
