"""Saved runs: asked for, worked off by whichever worker claims them, read again."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import date
from time import monotonic
from typing import Any
from uuid import UUID

from accounts.nudges import nudge
from accounts.transactions import (
    Stamp,
    lock_one,
    require_no_transaction,
    require_unit_of_work,
    unit_of_work,
)
from market.errors import UnknownTicker
from market.providers.registry import provider
from market.values import History
from orders.claims import Clock
from simulation.curve import course_of
from simulation.engine import simulate
from simulation.fold import Run
from simulation.jobs import LEASE, TASK, cancel, claim_first, finish, is_held, still_open
from simulation.metrics import metrics_of, yardstick_of
from simulation.models import JobStatus, Simulation, SimulationPoint, SimulationTrade, StoredHistory
from simulation.performance import thinned
from simulation.report import final_as_json, metrics_as_json
from simulation.requests import (
    Ground,
    RunRequest,
    as_csv,
    ground_of,
    ground_of_job,
    keep_history,
    settings_of_job,
)
from simulation.series import Series, series_of
from simulation.setup import FillModel, Settings, settings_as_facts
from volbal.errors import VolbalError
from volbal.numbers import exact, to_six

log = logging.getLogger(__name__)

# How often a run that takes long says how far it is, and asks whether it is still wanted.
_LOOK_EVERY_S = 0.5
MOST_POINTS = 1000


class _Cancelled(Exception):
    """Somebody has cancelled the run, or has taken it over."""


def start_simulation(*, tenant_id: UUID, request: RunRequest, stamp: Stamp) -> Simulation:
    """Save a run that is to be made, and have a worker woken for it.

    Raises what `ground_of` raises.
    """
    require_unit_of_work()
    run = Simulation(**job_columns(tenant_id, request, ground_of(request, tenant_id), stamp))
    run.save()
    nudge(TASK)
    return run


def job_columns(tenant_id: UUID, request: RunRequest, ground: Ground, stamp: Stamp) -> dict[str, Any]:
    """Return what a simulation and an optimization write down of what was asked for."""
    bars = ground.history.bars
    return {
        "tenant_id": tenant_id,
        "ticker": ground.history.ticker,
        "history": ground.stored,
        "first_date": bars[0].date,
        "last_date": bars[-1].date,
        "qty": ground.start.qty,
        "cash": ground.start.cash,
        "fill": request.fill.value,
        "settings": settings_as_facts(request.settings),
        "total": len(bars),
        "actor": stamp.actor,
    }


def cancel_simulation(*, tenant_id: UUID, simulation_id: UUID, stamp: Stamp) -> Simulation:
    """End a run that isn't over; one that is stays as it is. Raises NotFound."""
    return cancel(Simulation.objects.filter(tenant_id=tenant_id), simulation_id, stamp.at)


def fetch_history(
    *, tenant_id: UUID, ticker: str, start: date, end: date, provider_name: str | None = None
) -> StoredHistory:
    """Ask a market provider for a history and keep it for runs of this tenant.

    Opens its own unit of work after the network was used. Raises FeedError, and UnknownTicker for no bars.
    """
    require_no_transaction()
    source = provider(provider_name)
    history = History(
        ticker=ticker,
        bars=source.history(ticker, start, end),
        dividends=source.dividends(ticker),
        splits=source.splits(ticker),
    )
    if not history.bars:
        raise UnknownTicker(f"{source.name} has no bars of {ticker} between these dates.", ticker=ticker)
    with unit_of_work():
        return keep_history(tenant_id=tenant_id, ticker=ticker, source=source.name, **as_csv(history))


def work_off_simulations(*, clock: Clock, is_over: Callable[[], bool] = bool) -> int:
    """Make the runs that are waiting, and return how many. Opens its own units of work."""
    done = 0
    while not is_over():
        run = claim_first(still_open(Simulation.objects.all()), clock)
        if run is None:
            return done
        _work_off(run, clock)
        done += 1
    return done


def _work_off(run: Simulation, clock: Clock) -> None:
    try:
        ground = ground_of_job(run)
        series = series_of(ground.history)
        settings = settings_of_job(run)
        made = simulate(
            ground.history,
            ground.start,
            settings,
            FillModel(run.fill),
            series=series,
            watch=_Watch(run, clock),
        )
    except _Cancelled:
        return
    except VolbalError as error:
        _fail(run, clock, error.detail)
    except Exception:
        log.exception("simulation_failed", extra={"simulation": str(run.pk)})
        _fail(run, clock, "It ended with an error of the program.")
    else:
        _save(run, ground, series, settings, made, clock)


class _Watch:
    """Tells every now and then how far a run is, and ends it once nobody wants it any more."""

    def __init__(self, run: Simulation, clock: Clock) -> None:
        self._run, self._clock, self._next = run, clock, monotonic() + _LOOK_EVERY_S

    def __call__(self, bars_done: int) -> None:
        if monotonic() < self._next:
            return
        self._next = monotonic() + _LOOK_EVERY_S
        with unit_of_work():
            told = still_open(Simulation.objects.filter(pk=self._run.pk, claim=self._run.claim)).update(
                status=JobStatus.RUNNING, done=bars_done, claimed_until=self._clock() + LEASE
            )
        if not told:
            raise _Cancelled


def _fail(run: Simulation, clock: Clock, error: str) -> None:
    with unit_of_work():
        fresh = lock_one(Simulation.objects.filter(pk=run.pk), "run")
        if fresh.is_open and fresh.claim == run.claim:
            finish(fresh, JobStatus.FAILED, clock(), error=error)


def _save(
    run: Simulation, ground: Ground, series: Series, settings: Settings, made: Run, clock: Clock
) -> None:
    """Write down all that a run came to, unless somebody else has, or it was cancelled."""
    yardstick = yardstick_of(series, ground.start)
    course = course_of(series, ground.start, made.trades)
    metrics = metrics_of(ground.start, made, settings.guardrail, yardstick, course)
    trades = [
        SimulationTrade(simulation=run, number=number, **trade._asdict())
        for number, trade in enumerate(made.trades)
    ]
    with exact():
        values = list(
            zip(series.days, series.closes, course.values(), yardstick.course.values(), strict=True)
        )
        wanted = set(thinned(series.days, MOST_POINTS))
        value = to_six(made.final.qty * series.closes[-1]) + made.final.get_effective_cash()
    points = [
        SimulationPoint(simulation=run, date=day, close=close, value=worth, hold_value=held)
        for day, close, worth, held in values
        if day in wanted
    ]
    with unit_of_work():
        if not is_held(run) or not still_open(Simulation.objects.filter(pk=run.pk)).exists():
            return
        SimulationTrade.objects.bulk_create(trades, batch_size=500)
        SimulationPoint.objects.bulk_create(points, batch_size=500)
        Simulation.objects.filter(pk=run.pk).update(
            final=final_as_json(made.final, value),
            metrics=metrics_as_json(metrics),
            done=run.total,
            status=JobStatus.DONE,
            finished_at=clock(),
        )
