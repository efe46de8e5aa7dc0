"""What the form of a run begins with: a cell, another run, a setting that was tried, or nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.http import HttpRequest

from accounts.errors import NotFound
from accounts.page_access import tenant_seen
from accounts.transactions import read_one
from configs.layers import Layers, Values, effective_for_new, layers_of, value_in
from configs.resolver import EffectiveConfig
from market.providers.registry import provider
from positions.cell_pages import cell_of, cell_stamp
from positions.models import Position
from simulation.grid import settings_of_trial, trial_count, trial_values
from simulation.models import Job, Optimization, Simulation
from simulation.requests import settings_of_job
from simulation.setup import Settings
from volbal.fields import GROUPS
from volbal.trading_day import trading_date

NOTHING: Values = {group: {} for group in GROUPS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Beginning:
    """What the fields show at first: `typed` as if somebody had typed it, settings layer by layer."""

    layers: Layers
    typed: Mapping[str, Any] = field(default_factory=dict)
    cell: Position | None = None


def beginning_of(request: HttpRequest, position_id: UUID | None) -> Beginning:
    """Return what the form begins with, by its address. Raises NotFound for what is another tenant's."""
    if position_id is not None:
        return _of_cell(request, cell_of(request, position_id))
    run, trial = request.GET.get("run", ""), request.GET.get("trial", "")
    if run:
        job: Job = _job(Simulation, request, run)
        return _of_job(request, job, settings_of_job(job))
    if trial:
        optimization = _job(Optimization, request, trial)
        return _of_job(request, optimization, _tried(optimization, request.GET.get("number", "")))
    return Beginning(layers=_layers(effective_for_new(tenant_seen(request), "", NOTHING), NOTHING))


def _of_cell(request: HttpRequest, cell: Position) -> Beginning:
    """Begin with what the cell has now. One on stored history sees nothing of what comes after its day."""
    state = cell.state()
    typed: dict[str, Any] = {"ticker": cell.ticker, "qty": state.qty, "cash": state.get_effective_cash()}
    if provider(cell.market_provider).is_confirmed:
        typed["end"] = trading_date(cell_stamp(request, cell.market_provider).at)
    return Beginning(layers=layers_of(cell), typed=typed, cell=cell)


def _of_job(request: HttpRequest, job: Job, settings: Settings) -> Beginning:
    """Show as own values what differs from what the account has set."""
    inherited = effective_for_new(tenant_seen(request), job.ticker, NOTHING)
    own = {
        group: {name: value for name, value in values.items() if value != value_in(inherited, group, name)}
        for group, values in settings.by_group().items()
    }
    typed = {
        "ticker": job.ticker,
        "start": job.first_date,
        "end": job.last_date,
        "qty": job.qty.normalize(),
        "cash": job.cash.normalize(),
        "fill": job.fill,
        "source": f"kept:{job.history_id}" if job.history_id else "stored",
    }
    return Beginning(layers=_layers(inherited, own), typed=typed)


def _layers(inherited: EffectiveConfig, own: Values) -> Layers:
    said = {group: {name: own[group].get(name) for name in fields} for group, fields in GROUPS.items()}
    return Layers(own=said, inherited=inherited, effective=inherited)


def _tried(optimization: Optimization, number: str) -> Settings:
    base = settings_of_job(optimization)
    if not number.isdecimal() or int(number) >= trial_count(optimization.grid):
        return base
    return settings_of_trial(trial_values(optimization.grid, int(number)), base)


def _job(model: Any, request: HttpRequest, text: str) -> Any:
    try:
        key = UUID(text)
    except ValueError:
        raise NotFound("There is no such run.") from None
    return read_one(model.objects.filter(tenant=tenant_seen(request), pk=key), "run")
