"""Several runs side by side: what they came to, and in which settings they differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.page_access import page, tenant_seen
from simulation.metrics import RANKED
from simulation.models import JobStatus, Simulation
from simulation.run_words import FIGURES, Words, number, told_settings
from volbal.numbers import ZERO, exact, to_six

MOST_RUNS = 4
SHOWN = ["value_minus_hold", *(name for name in FIGURES if name in RANKED and name != "value_minus_hold")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One figure of several runs; `best` are the places of the best ones, none if all are the same."""

    words: Words
    values: Sequence[Decimal | None]
    best: frozenset[int]

    @property
    def cells(self) -> list[tuple[Decimal | None, bool]]:
        """Return (value, whether it is the best) by run."""
        return [(value, place in self.best) for place, value in enumerate(self.values)]


@page()
@require_safe
def compare_simulations(request: HttpRequest) -> HttpResponse:
    """Show up to four runs that are done; others that are named are left out and that is said."""
    wanted = [found for text in request.GET.getlist("run") if (found := _id(text))]
    mine = Simulation.objects.filter(tenant=tenant_seen(request), pk__in=wanted, status=JobStatus.DONE)
    by_id = {run.pk: run for run in mine}
    runs = [by_id[one] for one in dict.fromkeys(wanted) if one in by_id][:MOST_RUNS]
    context = {
        "runs": runs,
        "left_out": len(set(wanted)) - len(runs),
        "figures": [_compared(name, runs) for name in SHOWN],
        "differences": _differences(runs),
        "courses": _courses(runs),
    }
    return render(request, "simulation/compare.html", context)


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _compared(name: str, runs: Sequence[Simulation]) -> Compared:
    values = [number((run.metrics or {}).get(name)) for run in runs]
    known = {value for value in values if value is not None}
    best = (max if RANKED[name] else min)(known) if len(known) > 1 else None
    places = [place for place, value in enumerate(values) if best is not None and value == best]
    return Compared(words=FIGURES[name], values=values, best=frozenset(places))


def _differences(runs: Sequence[Simulation]) -> list[tuple[str, list[str]]]:
    """Return (setting, its value by run) of those that aren't the same in all."""
    told = [dict(told_settings(run)) for run in runs]
    rows = {label: [one[label] for one in told] for label in (told[0] if told else ())}
    rows |= {"Filled at": [run.fill.replace("_", " ") for run in runs]}
    return [(label, values) for label, values in rows.items() if len(set(values)) > 1]


def _courses(runs: Sequence[Simulation]) -> list[list[Decimal]]:
    """Return the values of each run in percent of its first, if all are over the same days; else nothing."""
    spans = {(run.ticker, run.first_date, run.last_date, run.history_id) for run in runs}
    if len(runs) < 2 or len(spans) > 1:
        return []
    return [_in_percent(list(run.points.order_by("date").values_list("value", flat=True))) for run in runs]


def _in_percent(values: Sequence[Decimal]) -> list[Decimal]:
    with exact():
        return [to_six(value * 100 / values[0]) if values[0] else ZERO for value in values]
