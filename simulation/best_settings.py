"""The best of many settings by what is left at the end, for a terminal or as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from heapq import nlargest
from operator import attrgetter
from typing import IO, Any

from simulation.fold import value_of
from simulation.grid import Grid, trial_count
from simulation.grid_line import settings_on
from simulation.holding import hold
from simulation.replay import ReplayOrder
from simulation.screening import screener_for
from simulation.series import series_of
from volbal.numbers import plain


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """One setting: its values, its trades, and what its cell was worth at the last close, in dollars."""

    values: Mapping[str, str]
    trades: int
    value: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Screening:
    """The best settings of a grid, best first, and what holding came to; amounts in dollars."""

    order: ReplayOrder
    fields: Sequence[str]
    tried: int
    better_than_holding: int
    hold_value: Decimal
    best: Sequence[Contender]

    @property
    def warning(self) -> str:
        """What must be known before any of it is believed."""
        return (
            f"{self.tried:,} settings were tried, {self.better_than_holding:,} ended above holding. "
            "The best of many is partly luck: an optimization judges whether it is more."
        )


def screen_grid(order: ReplayOrder, grid: Grid, fixed: Sequence[str], best: int) -> Screening:
    """Try every setting of a grid over one history; `order` has that, the start and the fill model.

    Of equal values the one tried first is the better. Raises InvalidConfig for settings that don't fit
    together, and OutOfRange where the books could not keep the balances.
    """
    history, start = order.history, order.start
    last_close, trials = history.bars[-1].close, trial_count(grid)
    settings = list(settings_on(grid, fixed))
    screen = screener_for(series_of(history), start, order.fill, trials)
    contenders = []
    for values, one in settings:
        trades, final, _ = screen(one)
        contenders.append(Contender(values=values, trades=trades, value=value_of(final, last_close)))
    hold_value = value_of(hold(history, start), last_close)
    return Screening(
        order=order,
        fields=list(grid),
        tried=trials,
        better_than_holding=sum(one.value > hold_value for one in contenders),
        hold_value=hold_value,
        best=nlargest(best, contenders, key=attrgetter("value")),
    )


def as_json(screening: Screening) -> dict[str, Any]:
    """Return it as plain JSON; decimals are strings."""
    bars = screening.order.history.bars
    return {
        "ticker": screening.order.history.ticker,
        "from": bars[0].date.isoformat(),
        "to": bars[-1].date.isoformat(),
        "bars": len(bars),
        "tried": screening.tried,
        "better_than_holding": screening.better_than_holding,
        "hold_value": plain(screening.hold_value),
        "warning": screening.warning,
        "best": [
            {
                "settings": dict(one.values),
                "trades": one.trades,
                "value": plain(one.value),
                "against_holding": plain(one.value - screening.hold_value),
            }
            for one in screening.best
        ],
    }


def print_best(screening: Screening, stream: IO[str]) -> None:
    """Print the best settings as a table, and what is to be known about them."""
    from rich.console import Console  # costs more than a small screening
    from rich.table import Table

    bars = screening.order.history.bars
    ticker = screening.order.history.ticker
    table = Table(title=f"{ticker}, {bars[0].date} to {bars[-1].date}: {len(bars)} sessions")
    for heading in (*screening.fields, "trades", "value", "against holding"):
        table.add_column(heading, justify="right")
    for one in screening.best:
        gain = one.value - screening.hold_value
        table.add_row(*one.values.values(), f"{one.trades:,}", f"{one.value:,.2f}", f"{gain:+,.2f}")
    console = Console(file=stream)
    console.print(table)
    console.print(screening.warning, soft_wrap=True, highlight=False)
