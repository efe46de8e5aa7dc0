"""Whether a simulation looks ahead: what comes after a day becomes noise, and nothing before may change.

Source: docs/simulation.md, "Looking ahead".
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from market.values import DayBar, DividendFact, History
from simulation.engine import simulate
from simulation.fold import SimulatedTrade
from simulation.setup import FillModel, Settings
from volbal.numbers import PRICE_TICK
from volbal.values import PositionState

_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True, kw_only=True)
class Peek:
    """A day at which the future made a difference: what was traded up to it with the one and the other."""

    day: date
    seed: int
    with_history: tuple[SimulatedTrade, ...]
    with_noise: tuple[SimulatedTrade, ...]


def peeks(
    history: History,
    start: PositionState,
    settings: Settings,
    fill: FillModel,
    *,
    days: Sequence[date],
    seed: int,
) -> list[Peek]:
    """Return the days up to which a trade depends on what comes after them; none is as it must be."""
    whole = simulate(history, start, settings, fill).trades
    found = []
    for number, day in enumerate(days):
        noisy = with_noise_after(history, day, seed + number)
        other = simulate(noisy, start, settings, fill).trades
        before = tuple(trade for trade in whole if trade.date <= day)
        then = tuple(trade for trade in other if trade.date <= day)
        if before != then:
            found.append(Peek(day=day, seed=seed + number, with_history=before, with_noise=then))
    return found


def with_noise_after(history: History, day: date, seed: int) -> History:
    """Return the history with every price and corporate action after a day replaced by made-up ones.

    A dividend that was announced by an ex-date up to that day keeps its pay date: it was known.
    """
    choose = random.Random(seed)  # noqa: S311
    kept = tuple(bar for bar in history.bars if bar.date <= day)
    later = [bar for bar in history.bars if bar.date > day]
    price = kept[-1].close if kept else history.bars[0].close
    noise = []
    for bar in later:
        price = _moved(choose, price)
        noise.append(_bar(bar, _moved(choose, price), price))
    dividends = tuple(d for d in history.dividends if d.ex_date <= day)
    return replace(
        history,
        bars=(*kept, *noise),
        dividends=(*dividends, *_made_up_dividends(choose, later)),
        splits=tuple(split for split in history.splits if split.date <= day),
    )


def checked_days(history: History, count: int) -> list[date]:
    """Return so many days spread evenly over a history, its last one left out."""
    days = [bar.date for bar in history.bars[:-1]]
    step = max(len(days) // count, 1)
    return days[step - 1 :: step][:count]


def _moved(choose: random.Random, price: Decimal) -> Decimal:
    """Move by as much as real prices do: trading on wilder noise would soon earn more than the books keep."""
    moved = (price * Decimal(repr(choose.uniform(0.97, 1.0315)))).quantize(_CENT)
    return min(max(moved, PRICE_TICK, _CENT), Decimal(100_000))


def _bar(bar: DayBar, open_: Decimal, close: Decimal) -> DayBar:
    return replace(bar, open=open_, close=close, high=max(open_, close), low=min(open_, close))


def _made_up_dividends(choose: random.Random, later: Sequence[DayBar]) -> list[DividendFact]:
    days = sorted(choose.sample([bar.date for bar in later], min(3, len(later))))
    return [DividendFact(ex_date=day, pay_date=day, dps=_CENT) for day in days]
