"""The rules folded over bars, from one bar that matters to the next.

Between two trades nothing moves but the price. A finder names the next bar at which the cell may trade; it
is decided there in Decimal, by the kernel, exactly as at every bar. Mornings with a split, a dividend or a
payment are stops. `fold.simulate_every_bar` is the plain way, and gives the same run to the last digit.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import partial

from market.values import History
from simulation.actions import Actions
from simulation.finders import FinderMaker, usual_finder
from simulation.fold import Run, SimulatedTrade
from simulation.series import Series, series_of
from simulation.setup import FillModel, Settings
from volbal import kernel
from volbal.fills import apply_fill, require_in_range
from volbal.numbers import MONEY_LIMIT, PRICE_TICK, QTY_LIMIT, ZERO, exact, to_six
from volbal.policy import decimal_arithmetic, kernel_cell, kernel_rules
from volbal.values import Fill, PositionState, Side

SIDES = {kernel.BUY: Side.BUY, kernel.SELL: Side.SELL}
_TEN_THOUSAND = Decimal(10_000)

# What `SimulatedTrade(...)` does, in half the time: one is made for every trade.
_trade = partial(tuple.__new__, SimulatedTrade)

Watch = Callable[[int], None]


def simulate(
    history: History,
    start: PositionState,
    settings: Settings,
    fill: FillModel,
    *,
    series: Series | None = None,
    finder: FinderMaker = usual_finder,
    watch: Watch | None = None,
) -> Run:
    """Fold the rules over `history`, beginning with its first bar, at whose close `start` holds.

    Dividends and splits dated on or before the first bar are ignored. `series` is the same history laid out
    before, to be shared by many runs. `watch` is told every now and then how many bars are done, and may end
    the run by raising. Raises ValueError without bars, and OutOfRange where the books could
    not keep the balances.
    """
    laid_out = series_of(history) if series is None else series
    with exact():
        return Engine(laid_out, start, settings, finder).run(fill, watch)


class Engine:
    """One run: the cell, the next stop, and what was traded so far."""

    def __init__(self, series: Series, start: PositionState, settings: Settings, finder: FinderMaker) -> None:
        policy = settings.order_policy
        self._series, self._days, self._closes = series, series.days, series.closes
        self._last = len(series)
        self._stops = iter(series.stops)
        self._next_stop = next(self._stops, self._last)
        self._actions = Actions(series.history)
        self._settings = settings
        self._rules = kernel_rules(settings.trigger, settings.guardrail, policy)
        self._ops = decimal_arithmetic(policy)
        self._next_bar = finder(series, self._rules, policy.order_sizing_strategy).next_bar
        self._rate = policy.commission_rate
        self._slippage_bps = policy.slippage_bps
        self._order_cap = settings.guardrail.max_orders_per_day
        self._fresh = kernel.Day(ZERO, self._order_cap == 0, False)
        self._cell = kernel_cell(start)
        self._take(start)
        self._trades: list[SimulatedTrade] = []

    def run(self, fill: FillModel, watch: Watch | None = None) -> Run:
        """Go through all bars."""
        self._at_close = fill is FillModel.CLOSE
        stretch, number, last = self._stretch, 0, self._last
        while number < last:
            if watch is not None:
                watch(number)
            if number == self._next_stop:
                self._begin_day(number)
            number = stretch(number, self._next_stop)
        return Run(final=self._state(), trades=tuple(self._trades), dividends_received=self._actions.received)

    def decide_bar(self, number: int, cell: kernel.Cell) -> tuple[bool, kernel.Cell]:
        """Decide one close for a cell that has an anchor; return (whether it traded, the cell then)."""
        self._cell = cell
        return self._trade(number, self._closes[number]) is not None, self._cell

    def _stretch(self, number: int, stop: int) -> int:
        """Go to the next bar that may trade before a stop, and visit it; return the bar to go on from."""
        found = self._next_bar(self._cell, number, stop) if self._has_anchor else stop
        if found >= stop:
            return stop
        if self._at_close:
            self._trade(found, self._closes[found])
            return found + 1
        return self._visit_next_open(found)

    def _begin_day(self, number: int) -> None:
        """Apply what is due by the morning of a stop."""
        day = self._series.days[number]
        self._take(require_in_range(self._actions.begin_day(self._state(), day)))
        self._next_stop = next(self._stops, self._last)

    def _visit_next_open(self, number: int) -> int:
        """Fill at the next open what a close asks for, if the open still asks, for as long as closes ask."""
        series, day = self._series, self._fresh
        while self._asks(series.closes[number], day) and number + 1 < self._last:
            number += 1
            if number == self._next_stop:
                self._begin_day(number)
            traded = self._trade(number, series.opens[number])
            day = self._fresh if traded is None else kernel.Day(traded, self._order_cap == 1, False)
        return number + 1

    def _asks(self, price: Decimal, day: kernel.Day) -> bool:
        if not self._has_anchor:
            return False
        return kernel.decide(price, self._cell, self._rules, day, self._ops).verdict == kernel.TRADE

    def _trade(self, number: int, price: Decimal) -> Decimal | None:
        """Decide at a price on a fresh day and fill there; return the notional of what was traded."""
        if not self._has_anchor:
            return None
        _, held, cash, receivable = cell = self._cell
        verdict, side, _, _, _, qty, _ = kernel.decide(price, cell, self._rules, self._fresh, self._ops)
        if verdict != kernel.TRADE:
            return None
        if self._slippage_bps:
            price = to_six(price * (_TEN_THOUSAND + side * self._slippage_bps) / _TEN_THOUSAND)
        notional: Decimal = (qty * price).quantize(PRICE_TICK)
        commission = (notional * self._rate).quantize(PRICE_TICK)
        if side == kernel.BUY:
            held, cash = held + qty, cash - notional - commission
        else:
            held, cash = held - qty, cash + notional - commission
        if not (ZERO <= cash < MONEY_LIMIT and ZERO <= held < QTY_LIMIT):
            self._refuse(side, qty, price, commission)
        # A plain tuple is made in a fifth of the time, and all that look at it unpack it.
        self._cell = price, held, cash, receivable  # type: ignore[assignment]
        self._trades.append(_trade((self._days[number], SIDES[side], qty, price, commission)))
        return notional

    def _refuse(self, side: int, qty: Decimal, price: Decimal, commission: Decimal) -> None:
        """Raise what the books would raise."""
        fill = Fill(side=SIDES[side], qty=qty, price=price, commission=commission)
        require_in_range(apply_fill(self._state(), fill))

    def _take(self, state: PositionState) -> None:
        self._ticker, self._has_anchor = state.ticker, state.anchor_price is not None
        self._cell = kernel_cell(state)

    def _state(self) -> PositionState:
        anchor, qty, cash, receivable = self._cell
        return PositionState(
            ticker=self._ticker,
            qty=qty,
            cash=cash,
            dividend_receivable=receivable,
            anchor_price=anchor if self._has_anchor else None,
        )
