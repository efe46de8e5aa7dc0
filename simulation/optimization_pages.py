"""Pages of optimizations: asking for one, how far it is, ranking, picture and verdict."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from accounts.page_access import page, tenant_seen, user_stamp
from accounts.page_once import Done, form_page
from accounts.transactions import read_one
from configs.words import PRESETS, SETTINGS
from simulation.beginnings import beginning_of
from simulation.grid import MOST_TRIALS, trial_count
from simulation.grid_forms import GridForm
from simulation.models import Optimization
from simulation.optimizations import OptimizationRequest, cancel_optimization, start_optimization
from simulation.overfitting import Candidate, ranking
from simulation.run_forms import request_of
from simulation.run_pages import (
    CancelForm,
    fetched,
    form_options,
    ground_seen,
    job_now,
    settings_of,
    with_history,
)
from simulation.run_words import BESIDE, FIGURES, PARTS, Words, number, told_settings, told_values
from simulation.verdict_words import verdict_in_words
from simulation.verdicts import RANKS, candidates_of, heatmap_of

ROWS = 25


class Ranked(NamedTuple):
    """One setting in a ranking: its place, number, values, and the figures shown."""

    place: int
    number: int
    values: Sequence[str]
    figures: Sequence[tuple[Words, Any]]


@page()
def new_optimization(request: HttpRequest, position_id: UUID | None = None) -> HttpResponse:
    """Ask for an optimization; how many settings that is, is said before it begins."""
    beginning = beginning_of(request, position_id)
    stamp, tenant = user_stamp(request), tenant_seen(request)

    def act(said: dict[str, Any]) -> Done:
        asked = OptimizationRequest(
            run=request_of(with_history(said, tenant.pk), settings_of(beginning, said)),
            grid=said["grid"],
            rank_by=said["rank_by"],
            train_pct=int(said["train_pct"]),
            folds=int(said["folds"]),
        )
        made = start_optimization(tenant_id=tenant.pk, request=asked, stamp=stamp)
        where = reverse("optimization", args=[made.pk])
        return Done(message=f"{made.total:,} settings of {made.ticker} are being tried.", location=where)

    def look(said: dict[str, Any]) -> dict[str, Any]:
        return {
            "ground": ground_seen(request, beginning, said),
            "count": trial_count(said["grid"]),
            "most": MOST_TRIALS,
            "tried": [(SETTINGS[name].label, values) for name, values in said["grid"].items()],
        }

    return form_page(
        request,
        "simulation/new_grid.html",
        GridForm,
        act,
        {"cell": beginning.cell, "presets": PRESETS},
        prepare=lambda said: fetched(request, said),
        look=look,
        **form_options(request, beginning),
    )


@page()
def optimization(request: HttpRequest, optimization_id: UUID) -> HttpResponse:
    found = optimization_of(request, optimization_id)
    context: dict[str, Any] = {"job": found, "run": found, "settings": told_settings(found)}
    if not found.is_open:
        context |= _result(request, found)
    return render(request, "simulation/grid.html", context)


@page(poll=True)
def optimization_now(request: HttpRequest, optimization_id: UUID) -> HttpResponse:
    return job_now(request, optimization_of(request, optimization_id))


@page()
def end_optimization(request: HttpRequest, optimization_id: UUID) -> HttpResponse:
    found, stamp = optimization_of(request, optimization_id), user_stamp(request)
    back = reverse("optimization", args=[found.pk])

    def act(said: dict[str, Any]) -> Done:
        cancel_optimization(tenant_id=found.tenant_id, optimization_id=found.pk, stamp=stamp)
        return Done(message="The optimization is cancelled; what was tried stays.", location=back)

    return form_page(request, "simulation/cancel.html", CancelForm, act, {"job": found, "back": back})


def optimization_of(request: HttpRequest, optimization_id: UUID) -> Optimization:
    """Return one of the tenant's optimizations. Raises NotFound."""
    mine = Optimization.objects.filter(tenant=tenant_seen(request), pk=optimization_id)
    return read_one(mine, "optimization")


def _result(request: HttpRequest, found: Optimization) -> dict[str, Any]:
    """Return ranking, picture and verdict by the figure and the part of the days that were chosen."""
    candidates = candidates_of(found)
    parts = _parts(found)
    figure = _chosen(request, "by", [name for name in FIGURES if name in RANKS], found.rank_by)
    part = _chosen(request, "part", list(parts), "all")
    x, y = _axes(request, found)
    best = next((one for one in candidates if one.number == (found.verdict or {}).get("best")), None)
    ranked = Paginator(ranking(candidates, figure, part), ROWS).get_page(request.GET.get("page"))
    shown = list(dict.fromkeys([figure, *BESIDE]))
    return {
        "best": best and _ranked(best, 1, shown, part),
        "verdict": verdict_in_words(found),
        "labels": [SETTINGS[name].label for name in found.grid],
        "columns": [FIGURES[name] for name in shown],
        "page": ranked,
        "ranked": [_ranked(one, ranked.start_index() + n, shown, part) for n, one in enumerate(ranked)],
        "failed": found.done - len(candidates),
        "heatmap": heatmap_of(found, x=x, y=y, figure=figure, part=part, candidates=candidates)
        if candidates
        else "",
        "figures": [(name, FIGURES[name].label) for name in FIGURES if name in RANKS],
        "parts": parts.items(),
        "axes": [(name, SETTINGS[name].label) for name in found.grid],
        "chosen": {"by": figure, "part": part, "x": x, "y": y},
    }


def _parts(found: Optimization) -> dict[str, str]:
    judged = "test" if found.train_pct < 100 else ""
    return {name: text for name, text in PARTS.items() if name != "test" or judged}


def _axes(request: HttpRequest, found: Optimization) -> tuple[str, str]:
    names = list(found.grid)
    x = _chosen(request, "x", names, names[0])
    others = [name for name in names if name != x] or [x]
    return x, _chosen(request, "y", others, others[0])


def _chosen(request: HttpRequest, name: str, known: Sequence[str], usual: str) -> str:
    said = request.GET.get(name, "")
    return said if said in known else usual


def _ranked(one: Candidate, place: int, shown: Sequence[str], part: str) -> Ranked:
    figures = [(FIGURES[name], number(_figure(one, name, part))) for name in shown]
    return Ranked(place, one.number, [text for _, text in told_values(one.values)], figures)


def _figure(one: Candidate, name: str, part: str) -> Any:
    figures = one.parts.get(part, {})
    return figures[name] if name in figures else one.metrics.get(name)
