"""`/v1/exports`: the tenant's rows as files."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple
from uuid import UUID

from django.http import HttpRequest, HttpResponseBase
from ninja import Router

from accounts.api_auth import READ, stamp_of, tenant_of
from accounts.api_types import FirstDay, LastDay
from accounts.export_table import ExportFilter, ExportTable
from dividends.exports import DIVIDEND_COLUMNS, dividends_table
from orders.exports import TRADE_COLUMNS, trades_table
from positions.api import position_of
from positions.exports import (
    EVENT_COLUMNS,
    JOURNAL_COLUMNS,
    POSITION_COLUMNS,
    events_table,
    journal_table,
    positions_table,
)
from volbal_site.exports import CONTENT_TYPES, file_response

router = Router(tags=["exports"])


class Exported(NamedTuple):
    """A table, and the titles of its columns."""

    table: Callable[[ExportFilter], ExportTable]
    titles: Iterable[str]


TABLES = {
    "positions": Exported(positions_table, POSITION_COLUMNS),
    "trades": Exported(trades_table, TRADE_COLUMNS),
    "events": Exported(events_table, EVENT_COLUMNS),
    "journal": Exported(journal_table, JOURNAL_COLUMNS),
    "dividends": Exported(dividends_table, DIVIDEND_COLUMNS),
}


def _add(name: str, format_: str) -> None:
    """Add one address: of one table in one format."""

    def export(
        request: HttpRequest,
        position_id: UUID | None = None,
        first: FirstDay = None,
        last: LastDay = None,
    ) -> HttpResponseBase:
        cells = None if position_id is None else [position_of(request, position_id).pk]
        wanted = ExportFilter(tenant=tenant_of(request), position_ids=cells, start=first, end=last)
        return file_response(TABLES[name].table(wanted), format_, stamp_of(request).at)

    router.get(
        f"/exports/{name}.{format_}",
        auth=READ,
        summary=f"Download {name} as {format_.upper()}",
        operation_id=f"export_{name}_{format_}",
        openapi_extra={"responses": {200: {"description": "The file.", "content": _content(name, format_)}}},
    )(export)


def _content(name: str, format_: str) -> dict[str, Any]:
    """Describe a file for the API's document; of a CSV file it shows the first line."""
    media_type = CONTENT_TYPES[format_].split(";")[0]
    if format_ == "csv":
        first_line = ",".join(TABLES[name].titles) + "\r\n"
        return {media_type: {"schema": {"type": "string"}, "example": first_line}}
    return {media_type: {"schema": {"type": "string", "format": "binary"}}}


for _name in TABLES:
    for _format in CONTENT_TYPES:
        _add(_name, _format)
