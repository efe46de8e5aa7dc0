"""Runs with the kernel compiled: for workers with much to do. Import it only when there is enough of that.

What floats can't tell for certain, Decimal decides, as in every other run, so the result is the same to the
last digit. See docs/adr/0010-floats-decide-only-what-is-certain.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import numpy as np

from simulation.certified import HIGHEST_PRICE, MICRO, SHARE, Books, Places
from simulation.compiled_kernel import compiled_module
from simulation.engine import SIDES, Engine
from simulation.finders import float_cell, float_rules, is_proportional
from simulation.fold import Run, SimulatedTrade
from simulation.series import Series
from simulation.setup import FillModel, Settings
from volbal import kernel
from volbal.numbers import exact
from volbal.values import OrderPolicyConfig, PositionState

RECORDS = 1024
# Beside a rail this close to 0 or 100 % the stock share hardly moves with the price, and floats tell less.
_NARROW = Decimal("0.01")
_DEAREST_RATE = Decimal("0.5")


class CompiledSeries:
    """One history's closes as arrays: floats to search in, whole millionths to book with."""

    def __init__(self, series: Series) -> None:
        self.series = series
        self.prices = np.array(series.floats, dtype=np.float64)
        self.ticks = np.minimum(np.array(series.ticks, dtype=np.int64), HIGHEST_PRICE)


class CompiledFinder:
    """Searches with compiled code, and decides nothing."""

    def __init__(self, laid_out: CompiledSeries, rules: kernel.Rules, strategy: str) -> None:
        self._search = compiled_module(strategy).next_outside
        self._prices = laid_out.prices
        self._rules = float_rules(rules)
        self._proportional = is_proportional(strategy)

    def next_bar(self, cell: kernel.Cell, first: int, stop: int) -> int:
        return int(self._search(self._prices, first, stop, float_cell(cell), self._rules, self._proportional))


def simulate_compiled(
    laid_out: CompiledSeries, start: PositionState, settings: Settings, fill: FillModel
) -> Run:
    """Fold the rules as `engine.simulate` does, much faster after a first time that takes seconds."""
    engine = CompiledEngine if fill is FillModel.CLOSE and is_certifiable(settings) else Engine
    with exact():
        run = engine(
            laid_out.series,
            start,
            settings,
            lambda series, rules, strategy: CompiledFinder(laid_out, rules, strategy),
        )
        if isinstance(run, CompiledEngine):
            run.lay_out(laid_out)
        return run.run(fill)


def is_certifiable(settings: Settings) -> bool:
    """Say whether the error of floats is bounded as `certified` takes it to be."""
    guardrail, policy = settings.guardrail, settings.order_policy
    low, high = guardrail.min_stock_pct, 100 - guardrail.max_stock_pct
    return (
        (low == 0 or low >= _NARROW)
        and (high == 0 or high >= _NARROW)
        and policy.commission_rate <= _DEAREST_RATE
        and guardrail.max_orders_per_day != 0
    )


class CompiledEngine(Engine):
    """Trades with compiled code for as long as floats are certain, and asks Decimal when they aren't."""

    def lay_out(self, laid_out: CompiledSeries) -> None:
        """Prepare what the compiled code is called with."""
        rules, policy = self._rules, self._settings.order_policy
        strategy = policy.order_sizing_strategy
        self._advance = compiled_module(strategy).advance
        self._arrays = laid_out.prices, laid_out.ticks
        self._float_rules, self._proportional = float_rules(rules), is_proportional(strategy)
        self._places = places_of(rules, policy)
        self._records = np.empty((RECORDS, 5), dtype=np.int64)

    def _stretch(self, number: int, stop: int) -> int:
        """Go from a bar up to a stop; return the next bar, in the middle of it after a doubtful one."""
        if not self._has_anchor:
            return stop
        found, count, after = self._advance(
            *self._arrays,
            number,
            stop,
            books_of(self._cell),
            self._float_rules,
            self._places,
            self._proportional,
            self._records,
        )
        if count:
            self._trades.extend(self._recorded(count))
            self._cell = kernel.Cell(*decimals_of(*after))
        if found == stop or count == RECORDS:
            return int(found)
        self._decide_doubtful(int(found))
        return int(found) + 1

    def _decide_doubtful(self, number: int) -> None:
        self._trade(number, self._closes[number])

    def _recorded(self, count: int) -> Iterator[SimulatedTrade]:
        for bar, side, qty, price, commission in self._records[:count].tolist():
            yield SimulatedTrade(
                self._days[bar],
                SIDES[side],
                Decimal(qty).scaleb(-8),
                Decimal(price).scaleb(-6),
                Decimal(commission).scaleb(-6),
            )


def places_of(rules: kernel.Rules, policy: OrderPolicyConfig) -> Places:
    """Return what is booked with in whole numbers."""
    return Places(
        int(rules.unit * SHARE),
        int(rules.min_qty * SHARE),
        int(rules.min_notional * MICRO),
        int(rules.rate * SHARE),
        int(policy.slippage_bps * 10_000),
    )


def books_of(cell: kernel.Cell) -> Books:
    """Return an exact cell in whole numbers."""
    anchor, qty, cash, receivable = cell
    return Books(_micro(anchor), int(qty.scaleb(8)), _micro(cash), _micro(receivable))


def decimals_of(anchor: int, qty: int, cash: int, receivable: int) -> tuple[Decimal, ...]:
    """Return books as (anchor, qty, cash, receivable), exactly."""
    return (
        Decimal(anchor).scaleb(-6),
        Decimal(qty).scaleb(-8),
        Decimal(cash).scaleb(-6),
        Decimal(receivable).scaleb(-6),
    )


def _micro(amount: Decimal) -> int:
    return int(amount.scaleb(6))
