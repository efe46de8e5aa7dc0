"""Tables as files: CSV by chunks, XLSX with constant memory. Knows nothing of the API or of pages.

What the cells become is in docs/exports.md.
"""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from io import StringIO
from typing import IO, Any, BinaryIO
from uuid import UUID

from django.http import FileResponse, HttpResponseBase, StreamingHttpResponse
from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from accounts.export_table import Cell, ExportTable
from volbal.numbers import plain
from volbal.trading_day import trading_date

CONTENT_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
# A spreadsheet takes a text that begins like this for a formula, also out of a CSV file.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
CHUNK = 64 * 1024

# What a sheet of Excel has room for, below its titles.
ROWS_A_SHEET = 1_048_575
# Excel believes in a 29 February 1900 and others don't: they agree on dates from the day after.
FIRST_DAY = date(1900, 3, 1)
COLUMN_WIDTH = 18
NOT_IN_XML = {0xFFFE: "\ufffd", 0xFFFF: "\ufffd"}


def file_response(table: ExportTable, format_: str, at: datetime) -> HttpResponseBase:
    """Answer `table` as a download in one of CONTENT_TYPES, named for it and for the date of `at`.

    The first rows are read before this returns, so that what can't be read is an error and no torso.
    """
    name = f"{table.name}-{trading_date(at).isoformat()}.{format_}"
    response: HttpResponseBase
    if format_ == "xlsx":
        response = FileResponse(xlsx_file(table))
    else:
        chunks = csv_chunks(table)
        response = StreamingHttpResponse(_resumed(next(chunks), chunks))
    response["Content-Type"] = CONTENT_TYPES[format_]
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "no-store"
    return response


def harmless(text: str) -> str:
    """Return `text` with a ' before it if a spreadsheet would take it for a formula."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def csv_chunks(table: ExportTable) -> Iterator[bytes]:
    """Yield the table as CSV (RFC 4180, UTF-8, titles first) in pieces of about 64 KB."""
    buffer = StringIO()
    write = csv.writer(buffer, lineterminator="\r\n").writerow
    write(table.titles)
    for row in table.rows:
        write([_as_text(cell) for cell in row])
        if buffer.tell() >= CHUNK:
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode()


def xlsx_file(table: ExportTable) -> IO[bytes]:
    """Return an open file without a name that holds the table as XLSX; closing it removes it."""
    file = tempfile.TemporaryFile()  # noqa: SIM115  the response closes it
    try:
        write_xlsx(table, file)
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return file


def write_xlsx(table: ExportTable, file: IO[bytes] | BinaryIO, rows_a_sheet: int = ROWS_A_SHEET) -> None:
    """Write the table as XLSX; what doesn't fit on a sheet goes on to another one."""
    with tempfile.TemporaryDirectory(prefix="export-") as folder:
        options = {
            "constant_memory": True,
            "tmpdir": folder,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        }
        with Workbook(file, options) as workbook:
            writer = _SheetWriter(workbook, table)
            for number, row in enumerate(table.rows):
                if number % rows_a_sheet == 0 and number:
                    writer.begin_sheet()
                writer.write_row(row)


def _resumed(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the first chunk and the rest. Closed with its response, it lets go of the rows while it can."""
    yield first
    yield from rest


def _as_text(cell: Cell) -> str:
    return _TEXTS[type(cell)](cell)


def _time_text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


_TEXTS: dict[type, Callable[[Any], str]] = {
    str: harmless,
    int: str,
    Decimal: plain,
    UUID: str,
    date: date.isoformat,
    datetime: _time_text,
    type(None): lambda _: "",
}


def _without_markup(text: str) -> str:
    """Return a text that the library writes as it is: it passes `<r>...</r>` on as markup."""
    if text.startswith("<r>"):
        return f"'{text}"
    return text if text.isascii() else text.translate(NOT_IN_XML)


class _SheetWriter:
    """Writes rows one below the other; what was written is on the disk, not in memory."""

    def __init__(self, workbook: Workbook, table: ExportTable) -> None:
        self._workbook = workbook
        self._table = table
        self._bold = workbook.add_format({"bold": True})
        self._date = workbook.add_format({"num_format": "yyyy-mm-dd"})
        self._time = workbook.add_format({"num_format": "yyyy-mm-dd hh:mm:ss.000"})
        self._by_places: dict[int, Format] = {}
        self._sheets = 0
        self._writers: dict[type, Callable[[Any, int], object]] = {
            str: self._text,
            int: self._whole,
            Decimal: self._decimal,
            UUID: self._id,
            date: self._day,
            datetime: self._moment,
            type(None): lambda cell, column: None,
        }
        self.begin_sheet()

    def begin_sheet(self) -> None:
        """Go on with an empty sheet with the titles on top."""
        self._sheets += 1
        name = self._table.name if self._sheets == 1 else f"{self._table.name} {self._sheets}"
        self._sheet: Worksheet = self._workbook.add_worksheet(name)
        self._sheet.freeze_panes(1, 0)
        self._sheet.set_column(0, len(self._table.titles) - 1, COLUMN_WIDTH)
        self._row = 0
        for column, title in enumerate(self._table.titles):
            self._sheet.write_string(0, column, title, self._bold)

    def write_row(self, cells: Any) -> None:
        """Write the next row."""
        self._row += 1
        for column, cell in enumerate(cells):
            self._writers[type(cell)](cell, column)

    def _text(self, text: str, column: int) -> None:
        self._sheet.write_string(self._row, column, _without_markup(harmless(text)))

    def _whole(self, number: int, column: int) -> None:
        self._sheet.write_number(self._row, column, number)

    def _decimal(self, number: Decimal, column: int) -> None:
        # The library writes 16 significant digits of whatever it is given: of a Decimal all there are.
        self._sheet.write_number(self._row, column, number, self._format(number))

    def _id(self, id_: UUID, column: int) -> None:
        self._sheet.write_string(self._row, column, str(id_))

    def _day(self, day: date, column: int) -> None:
        if day < FIRST_DAY:
            self._text(day.isoformat(), column)
        else:
            self._sheet.write_datetime(self._row, column, day, self._date)

    def _moment(self, at: datetime, column: int) -> None:
        at = at.astimezone(UTC).replace(tzinfo=None)
        if at.date() < FIRST_DAY:
            self._text(f"{at.isoformat()}Z", column)
        else:
            self._sheet.write_datetime(self._row, column, at, self._time)

    def _format(self, number: Decimal) -> Format:
        """Show as many places as the column of the books has, so that no digit is hidden."""
        places = max(-int(number.as_tuple().exponent), 0)
        if places not in self._by_places:
            shown = "0." + "0" * places if places else "0"
            self._by_places[places] = self._workbook.add_format({"num_format": shown})
        return self._by_places[places]
