"""`/v1/exports`: the tenant's rows as files."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from django.http import HttpRequest, HttpResponseBase
from ninja import Router

from accounts.api_auth import READ, stamp_of, tenant_of
from accounts.api_types import FirstDay, LastDay
from accounts.export_table import ExportFilter, ExportTable
from dividends.exports import dividends_table
from orders.exports import trades_table
from positions.api import position_of
from positions.exports import events_table, journal_table, positions_table
from volbal_site.exports import CONTENT_TYPES, file_response

router = Router(tags=["exports"])

TABLES: dict[str, Callable[[ExportFilter], ExportTable]] = {
    "positions": positions_table,
    "trades": trades_table,
    "events": events_table,
    "journal": journal_table,
    "dividends": dividends_table,
}


def _add(name: str, format_: str) -> None:
    """Add one address: of one table in one format."""

    def export(
        request: HttpRequest,
        position_id: UUID | None = None,
        first: FirstDay = None,
        last: LastDay = None,
    ) -> HttpResponseBase:
        if position_id is not None:
            position_of(request, position_id)
        wanted = ExportFilter(tenant=tenant_of(request), position_id=position_id, start=first, end=last)
        return file_response(TABLES[name](wanted), format_, stamp_of(request).at)

    content = {CONTENT_TYPES[format_].split(";")[0]: {"schema": {"type": "string", "format": "binary"}}}
    router.get(
        f"/exports/{name}.{format_}",
        auth=READ,
        summary=f"Download {name} as {format_.upper()}",
        operation_id=f"export_{name}_{format_}",
        openapi_extra={"responses": {200: {"description": "The file", "content": content}}},
    )(export)


for _name in TABLES:
    for _format in CONTENT_TYPES:
        _add(_name, _format)
