"""Pages of runs: all of them, asking for one, how far it is, what it came to."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe
from django_htmx.http import HttpResponseClientRefresh

from accounts.page_access import page, tenant_seen, user_stamp
from accounts.page_forms import ActionForm
from accounts.page_once import Done, form_page
from accounts.polls import unchanged_since, version_of
from accounts.transactions import read_one
from configs.words import PRESETS
from simulation.beginnings import Beginning, beginning_of
from simulation.models import Job, Optimization, Simulation, StoredHistory
from simulation.requests import ground_of, keep_history
from simulation.run_charts import chart_of, course_shown
from simulation.run_forms import FETCH, FILES, UPLOAD, RunForm, request_of, settings_asked, span_to_fetch
from simulation.run_words import attribution_of, figures_of, number, told_settings
from simulation.runs import cancel_simulation, fetch_history, start_simulation
from simulation.setup import Settings
from volbal.trading_day import trading_date

ROWS = 20
TRADES = 50
KEPT_SHOWN = 20


class CancelForm(ActionForm):
    """Nothing but its key."""


@page()
@require_safe
def simulations(request: HttpRequest) -> HttpResponse:
    mine = {"tenant": tenant_seen(request)}
    runs = Simulation.objects.filter(**mine).order_by("-created_at", "pk")
    grids = Optimization.objects.filter(**mine).order_by("-created_at", "pk")
    context = {
        "runs": Paginator(runs, ROWS).get_page(request.GET.get("page")),
        "grids": Paginator(grids, ROWS).get_page(request.GET.get("grids")),
    }
    return render(request, "simulation/runs.html", context)


@page()
def new_simulation(request: HttpRequest, position_id: UUID | None = None) -> HttpResponse:
    """Ask for a run. It trades nothing, so everybody may who may see the pages."""
    beginning = beginning_of(request, position_id)
    stamp, tenant = user_stamp(request), tenant_seen(request)

    def act(said: dict[str, Any]) -> Done:
        asked = request_of(with_history(said, tenant.pk), settings_of(beginning, said))
        run = start_simulation(tenant_id=tenant.pk, request=asked, stamp=stamp)
        return Done(
            message=f"The run over {run.ticker} is under way.",
            location=reverse("simulation_run", args=[run.pk]),
        )

    return form_page(
        request,
        "simulation/new_run.html",
        RunForm,
        act,
        {"cell": beginning.cell, "presets": PRESETS},
        prepare=lambda said: fetched(request, said),
        look=lambda said: {"ground": ground_seen(request, beginning, said)},
        **form_options(request, beginning),
    )


def form_options(request: HttpRequest, beginning: Beginning) -> dict[str, Any]:
    """Return what the forms of runs and of grids are made with."""
    kept = StoredHistory.objects.filter(tenant=tenant_seen(request)).order_by("-created_at")
    return {
        "layers": beginning.layers,
        "initial": dict(beginning.typed),
        "uploads": request.FILES,
        "kept": list(kept.defer("bars", "dividends", "splits")[:KEPT_SHOWN]),
    }


def fetched(request: HttpRequest, said: dict[str, Any]) -> dict[str, Any]:
    """Fetch the prices if that was asked for, and name the history that they were kept as."""
    if said["source"] != FETCH:
        return said
    start, end = span_to_fetch(said, trading_date(timezone.now()))
    kept = fetch_history(tenant_id=tenant_seen(request).pk, ticker=said["ticker"], start=start, end=end)
    return {**said, "source": f"kept:{kept.pk}"}


def with_history(said: dict[str, Any], tenant_id: UUID) -> dict[str, Any]:
    """Keep the files if some were brought along, inside the caller's unit of work."""
    if said["source"] != UPLOAD:
        return said
    files = {name: said[name] for name in FILES}
    kept = keep_history(tenant_id=tenant_id, ticker=said["ticker"], **files)
    return {**said, "source": f"kept:{kept.pk}"}


def settings_of(beginning: Beginning, said: dict[str, Any]) -> Settings:
    """Return the settings that the entries mean, over what the account has set."""
    inherited = beginning.layers.inherited
    base = Settings(
        trigger=inherited.trigger, guardrail=inherited.guardrail, order_policy=inherited.order_policy
    )
    return settings_asked(said, base)


def ground_seen(request: HttpRequest, beginning: Beginning, said: dict[str, Any]) -> Any:
    """Return what a run would stand on; None while its prices are not there yet. Checks the settings."""
    asked = settings_of(beginning, said)
    if said["source"] in (FETCH, UPLOAD):
        return None
    return ground_of(request_of(said, asked), tenant_seen(request).pk)


@page()
def simulation_run(request: HttpRequest, simulation_id: UUID) -> HttpResponse:
    run = run_of(request, simulation_id)
    context: dict[str, Any] = {"run": run, "job": run, "settings": told_settings(run)}
    if run.metrics is not None:
        trades = Paginator(run.trades.order_by("number"), TRADES)
        context |= {
            "lead": number(run.metrics["value_minus_hold"]),
            "figures": figures_of(run.metrics),
            "attribution": attribution_of(run.metrics),
            "course": course_shown(run),
            "trades": trades.get_page(request.GET.get("page")),
        }
    return render(request, "simulation/run.html", context)


@page(poll=True)
def simulation_now(request: HttpRequest, simulation_id: UUID) -> HttpResponse:
    return job_now(request, run_of(request, simulation_id))


@page()
def simulation_chart(request: HttpRequest, simulation_id: UUID) -> HttpResponse:
    """Answer with what the script draws: prices, and trades on them."""
    return JsonResponse(chart_of(run_of(request, simulation_id)))


@page()
def end_simulation(request: HttpRequest, simulation_id: UUID) -> HttpResponse:
    run, stamp = run_of(request, simulation_id), user_stamp(request)
    back = reverse("simulation_run", args=[run.pk])

    def act(said: dict[str, Any]) -> Done:
        cancel_simulation(tenant_id=run.tenant_id, simulation_id=run.pk, stamp=stamp)
        return Done(message="The run is cancelled.", location=back)

    return form_page(request, "simulation/cancel.html", CancelForm, act, {"job": run, "back": back})


def job_now(request: HttpRequest, job: Job) -> HttpResponse:
    """Answer with how far a job is; the whole page anew once it is over."""
    if not job.is_open:
        return HttpResponseClientRefresh()
    version = version_of(job.status, job.done)
    context = {"job": job, "version": version}
    return unchanged_since(request, version) or render(request, "simulation/progress.html", context)


def run_of(request: HttpRequest, simulation_id: UUID) -> Simulation:
    """Return one of the tenant's runs. Raises NotFound."""
    return read_one(Simulation.objects.filter(tenant=tenant_seen(request), pk=simulation_id), "run")
