"""The figures of runs as people read them: what each is called, what it says, and its unit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from configs.page_forms import shown
from configs.words import SETTINGS
from simulation.grid import groups_of
from simulation.models import Job
from simulation.overfitting import EXCESS
from simulation.requests import settings_of_job


class Words(NamedTuple):
    """A figure: its name, what it says, and how it is written (pct, money, ratio, count)."""

    label: str
    help: str
    how: str


FIGURES = {
    EXCESS: Words(
        "Lead over holding",
        "How much more than holding it earned a day, against how much that swung; a year's worth. Above 0 is"
        " better than holding.",
        "ratio",
    ),
    "excess_return_pct": Words(
        "Return above holding", "Its total return less that of just holding, in percent points.", "pct"
    ),
    "value_minus_hold": Words(
        "More than holding", "What it is worth at the end, less what holding the start is worth.", "money"
    ),
    "total_return_pct": Words("Total return", "What the value at the end is above that at the start.", "pct"),
    "annual_return_pct": Words(
        "Return a year", "The steady return a year that comes to the same total.", "pct"
    ),
    "sharpe_ratio": Words(
        "Sharpe ratio",
        "Return for the risk taken: mean daily return against its swings, a year's worth.",
        "ratio",
    ),
    "sortino_ratio": Words("Sortino ratio", "Like Sharpe, but only losing days count as risk.", "ratio"),
    "max_drawdown_pct": Words(
        "Deepest fall", "From the highest value so far to the lowest after it. Less is better.", "pct"
    ),
    "volatility_pct": Words("Swings", "How far daily returns spread, a year's worth. Less is calmer.", "pct"),
    "trade_count": Words("Trades", "How many trades were filled.", "count"),
    "turnover_pct": Words("Turnover", "All that was traded, in percent of the mean value.", "pct"),
    "commissions": Words("Fees", "All commissions paid.", "money"),
    "dividends_received": Words("Dividends, net", "Paid out, after tax withheld.", "money"),
    "inside_guardrails_pct": Words(
        "Days inside the guardrails", "Share of closes with the stock between both guardrails.", "pct"
    ),
}
# What a run's page tells, and what a ranking shows beside the figure that ranks.
TOLD = [name for name in FIGURES if name not in (EXCESS, "excess_return_pct", "value_minus_hold")]
BESIDE = ["total_return_pct", "max_drawdown_pct", "trade_count"]
ATTRIBUTION = {
    "from_trading": Words(
        "By trading", "Shares bought and sold, each against the price at the end.", "money"
    ),
    "from_commissions": Words("By commissions", "What the trades cost.", "money"),
    "from_dividends": Words(
        "By dividends", "Net dividends on the shares held beyond those of holding.", "money"
    ),
}
PARTS = {
    "all": "all days",
    "train": "the days that chose",
    "test": "the days that judged",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One figure of a run, and that of holding if there is one; None is not enough data."""

    name: str
    words: Words
    value: Decimal | None
    hold: Decimal | None


def figures_of(metrics: Mapping[str, Any]) -> list[Figure]:
    """Return the figures of a run's page."""
    return [
        Figure(
            name=name,
            words=FIGURES[name],
            value=number(metrics.get(name)),
            hold=number(metrics.get(f"hold_{name.removeprefix('total_')}")),
        )
        for name in TOLD
    ]


def attribution_of(metrics: Mapping[str, Any]) -> list[Figure]:
    """Return what a run's lead over holding is made of."""
    return [
        Figure(name=name, words=words, value=number(metrics.get(name)), hold=None)
        for name, words in ATTRIBUTION.items()
    ]


def number(raw: object) -> Decimal | None:
    """Read a figure as it was stored."""
    return None if raw is None else Decimal(str(raw))


def told_values(values: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return a trial's values as (label, value with its unit), in the grid's order."""
    groups = groups_of(values)
    found = {name: group for group, fields in groups.items() for name in fields}
    return [(SETTINGS[name].label, shown(found[name], name, groups[found[name]][name])) for name in values]


def told_settings(job: Job) -> list[tuple[str, str]]:
    """Return all settings of a run as (label, value with its unit)."""
    return [
        (SETTINGS[name].label, shown(group, name, value))
        for group, values in settings_of_job(job).by_group().items()
        for name, value in values.items()
    ]
