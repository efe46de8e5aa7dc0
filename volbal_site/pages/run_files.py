"""What runs and optimizations came to, as files."""

from __future__ import annotations

from typing import cast
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from accounts.errors import NotFound
from accounts.export_table import ExportTable
from accounts.page_access import page
from simulation.exports import simulation_curve_table, simulation_trades_table, trials_table
from simulation.optimization_pages import optimization_of
from simulation.run_pages import run_of
from volbal.errors import OutOfRange
from volbal_site.exports import CONTENT_TYPES, file_response

TABLES = {"trades": simulation_trades_table, "curve": simulation_curve_table}


@page()
def simulation_file(request: HttpRequest, simulation_id: UUID, table: str) -> HttpResponse:
    run = run_of(request, simulation_id)
    if table not in TABLES:
        raise NotFound("There is no such table.")
    return _file(request, TABLES[table](run))


@page()
def optimization_file(request: HttpRequest, optimization_id: UUID) -> HttpResponse:
    return _file(request, trials_table(optimization_of(request, optimization_id)))


def _file(request: HttpRequest, table: ExportTable) -> HttpResponse:
    format_ = request.GET.get("format", "csv")
    if format_ not in CONTENT_TYPES:
        raise OutOfRange("format: csv or xlsx.", field="format")
    return cast(HttpResponse, file_response(table, format_, timezone.now()))
