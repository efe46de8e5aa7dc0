"""Optimizations: a grid of settings, in chunks that any number of workers share.

Source: docs/simulation.md.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from math import log
from statistics import pstdev
from uuid import UUID

from django.db.models import QuerySet

from accounts.nudges import nudge
from accounts.transactions import Stamp, lock_one, read_one, require_unit_of_work, unit_of_work
from configs.services import change_config
from orders.claims import Clock
from positions.models import Position
from simulation.grid import (
    all_values,
    groups_of,
    read_grid,
    settings_of_trial,
    trial_count,
    trial_values,
)
from simulation.jobs import TASK, cancel, claim_first, finish, free_at, is_held
from simulation.models import (
    OPEN_STATUSES,
    JobStatus,
    Optimization,
    OptimizationChunk,
    Trial,
)
from simulation.overfitting import EXCESS
from simulation.pull_back import pull_back_score
from simulation.report import metrics_as_json
from simulation.requests import RunRequest, ground_of, ground_of_job, settings_of_job
from simulation.runs import job_columns
from simulation.setup import FillModel, Settings
from simulation.trials import Bench, bench_of, spans_of, try_out
from simulation.verdicts import RANKS, verdict_of
from volbal.errors import OutOfRange, VolbalError

logger = logging.getLogger(__name__)

# A chunk is about this much work, and never so much that its claim runs out.
CHUNK_S = 0.25
# What one setting takes: to begin with, for each bar, for each trade.
TRIAL_S, BAR_S, TRADE_S = 1e-3, 1.5e-6, 12e-6
MOST_FOLDS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class OptimizationRequest:
    """A grid over a run: values by field, what ranks, how much of the history chooses, folds to walk."""

    run: RunRequest
    grid: Mapping[str, Sequence[object]]
    rank_by: str = EXCESS
    train_pct: int = 60
    folds: int = 4


def start_optimization(*, tenant_id: UUID, request: OptimizationRequest, stamp: Stamp) -> Optimization:
    """Save a grid that is to be tried, cut into chunks, and have workers woken for it.

    Raises what `ground_of` and `read_grid` raise, InvalidConfig for values that don't fit together, and
    OutOfRange for parts of no size.
    """
    require_unit_of_work()
    grid, base = read_grid(request.grid), request.run.settings
    _check(request)
    settings = [settings_of_trial(values, base) for values in all_values(grid)]
    ground = ground_of(request.run, tenant_id)
    columns = job_columns(tenant_id, request.run, ground, stamp) | {"total": len(settings)}
    optimization = Optimization(
        **columns,
        grid=grid,
        rank_by=request.rank_by,
        train_pct=request.train_pct,
        folds=request.folds,
    )
    optimization.save()
    closes = tuple(float(bar.close) for bar in ground.history.bars)
    OptimizationChunk.objects.bulk_create(
        OptimizationChunk(optimization=optimization, first=first, stop=stop)
        for first, stop in chunks_of([expected_s(one, closes) for one in settings])
    )
    nudge(TASK)
    return optimization


def cancel_optimization(*, tenant_id: UUID, optimization_id: UUID, stamp: Stamp) -> Optimization:
    """End one that isn't over; what was tried stays. Raises NotFound."""
    return cancel(Optimization.objects.filter(tenant_id=tenant_id), optimization_id, stamp.at)


def use_settings(
    *, tenant_id: UUID, optimization_id: UUID, number: int, position_id: UUID, stamp: Stamp
) -> dict[str, str]:
    """Write a trial's values into a position's own settings, audited; return them.

    Locks the position. Raises NotFound, PositionClosed, InvalidConfig.
    """
    position = Position.objects.lock(position_id, tenant_id=tenant_id)
    optimization = read_one(
        Optimization.objects.filter(tenant_id=tenant_id, pk=optimization_id), "optimization"
    )
    if not 0 <= number < trial_count(optimization.grid):
        raise OutOfRange("There is no setting of this number.", field="number")
    values = trial_values(optimization.grid, number)
    for group, fields in groups_of(values).items():
        if fields:
            change_config(group=group, scope="POSITION", values=fields, position_id=position.pk, stamp=stamp)
    return values


def work_off_optimizations(*, clock: Clock, is_over: Callable[[], bool] = bool) -> int:
    """Try what is waiting, chunk by chunk, and return how many chunks. Opens its own units of work."""
    done = 0
    while not is_over():
        chunk = claim_first(_waiting(), clock)
        if chunk is None:
            return done
        if not done:
            _call_others(clock)
        _work_off(chunk, clock)
        done += 1
    return done


def chunks_of(seconds: Sequence[float]) -> Iterator[tuple[int, int]]:
    """Cut settings, each with what it takes, into successive chunks of about CHUNK_S."""
    first, sum_s = 0, 0.0
    for number, needed_s in enumerate(seconds):
        sum_s += needed_s
        if sum_s >= CHUNK_S or number == len(seconds) - 1:
            yield first, number + 1
            first, sum_s = number + 1, 0.0


def expected_s(settings: Settings, closes: tuple[float, ...]) -> float:
    """Guess how long a setting takes: it trades about as often as a walk leaves a band of its width."""
    trigger = settings.trigger
    width = float(min(trigger.up_threshold_pct, trigger.down_threshold_pct)) / 100
    share = min(1.0, (_step_of(closes) / width) ** 2)
    return TRIAL_S + len(closes) * (BAR_S + share * TRADE_S)


@lru_cache(maxsize=4)
def _step_of(closes: tuple[float, ...]) -> float:
    """Return the deviation of the daily steps of prices, as a fraction."""
    steps = [log(after / before) for before, after in pairwise(closes)]
    return pstdev(steps) if len(steps) > 1 else 0.0


def _check(request: OptimizationRequest) -> None:
    if request.rank_by not in RANKS:
        raise OutOfRange(f"rank_by: choose one of {', '.join(sorted(RANKS))}.", field="rank_by")
    if not 10 <= request.train_pct <= 100:
        raise OutOfRange("train_pct: 10 to 100.", field="train_pct")
    if not 0 <= request.folds <= MOST_FOLDS:
        raise OutOfRange(f"folds: 0 to {MOST_FOLDS}.", field="folds")


def _waiting() -> QuerySet[OptimizationChunk]:
    rows = OptimizationChunk.objects.filter(is_done=False, optimization__status__in=OPEN_STATUSES)
    return rows.order_by("optimization__created_at", "optimization_id", "first")


def _call_others(clock: Clock) -> None:
    """Have one more worker woken, if there is more to do than what was just claimed; it does the same."""
    with unit_of_work():
        if _waiting().filter(free_at(clock())).exists():
            nudge(TASK)


def _work_off(chunk: OptimizationChunk, clock: Clock) -> None:
    optimization = Optimization.objects.select_related("history").get(pk=chunk.optimization_id)
    try:
        trials = list(_tried(optimization, chunk))
    except VolbalError as error:
        _fail(optimization, clock, error.detail)
    except Exception:
        logger.exception("optimization_failed", extra={"optimization": str(optimization.pk)})
        _fail(optimization, clock, "It ended with an error of the program.")
    else:
        _save(chunk, trials, clock)


def _tried(optimization: Optimization, chunk: OptimizationChunk) -> Iterator[Trial]:
    bench, base = _bench(optimization.pk), settings_of_job(optimization)
    for number in range(chunk.first, chunk.stop):
        values = trial_values(optimization.grid, number)
        try:
            tried = try_out(bench, settings_of_trial(values, base))
        except VolbalError as error:
            yield Trial(
                optimization=optimization,
                number=number,
                values=values,
                metrics={"error": error.detail},
                parts={},
                blocks=[],
            )
            continue
        parts = {name: metrics_as_json(part) for name, part in tried.parts.items()}
        yield Trial(
            optimization=optimization,
            number=number,
            values=values,
            metrics=metrics_as_json(tried.metrics),
            parts=parts,
            blocks=tried.blocks,
        )


@lru_cache(maxsize=4)
def _bench(optimization_id: UUID) -> Bench:
    """Lay out an optimization's history once a process: what it is tried on never changes."""
    optimization = Optimization.objects.select_related("history").get(pk=optimization_id)
    ground = ground_of_job(optimization)
    spans = spans_of(len(ground.history.bars), optimization.train_pct, optimization.folds)
    return bench_of(ground.history, ground.start, FillModel(optimization.fill), spans, optimization.total)


def _save(chunk: OptimizationChunk, trials: Sequence[Trial], clock: Clock) -> None:
    """Write down what a chunk came to, once, and the verdict with the last one."""
    with unit_of_work():
        optimization = lock_one(Optimization.objects.filter(pk=chunk.optimization_id), "optimization")
        if not optimization.is_open or not is_held(chunk):
            return
        Trial.objects.bulk_create(trials, batch_size=200)
        OptimizationChunk.objects.filter(pk=chunk.pk).update(is_done=True)
        optimization.done += len(trials)
        optimization.status = JobStatus.RUNNING
        if optimization.done == optimization.total:
            optimization.status, optimization.finished_at = JobStatus.DONE, clock()
            series = _bench(optimization.pk).series
            optimization.verdict = verdict_of(optimization, pull_back_score(series))
        optimization.save(update_fields=["done", "status", "finished_at", "verdict"])


def _fail(optimization: Optimization, clock: Clock, error: str) -> None:
    with unit_of_work():
        fresh = lock_one(Optimization.objects.filter(pk=optimization.pk), "optimization")
        if fresh.is_open:
            finish(fresh, JobStatus.FAILED, clock(), error=error)
