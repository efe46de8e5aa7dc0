"""A history laid out for searching: prices as decimals and as floats, and the bars where time must stop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from market.values import History


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One history's bars by number. `stops` are those with something due in their morning, ascending.

    `ticks` are the closes in millionths of a dollar. The floats only tell where to look; whatever happens is
    decided on the decimals.
    """

    history: History
    days: Sequence[date]
    opens: Sequence[Decimal]
    closes: Sequence[Decimal]
    floats: Sequence[float]
    ticks: Sequence[int]
    stops: Sequence[int]

    def __len__(self) -> int:
        return len(self.closes)


def series_of(history: History) -> Series:
    """Lay out a history. Raises ValueError without bars."""
    bars = history.bars
    if not bars:
        raise ValueError("a simulation needs at least one bar")
    days = [bar.date for bar in bars]
    closes = [bar.close for bar in bars]
    return Series(
        history=history,
        days=days,
        opens=[bar.open for bar in bars],
        closes=closes,
        floats=list(map(float, closes)),
        ticks=[int(close.scaleb(6)) for close in closes],
        stops=_stops(history, days),
    )


def _stops(history: History, days: Sequence[date]) -> list[int]:
    """Return the bars in whose morning a split, an ex-dividend or a payment is due; the first has none."""
    due = {split.date for split in history.splits}
    for dividend in history.dividends:
        due |= {dividend.ex_date, dividend.pay_date}
    ahead = sorted(day for day in due if days[0] < day)
    stops: list[int] = []
    number = 0
    for day in ahead:
        while number < len(days) and days[number] < day:
            number += 1
        if number < len(days) and (not stops or stops[-1] != number):
            stops.append(number)
    return stops
