"""Saved runs and optimizations as tables for a file. Columns: docs/exports.md."""

from __future__ import annotations

from collections.abc import Iterator

from accounts.export_table import Cell, ExportTable, export_table
from simulation.metrics import RANKED
from simulation.models import Optimization, Simulation
from simulation.overfitting import EXCESS
from simulation.verdicts import ranked_trials

TRADE_COLUMNS = {
    "date (New York)": "date",
    "side": "side",
    "qty": "qty",
    "price (USD)": "price",
    "commission (USD)": "commission",
}
POINT_COLUMNS = {
    "date (New York)": "date",
    "close (USD)": "close",
    "value (USD)": "value",
    "hold_value (USD)": "hold_value",
}


def simulation_trades_table(simulation: Simulation) -> ExportTable:
    """Return the trades of a run, in their order."""
    return export_table("simulation-trades", TRADE_COLUMNS, simulation.trades.order_by("number"))


def simulation_curve_table(simulation: Simulation) -> ExportTable:
    """Return the values of a run in time, beside those of holding."""
    return export_table("simulation-curve", POINT_COLUMNS, simulation.points.order_by("date"))


def trials_table(optimization: Optimization) -> ExportTable:
    """Return the settings that were tried, the best first, with their figures over all bars."""
    titles = ("rank", *optimization.grid, EXCESS, *RANKED)
    return ExportTable(name="optimization", titles=titles, rows=_trial_rows(optimization))


def _trial_rows(optimization: Optimization) -> Iterator[list[Cell]]:
    for rank, trial in enumerate(ranked_trials(optimization), 1):
        excess = trial.parts["all"].get(EXCESS)
        figures = [trial.metrics.get(name) for name in RANKED]
        yield [rank, *trial.values.values(), excess, *figures]
