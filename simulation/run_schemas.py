"""The shapes of simulations and optimizations in the API."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BeforeValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from accounts.api_types import DayIn, DecimalOut, InSchema, MoneyIn, OutSchema, QtyIn, TickerIn, WholeIn
from simulation.models import Optimization, Simulation
from simulation.optimizations import OptimizationRequest
from simulation.overfitting import EXCESS, Candidate
from simulation.report import metrics_as_json
from simulation.requests import EMPTY_DIVIDENDS, EMPTY_SPLITS, RunRequest, settings_from_groups
from simulation.setup import FillModel
from volbal.fields import JsonNumber


def _file(raw: object) -> object:
    """Take the text of a file; a number is none, and neither is what no database keeps."""
    if not isinstance(raw, str) or isinstance(raw, JsonNumber):
        raise PydanticCustomError("out-of-range", "must be text.")
    if not raw:
        raise PydanticCustomError("out-of-range", "is empty; leave it away, or give at least its titles.")
    if "\0" in raw or any("\ud800" <= sign <= "\udfff" for sign in raw):
        raise PydanticCustomError("out-of-range", "must be text without NUL and lone surrogates.")
    return raw


FileIn = Annotated[str, BeforeValidator(_file), WithJsonSchema({"type": "string", "minLength": 1})]


class SettingsIn(InSchema):
    """Settings that differ from the defaults, by group; null or "none" is no limit."""

    trigger: dict[str, Any] = {}
    guardrail: dict[str, Any] = {}
    order_policy: dict[str, Any] = {}


class SimulationIn(InSchema):
    """A run: which days of which ticker, both inclusive, from what start, with what settings and fills.

    Without `qty` 100 shares, without `cash` as much as they cost; without days all there are.
    """

    ticker: TickerIn
    first_date: DayIn | None = None
    last_date: DayIn | None = None
    qty: QtyIn | None = None
    cash: MoneyIn | None = None
    fill: FillModel = FillModel.CLOSE
    settings: SettingsIn = SettingsIn()
    history_id: UUID | None = None


class HistoryIn(InSchema):
    """Past prices as the text of CSV files, with titles, the oldest day first. Days may be missing."""

    ticker: TickerIn
    bars: FileIn
    dividends: FileIn = EMPTY_DIVIDENDS
    splits: FileIn = EMPTY_SPLITS


class HistoryOut(OutSchema):
    """A history brought along, for runs of this tenant."""

    id: UUID
    ticker: str
    source: str
    created_at: datetime


class OptimizationIn(SimulationIn):
    """A grid over a run: a list of values for each field; settings that aren't in it are shared by all."""

    grid: dict[str, list[Any]]
    rank_by: str = EXCESS
    train_pct: WholeIn = 60
    folds: WholeIn = 4


class JobOut(OutSchema):
    """How far it is: `done` of `total` bars, or settings tried."""

    id: UUID
    ticker: str
    first_date: date
    last_date: date
    qty: DecimalOut
    cash: DecimalOut
    fill: str
    settings: dict[str, dict[str, Any]]
    status: str
    error: str
    done: int
    total: int
    created_at: datetime
    finished_at: datetime | None


class SimulatedTradeOut(OutSchema):
    """One fill: shares, dollars per share, dollars."""

    date: date
    side: str
    qty: DecimalOut
    price: DecimalOut
    commission: DecimalOut


class SimulatedPointOut(OutSchema):
    """Values in dollars at one close; of a long run at every so many."""

    date: date
    close: DecimalOut
    value: DecimalOut
    hold_value: DecimalOut


class SimulationOut(JobOut):
    """A saved run; figures, trades and curve once it is done. A figure that is null has not enough data."""

    final: dict[str, str | None] | None
    metrics: dict[str, str | int | None] | None
    trades: list[SimulatedTradeOut]
    value_curve: list[SimulatedPointOut]


class TrialOut(OutSchema):
    """One setting of the grid: its number, values, and figures by part of the history."""

    number: int
    values: dict[str, str]
    metrics: dict[str, str | int | None]
    parts: dict[str, dict[str, str | int | None]]


class OptimizationJobOut(JobOut):
    """A saved optimization; the verdict is said when all settings were tried."""

    grid: dict[str, list[str]]
    rank_by: str
    train_pct: int
    folds: int
    verdict: dict[str, Any] | None


class TrialPage(OutSchema):
    """One page of the settings tried so far, the best first."""

    items: list[TrialOut]
    count: int


class OptimizationOut(OptimizationJobOut):
    """A saved optimization and what was tried."""

    trials: TrialPage


class SimulationPage(OutSchema):
    """One page of the saved runs, newest first."""

    items: list[JobOut]
    count: int


class OptimizationPage(OutSchema):
    """One page of the saved optimizations, newest first."""

    items: list[OptimizationJobOut]
    count: int


def run_request(payload: SimulationIn) -> RunRequest:
    """Read what is asked for. Raises UnknownField, InvalidNumber, OutOfRange or InvalidConfig."""
    settings = payload.settings
    groups = {
        "trigger": settings.trigger,
        "guardrail": settings.guardrail,
        "order_policy": settings.order_policy,
    }
    return RunRequest(
        ticker=payload.ticker,
        start=payload.first_date,
        end=payload.last_date,
        qty=payload.qty,
        cash=payload.cash,
        settings=settings_from_groups(groups),
        fill=payload.fill,
        history_id=payload.history_id,
    )


def optimization_request(payload: OptimizationIn) -> OptimizationRequest:
    """Read what is asked for. Raises what `run_request` raises."""
    return OptimizationRequest(
        run=run_request(payload),
        grid=payload.grid,
        rank_by=payload.rank_by,
        train_pct=payload.train_pct,
        folds=payload.folds,
    )


def simulation_out(run: Simulation) -> dict[str, Any]:
    """Return a run in the shape of SimulationOut."""
    return {
        **_columns(run, JobOut),
        "final": run.final,
        "metrics": run.metrics and _by_name(run.metrics),
        "trades": list(run.trades.order_by("number")),
        "value_curve": list(run.points.order_by("date")),
    }


def optimization_out(
    optimization: Optimization, trials: list[Candidate], limit: int, offset: int
) -> dict[str, Any]:
    """Return an optimization in the shape of OptimizationOut."""
    items = [_trial_out(trial) for trial in trials[offset : offset + limit]]
    return {
        **_columns(optimization, OptimizationJobOut),
        "trials": {"items": items, "count": len(trials)},
    }


def _trial_out(trial: Candidate) -> dict[str, Any]:
    return {
        "number": trial.number,
        "values": dict(trial.values),
        "metrics": _by_name(metrics_as_json(trial.metrics)),
        "parts": _by_name({name: _by_name(metrics_as_json(part)) for name, part in trial.parts.items()}),
    }


def _by_name(named: dict[str, Any]) -> dict[str, Any]:
    """Return the same in the order of its names: not every database keeps the one it was given."""
    return dict(sorted(named.items()))


def _columns(row: Simulation | Optimization, shape: type[JobOut]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in shape.model_fields}
