"""The rules folded over bars: the plain way, every bar decided in Decimal.

`engine.simulate` does the same much faster; this is what it is held against.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from market.values import DayBar, History
from simulation.actions import Actions
from simulation.setup import FillModel, Settings
from volbal import kernel
from volbal.fills import apply_fill, commission_on, notional_of, require_in_range, slipped_price
from volbal.numbers import exact, to_six
from volbal.policy import decimal_arithmetic, kernel_cell, kernel_day, kernel_rules
from volbal.trigger import SIDES
from volbal.values import DayActivity, Fill, Gates, PositionState, Side


class SimulatedTrade(NamedTuple):
    """One fill: the session's date, shares, price per share, commission in dollars."""

    date: date
    side: Side
    qty: Decimal
    price: Decimal
    commission: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What a fold ended in, with every trade; `dividends_received` is net and paid, in dollars."""

    final: PositionState
    trades: tuple[SimulatedTrade, ...]
    dividends_received: Decimal


def simulate_every_bar(
    history: History,
    start: PositionState,
    settings: Settings,
    fill: FillModel,
    seen: Callable[[DayBar, PositionState], None] | None = None,
) -> Run:
    """Fold the rules over `history`, beginning with its first bar, at whose close `start` holds.

    `seen` is told the state after each bar. Dividends and splits dated on or before the first bar are
    ignored. Raises ValueError without bars, and OutOfRange where the books could not keep the balances.
    """
    if not history.bars:
        raise ValueError("a simulation needs at least one bar")
    with exact():
        fold = _Fold(history, start, settings)
        step = fold.trade_at_close if fill is FillModel.CLOSE else fold.trade_at_next_open
        for bar in history.bars:
            fold.begin_day(bar)
            step(bar)
            if seen is not None:
                seen(bar, fold.state)
    return Run(
        final=fold.state,
        trades=tuple(fold.trades),
        dividends_received=fold.actions.received,
    )


class _Fold:
    """The state that is carried from bar to bar."""

    def __init__(self, history: History, start: PositionState, settings: Settings) -> None:
        self.state = start
        self.trades: list[SimulatedTrade] = []
        self.actions = Actions(history)
        self._settings = settings
        self._rules = kernel_rules(settings.trigger, settings.guardrail, settings.order_policy)
        self._ops = decimal_arithmetic(settings.order_policy)
        self._wants_next_open = False
        self._day = date.min
        self._today = DayActivity()

    def begin_day(self, bar: DayBar) -> None:
        """Apply what is due by the morning of the bar's date: splits, ex-dividends, payments."""
        self._day, self._today = bar.date, DayActivity()
        self.state = require_in_range(self.actions.begin_day(self.state, bar.date))

    def trade_at_close(self, bar: DayBar) -> None:
        """Decide on the close and fill there."""
        self._decide_and_fill(bar.close)

    def trade_at_next_open(self, bar: DayBar) -> None:
        """Fill at the open what the last close asked for, if the open still asks; then decide the close."""
        if self._wants_next_open:
            self._decide_and_fill(bar.open)
        outcome = self._outcome(bar.close)
        self._wants_next_open = outcome is not None and outcome.verdict == kernel.TRADE

    def _outcome(self, price: Decimal) -> kernel.Outcome | None:
        if self.state.anchor_price is None:
            return None
        day = kernel_day(self._today, self._settings.guardrail, Gates())
        return kernel.decide(price, kernel_cell(self.state), self._rules, day, self._ops)

    def _decide_and_fill(self, price: Decimal) -> None:
        outcome = self._outcome(price)
        if outcome is None or outcome.verdict != kernel.TRADE:
            return
        side = SIDES[outcome.side]
        if side is not None:
            self._fill(side, outcome.qty, price)

    def _fill(self, side: Side, qty: Decimal, price: Decimal) -> None:
        policy = self._settings.order_policy
        fill_price = slipped_price(side, price, policy.slippage_bps)
        notional = notional_of(qty, fill_price)
        commission = commission_on(notional, policy.commission_rate)
        fill = Fill(side=side, qty=qty, price=fill_price, commission=commission)
        self.state = require_in_range(apply_fill(self.state, fill)).set_anchor_price(fill_price)
        self._today = replace(
            self._today, orders=self._today.orders + 1, notional=self._today.notional + notional
        )
        self.trades.append(
            SimulatedTrade(date=self._day, side=side, qty=qty, price=fill_price, commission=commission)
        )


def value_of(state: PositionState, price: Decimal) -> Decimal:
    """Return shares x price to 6 places, plus cash and receivable, in dollars."""
    with exact():
        return to_six(state.qty * price) + state.get_effective_cash()
