"""What a room hands over to be written into a file, and what of it is wanted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import models
from django.db.models import Q

from volbal.trading_day import check_span, start_of

if TYPE_CHECKING:
    from accounts.models import Tenant

# How many rows are read at once: few enough for memory, many enough for speed.
ROWS_AT_ONCE = 2000

Cell = str | int | Decimal | date | datetime | UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportTable:
    """Titles, and rows of cells whose types say how they are written. The rows can be read once."""

    name: str
    titles: tuple[str, ...]
    rows: Iterable[Sequence[Cell]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportFilter:
    """Whose rows: one tenant's, perhaps of some positions, from `start` to `end`: New York, both inclusive.

    Raises OutOfRange for an end before the start.
    """

    tenant: Tenant
    position_ids: Sequence[UUID] | None = None
    start: date | None = None
    end: date | None = None

    def __post_init__(self) -> None:
        check_span(self.start, self.end)

    def of_position(self, column: str) -> Q:
        """Keep the rows of the wanted positions in a column of position ids."""
        return Q() if self.position_ids is None else Q(**{f"{column}__in": self.position_ids})

    def on_date(self, column: str) -> Q:
        """Keep the rows whose date lies between the two."""
        kept = Q()
        if self.start is not None:
            kept &= Q(**{f"{column}__gte": self.start})
        if self.end is not None:
            kept &= Q(**{f"{column}__lte": self.end})
        return kept

    def at_time(self, column: str) -> Q:
        """Keep the rows whose time has its New York date between the two."""
        kept = Q()
        if self.start is not None:
            kept &= Q(**{f"{column}__gte": start_of(self.start)})
        if self.end is not None and self.end < date.max:
            kept &= Q(**{f"{column}__lt": start_of(self.end + timedelta(days=1))})
        return kept


def export_table(name: str, columns: Mapping[str, str], rows: models.QuerySet[Any]) -> ExportTable:
    """Make a table of `columns`: titles with the paths of their fields. Rows are read as they are written."""
    cells = rows.values_list(*columns.values()).iterator(chunk_size=ROWS_AT_ONCE)
    return ExportTable(name=name, titles=tuple(columns), rows=cells)
