"""Corporate actions in a simulation: what is due each morning."""

from __future__ import annotations

from collections import deque
from datetime import date
from decimal import Decimal

from market.values import History
from volbal.dividends import apply_split, go_ex_dividend, receive_dividend, withholding_rate
from volbal.numbers import ZERO
from volbal.values import PositionState


class Actions:
    """The actions of one history that are still to come. `received` is net dividends paid, in dollars.

    Those dated on or before the first bar are ignored: the start already knows them.
    """

    def __init__(self, history: History) -> None:
        first = history.bars[0].date
        self.received = ZERO
        self._splits = deque(split for split in history.splits if split.date > first)
        self._dividends = deque(d for d in history.dividends if d.ex_date > first)
        self._pending: list[tuple[date, Decimal]] = []
        self._next = self._next_date()

    def begin_day(self, state: PositionState, day: date) -> PositionState:
        """Return the state after what is due by the morning of `day`: each date's splits before its
        ex-dividends, then all payments.
        """
        while self._next <= day:
            if self._splits and self._splits[0].date == self._next:
                split = self._splits.popleft()
                state = apply_split(state, split.new_shares, split.old_shares)
            else:
                dividend = self._dividends.popleft()
                state, gross, tax = go_ex_dividend(state, dividend.dps, withholding_rate(None, None))
                self._pending.append((dividend.pay_date, gross - tax))
            self._next = self._next_date()
        return self._pay(state, day) if self._pending else state

    def _next_date(self) -> date:
        split = self._splits[0].date if self._splits else date.max
        dividend = self._dividends[0].ex_date if self._dividends else date.max
        return min(split, dividend)

    def _pay(self, state: PositionState, day: date) -> PositionState:
        for pay_date, net in self._pending:
            if pay_date <= day:
                state = receive_dividend(state, net)
                self.received += net
        self._pending = [(pay_date, net) for pay_date, net in self._pending if pay_date > day]
        return state
