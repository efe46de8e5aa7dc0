"""How tables become files: what a spreadsheet or a program reads back is what the books hold."""

from __future__ import annotations

import csv
import os
import tempfile
import zipfile
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from io import BytesIO, StringIO
from uuid import UUID

import pytest
from django.core import signals
from django.db import close_old_connections
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from accounts.export_table import ExportTable
from volbal.numbers import plain
from volbal_site.exports import CHUNK, csv_chunks, file_response, write_xlsx, xlsx_file

NOON = datetime(2024, 1, 8, 17, 0, tzinfo=UTC)
FORMULAS = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "=cmd|' /C calc'!A0",
    "-A",
    '=HYPERLINK("http://x")',
]
HARMLESS = [
    "a=1",
    " =1",
    "'=1",
    "",
    "Ümläut – €",
    'say "hi", twice',
    "two\nlines",
    "1,5",
    "007",
    "1e5",
    "TRUE",
]
EXTREMES = [
    "999999999.999999",
    "-999999999.999999",
    "9999999.99999999",
    "0.00000001",
    "-0.000001",
    "0.000000",
    "123456789.012345",
    "100.000000",
]


def make_table(*rows: tuple[object, ...], titles: tuple[str, ...] = ("a", "b", "c")) -> ExportTable:
    return ExportTable(name="things", titles=titles[: max(map(len, rows), default=1)], rows=iter(rows))


def csv_rows(table: ExportTable) -> list[list[str]]:
    text = b"".join(csv_chunks(table)).decode()
    return list(csv.reader(StringIO(text, newline="")))


def xlsx_bytes(table: ExportTable, **options: int) -> bytes:
    file = BytesIO()
    write_xlsx(table, file, **options)
    return file.getvalue()


def xlsx_rows(table: ExportTable) -> list[list[object]]:
    sheet = load_workbook(BytesIO(xlsx_bytes(table))).active
    return [[cell.value for cell in row] for row in sheet.iter_rows()]


def sheet_xml(content: bytes) -> str:
    return zipfile.ZipFile(BytesIO(content)).read("xl/worksheets/sheet1.xml").decode()


def test_csv_has_titles_first_and_crlf_at_every_end():
    table = make_table(("x", Decimal("1.50"), None), ("y, z", 7, date(2024, 1, 8)))

    assert b"".join(csv_chunks(table)) == b'a,b,c\r\nx,1.5,\r\n"y, z",7,2024-01-08\r\n'


def test_a_time_is_written_in_utc_whatever_zone_it_came_in():
    at = datetime(2024, 1, 8, 11, 0, 0, 250_000, tzinfo=timezone(timedelta(hours=-5)))

    assert csv_rows(make_table((at,)))[1] == ["2024-01-08T16:00:00.250000Z"]
    assert xlsx_rows(make_table((at,)))[1] == [datetime.fromisoformat("2024-01-08T16:00:00.250000")]


def test_a_table_without_rows_is_its_titles():
    assert csv_rows(make_table()) == [["a"]]
    assert xlsx_rows(make_table()) == [["a"]]


@pytest.mark.parametrize("text", FORMULAS)
def test_what_looks_like_a_formula_arrives_as_text_with_an_apostrophe(text):
    assert csv_rows(make_table((text,)))[1] == [f"'{text}"]
    content = xlsx_bytes(make_table((text,)))
    cell = load_workbook(BytesIO(content)).active["A2"]
    assert (cell.data_type, cell.value) == ("s", f"'{text}".replace("\r", "_x000D_"))
    assert "<f>" not in sheet_xml(content)


@pytest.mark.parametrize("text", HARMLESS)
def test_any_other_text_arrives_as_it_was(text):
    assert csv_rows(make_table((text, 1)))[1] == [text, "1"]
    assert xlsx_rows(make_table((text, 1)))[1] == [text, 1]


@pytest.mark.parametrize(
    "text",
    ["http://example.com", "mailto:a@b.c", "internal:Sheet2!A1", "<r><t>x</t></r>", "<b>&amp;</b>", "\ufffe"],
)
def test_text_is_never_a_link_or_markup(text):
    content = xlsx_bytes(make_table((text,)))

    cell = load_workbook(BytesIO(content)).active["A2"]
    assert cell.hyperlink is None
    assert cell.value == {"<r><t>x</t></r>": "'<r><t>x</t></r>", "\ufffe": "\ufffd"}.get(text, text)


@pytest.mark.parametrize("text", EXTREMES)
def test_a_number_of_15_digits_is_the_same_number_in_the_file(text):
    number = Decimal(text)

    assert csv_rows(make_table((number,)))[1] == [plain(number)]
    content = xlsx_bytes(make_table((number,)))
    written = sheet_xml(content).split('<c r="A2"')[1].split("<v>")[1].split("</v>")[0]
    assert Decimal(written) == number
    cell = load_workbook(BytesIO(content)).active["A2"]
    assert cell.data_type == "n"
    assert Decimal(repr(cell.value)) == number


@settings(deadline=None, max_examples=20)
@given(
    st.lists(
        st.tuples(
            st.decimals(-999_999_999, 999_999_999, places=6), st.decimals(-9_999_999, 9_999_999, places=8)
        ),
        min_size=50,
    )
)
def test_no_number_of_the_ledger_loses_a_digit(rows):
    back = xlsx_rows(make_table(*rows))[1:]

    assert [tuple(Decimal(repr(value)) for value in row) for row in back] == rows


def test_numbers_show_all_their_places_and_negative_ones_stay_numbers():
    sheet = load_workbook(
        BytesIO(xlsx_bytes(make_table((Decimal("-1.500000"), Decimal("2.00000000"), 3))))
    ).active

    assert [cell.number_format for cell in sheet[2]] == ["0.000000", "0.00000000", "General"]
    assert [cell.value for cell in sheet[2]] == [-1.5, 2, 3]


def test_dates_and_times_are_dates_and_times():
    row = (date(2024, 1, 8), datetime(2024, 1, 8, 16, 0, 0, 123_000, tzinfo=UTC), UUID(int=7))

    sheet = load_workbook(BytesIO(xlsx_bytes(make_table(row)))).active

    assert [cell.is_date for cell in sheet[2]] == [True, True, False]
    assert [cell.value for cell in sheet[2]] == [
        datetime.fromisoformat("2024-01-08"),
        datetime.fromisoformat("2024-01-08T16:00:00.123"),
        "00000000-0000-0000-0000-000000000007",
    ]
    assert sheet["B2"].number_format == "yyyy-mm-dd hh:mm:ss.000"


def test_a_day_that_spreadsheets_disagree_on_is_text():
    row = (date(1, 1, 1), datetime(1900, 2, 28, tzinfo=UTC), date(1900, 3, 1))

    assert xlsx_rows(make_table(row))[1] == [
        "0001-01-01",
        "1900-02-28T00:00:00Z",
        datetime.fromisoformat("1900-03-01"),
    ]


def test_rows_that_do_not_fit_on_a_sheet_go_on_to_another():
    book = load_workbook(BytesIO(xlsx_bytes(make_table(*[(n,) for n in range(5)]), rows_a_sheet=2)))

    assert book.sheetnames == ["things", "things 2", "things 3"]
    found = [[row[0] for row in sheet.iter_rows(values_only=True)] for sheet in book]
    assert found == [["a", 0, 1], ["a", 2, 3], ["a", 4]]


def test_rows_that_just_fit_need_no_second_sheet():
    book = load_workbook(BytesIO(xlsx_bytes(make_table((1,), (2,)), rows_a_sheet=2)))

    assert book.sheetnames == ["things"]


def test_csv_is_handed_over_in_chunks_and_read_as_it_is_needed():
    read = []

    def rows():
        for number in range(CHUNK):
            read.append(number)
            yield (number, "x")

    chunks = csv_chunks(ExportTable(name="things", titles=("a", "b"), rows=rows()))
    first = next(chunks)

    assert CHUNK <= len(first) < CHUNK + 100
    assert len(read) < CHUNK // 4
    assert len(first + b"".join(chunks)) > 6 * CHUNK


def test_a_download_that_is_broken_off_lets_go_of_its_rows():
    ended = []

    def rows():
        try:
            yield from ((number, "x") for number in range(CHUNK))
        finally:
            ended.append(True)

    ended_before_the_connection = []
    signals.request_finished.disconnect(close_old_connections)  # no database here
    watch = lambda **_: ended_before_the_connection.extend(ended)  # noqa: E731
    signals.request_finished.connect(watch)
    try:
        response = file_response(ExportTable(name="things", titles=("a", "b"), rows=rows()), "csv", NOON)
        next(iter(response))
        response.close()
    finally:
        signals.request_finished.disconnect(watch)
        signals.request_finished.connect(close_old_connections)

    assert ended_before_the_connection == [True]


def test_nothing_is_left_on_the_disk(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    with xlsx_file(make_table(("x",))) as file:
        assert file.read(2) == b"PK"
        assert os.listdir(tmp_path) == []


def test_nothing_is_left_on_the_disk_after_a_row_that_cannot_be_read(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def rows():
        yield ("x",)
        raise OSError("the database went away")

    with pytest.raises(OSError, match="went away"):
        xlsx_file(ExportTable(name="things", titles=("a",), rows=rows()))

    assert os.listdir(tmp_path) == []
