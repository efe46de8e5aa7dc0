"""The quick bound may be too narrow and never too wide."""

import random
from collections.abc import Iterator
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

import pytest

from market.bundled_history import bundled_history
from simulation.engine import simulate
from simulation.finders import PlainFinder
from simulation.quick_bound import QuickBound
from simulation.setup import FillModel, Settings
from simulation.tests.builders import start_of
from simulation.tests.test_skipping import EXAMPLES, random_settings
from volbal import kernel
from volbal.numbers import PRICE_TICK, ZERO, exact
from volbal.policy import decimal_arithmetic, kernel_rules

FRESH = kernel.Day(ZERO, False, False)


def random_cell(choose: random.Random) -> kernel.Cell:
    qty = choose.choice(["0", "0.00000001", "1", "7", "10", "100", "77.00000007", "9999999.99999999"])
    cash, receivable = (
        choose.choice(["0", "0.000001", "99.99", "5000", "999999999"]),
        choose.choice([0, 0, 7]),
    )
    return kernel.Cell(
        Decimal(choose.choice(["0.01", "1", "50", "99.99", "1000.5"])),
        Decimal(qty),
        Decimal(cash),
        Decimal(receivable),
    )


def prices_between(choose: random.Random, buy_at: Decimal, sell_at: Decimal) -> Iterator[Decimal]:
    """Yield the first and last tick strictly between, and a few others."""
    first = max(buy_at.quantize(PRICE_TICK, ROUND_FLOOR) + PRICE_TICK, PRICE_TICK)
    last = min(sell_at.quantize(PRICE_TICK, ROUND_CEILING) - PRICE_TICK, Decimal(900_000))
    if first > last:
        return
    yield from (first, last)
    for _ in range(4):
        yield (first + (last - first) * Decimal(choose.random()) ** 3).quantize(PRICE_TICK, ROUND_FLOOR)


@pytest.mark.parametrize("part", range(4))
def test_nothing_is_traded_between_its_prices(part):
    choose, asked = random.Random(part), 0
    for _ in range(1_000 * EXAMPLES):
        settings, cell = random_settings(choose), random_cell(choose)
        with exact():
            rules = kernel_rules(settings.trigger, settings.guardrail, settings.order_policy)
            ops = decimal_arithmetic(settings.order_policy)
            for price in prices_between(choose, *QuickBound(rules).prices(cell)):
                outcome = kernel.decide(price, cell, rules, FRESH, ops)
                assert outcome.verdict != kernel.TRADE, (settings, cell, price)
                asked += 1
    assert asked > 1_000


@pytest.mark.parametrize("ticker", ["IBM", "MSFT"])
def test_on_real_history_it_names_hardly_a_bar_that_does_not_trade(ticker):
    history = bundled_history(ticker)
    named: list[int] = []

    class Watched(PlainFinder):
        def next_bar(self, cell, first, stop):
            found = super().next_bar(cell, first, stop)
            named.extend([found] if found < stop else [])
            return found

    run = simulate(history, start_of(history), Settings(), FillModel.CLOSE, finder=Watched)

    assert len(run.trades) <= len(named) <= len(run.trades) + 5
