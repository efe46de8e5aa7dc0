"""The exports of the API for who is logged in, narrowed as the lists are."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.export_table import ExportFilter, ExportTable
from accounts.page_access import page, tenant_seen
from positions.activity_pages import ActivityForm
from positions.cell_filters import CellSpanForm, ids_of
from positions.exports import events_table
from volbal.errors import OutOfRange
from volbal_site.export_api import TABLES
from volbal_site.exports import CONTENT_TYPES, file_response

EVENTS = "events"
FORMS: dict[str, type[CellSpanForm]] = {EVENTS: ActivityForm}


def table_wanted(name: str, form: CellSpanForm) -> ExportTable:
    """Return a table with exactly the rows that a list shows. Raises OutOfRange for what makes no sense."""
    said = form.wanted()
    for field, errors in form.errors.items():
        raise OutOfRange(f"{field}: {errors[0]}", field=field)
    if isinstance(form, ActivityForm):
        wanted = form.as_wanted()
        return events_table(wanted.in_span(), wanted.besides())
    span = ExportFilter(
        tenant=form.tenant, position_ids=ids_of(said.get("cell")), start=said.get("from"), end=said.get("to")
    )
    return TABLES[name].table(span)


def addresses() -> list[URLPattern]:
    """Return one address for each table; `format` is csv, or xlsx."""
    return [path(f"exports/{name}", _download(name), name=f"export_{name}") for name in TABLES]


def _download(name: str) -> Callable[..., HttpResponse]:
    @page()
    @require_safe
    def download(request: HttpRequest) -> HttpResponse:
        format_ = request.GET.get("format", "csv")
        if format_ not in CONTENT_TYPES:
            raise OutOfRange("format: csv or xlsx.", field="format")
        form = FORMS.get(name, CellSpanForm)(request.GET, tenant=tenant_seen(request))
        return cast(HttpResponse, file_response(table_wanted(name, form), format_, timezone.now()))

    return download
