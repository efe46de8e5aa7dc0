"""Screening with the kernel compiled: a run in one call, but for the bars that Decimal must decide.

Import it only when there is enough to do: it takes a second.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from functools import cached_property
from operator import itemgetter

import numpy as np

from market.values import History
from simulation.certified import HIGHEST_PRICE, MICRO, SHARE, Books
from simulation.certified_run import BEYOND, EX_DIVIDEND, OVER, PAYMENT, SPLIT, Progress
from simulation.compiled import (
    RECORDS,
    CompiledSeries,
    books_of,
    decimals_of,
    is_certifiable,
    places_of,
)
from simulation.compiled_kernel import compiled_module
from simulation.engine import Engine, simulate
from simulation.finders import EveryBar, float_rules, is_proportional
from simulation.screening import Screened, screened
from simulation.series import Series
from simulation.setup import FillModel, Settings
from volbal import kernel
from volbal.dividends import withholding_rate
from volbal.numbers import exact
from volbal.policy import kernel_cell, kernel_rules
from volbal.values import PositionState

Morning = tuple[int, int, int, int]
_TAX_RATE = int(withholding_rate(None, None) * SHARE)


class CompiledScreen:
    """Screens settings on one history from one start, filled at the close."""

    def __init__(self, series: Series, start: PositionState) -> None:
        self._series, self._start = series, start
        laid_out, history = CompiledSeries(series), series.history
        self._can_run = start.anchor_price is not None and are_bookable(history)
        mornings = mornings_of(history, series.days) if self._can_run else []
        self._arrays = (
            laid_out.prices,
            laid_out.ticks,
            np.array(mornings, dtype=np.int64).reshape(-1, 4),
            np.zeros(len(history.dividends), dtype=np.int64),
            _TAX_RATE,
        )
        self._records = np.empty((RECORDS, 5), dtype=np.int64)

    def __call__(self, settings: Settings) -> Screened:
        with exact():
            if self._can_run and is_certifiable(settings):
                return self._run(settings)
            return self._simulated(settings)

    def _run(self, settings: Settings) -> Screened:
        policy = settings.order_policy
        strategy = policy.order_sizing_strategy
        rules = kernel_rules(settings.trigger, settings.guardrail, policy)
        go_on = compiled_module(strategy).go_on
        how = float_rules(rules), places_of(rules, policy), is_proportional(strategy), self._records
        at, engine = Progress(0, 0, 0, 0, self._first_books), None
        while True:
            state, at = go_on(*self._arrays, at, *how)
            if state == OVER:
                return self._screened(at)
            if state == BEYOND:
                return self._simulated(settings)
            if engine is None:
                engine = Engine(self._series, self._start, settings, _nothing_to_find)
            at = self._decided(at, engine)

    @cached_property
    def _first_books(self) -> Books:
        return books_of(kernel_cell(self._start))

    def _simulated(self, settings: Settings) -> Screened:
        series = self._series
        return screened(simulate(series.history, self._start, settings, FillModel.CLOSE, series=series))

    def _decided(self, at: Progress, engine: Engine) -> Progress:
        """Have Decimal decide a bar at which floats are in doubt."""
        traded, cell = engine.decide_bar(at.number, kernel.Cell(*decimals_of(*at.books)))
        books = books_of(cell) if traded else at.books
        return at._replace(number=at.number + 1, trades=at.trades + traded, books=books)

    def _screened(self, at: Progress) -> Screened:
        anchor, qty, cash, receivable = decimals_of(*at.books)
        final = PositionState(
            ticker=self._start.ticker,
            qty=qty,
            cash=cash,
            dividend_receivable=receivable,
            anchor_price=anchor,
        )
        return Screened(at.trades, final, Decimal(at.received).scaleb(-6))


def _nothing_to_find(series: Series, rules: kernel.Rules, strategy: str) -> EveryBar:
    """Make no finder: the bars to decide are known."""
    return EveryBar()


def mornings_of(history: History, days: Sequence[date]) -> list[Morning]:
    """Return what is due in the morning of which bar, in the order of `actions.Actions`."""
    due = sorted(_due(history, days[0]), key=itemgetter(0, 1))
    placed = [(bisect_left(days, on), kind, x, y) for on, kind, x, y in due]
    placed.sort(key=lambda row: (row[0], row[1] == PAYMENT))  # a morning's payments come after all else
    return [row for row in placed if row[0] < len(days)]


def _due(history: History, first: date) -> Iterator[tuple[date, int, int, int]]:
    for split in history.splits:
        if split.date > first:
            yield split.date, SPLIT, split.new_shares, split.old_shares
    for place, dividend in enumerate(history.dividends):
        ex_date, dps = dividend.ex_date, int(dividend.dps * MICRO)
        if ex_date > first:
            yield ex_date, EX_DIVIDEND, dps, place
            yield max(dividend.pay_date, ex_date), PAYMENT, dps, place


def are_bookable(history: History) -> bool:
    """Say whether dividends are whole millionths, and all of it small enough for whole numbers."""
    return all(
        dividend.dps * MICRO == int(dividend.dps * MICRO) and dividend.dps * MICRO < HIGHEST_PRICE
        for dividend in history.dividends
    ) and all(max(split.new_shares, split.old_shares) < MICRO for split in history.splits)
