from __future__ import annotations

import time
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from market.bundled_history import bundled_paths
from market.csv_files import read_bars
from market.errors import BadFile
from market.values import DayBar

HEADER = "date,open,high,low,close,volume\n"
GOOD = "2000-03-01,102.0,105.5,100.06,100.25,10807800\n"
NEXT = "2000-03-02,100.5,105.44,99.5,103.12,11192900\n"


def write(folder: Path, content: str | bytes) -> Path:
    path = folder / "T.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def refusal(path: Path) -> str:
    with pytest.raises(BadFile) as caught:
        read_bars(path)
    assert caught.value.code == "invalid-file"
    assert "\n" not in caught.value.detail
    return caught.value.detail


def test_every_row_becomes_a_bar_with_its_decimals_exact(tmp_path: Path) -> None:
    bars = read_bars(write(tmp_path, HEADER + GOOD + NEXT))
    assert len(bars) == 2
    assert bars[0] == DayBar(
        date=date(2000, 3, 1),
        open=Decimal("102.0"),
        high=Decimal("105.5"),
        low=Decimal("100.06"),
        close=Decimal("100.25"),
        volume=10807800,
    )


@pytest.mark.parametrize(
    "content",
    [
        (HEADER + GOOD).replace("\n", "\r\n"),
        b"\xef\xbb\xbf" + (HEADER + GOOD).encode(),
        (HEADER + GOOD).rstrip("\n"),
        HEADER + '"2000-03-01","102.0","105.5","100.06","100.25","10807800"\n',
    ],
    ids=["windows-line-ends", "byte-order-mark", "no-last-newline", "quoted"],
)
def test_harmless_ways_of_writing_csv_are_read(tmp_path: Path, content: str | bytes) -> None:
    assert [bar.close for bar in read_bars(write(tmp_path, content))] == [Decimal("100.25")]


def test_the_largest_and_the_smallest_price_and_no_volume_are_read(tmp_path: Path) -> None:
    row = "2000-03-01,1,999999999.999999,0.000001,1,0\n"
    bar = read_bars(write(tmp_path, HEADER + row))[0]
    assert (bar.high, bar.low, bar.volume) == (Decimal("999999999.999999"), Decimal("0.000001"), 0)


def test_an_open_or_close_outside_the_range_of_the_day_is_taken_as_the_feed_rounded_it(
    tmp_path: Path,
) -> None:
    assert read_bars(write(tmp_path, HEADER + "2000-03-01,10.01,10,9,8.99,5\n"))


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("2000-03-03,0,105,100,101,5", "open: must be above zero."),
        ("2000-03-03,102,105,0.00,101,5", "low: must be above zero."),
        ("2000-03-03,102,105,100,-101,5", "close: may not be negative."),
        ("2000-03-03,102,abc,100,101,5", "high: write it as plain digits, like 150.25."),
        ("2000-03-03,,105,100,101,5", "open: write it as plain digits, like 150.25."),
        ("2000-03-03, 102,105,100,101,5", "open: write it as plain digits, like 150.25."),
        ("2000-03-03,1e2,105,100,101,5", "open: write it as plain digits, like 150.25."),
        ("2000-03-03,NaN,105,100,101,5", "open: write it as plain digits, like 150.25."),
        ("2000-03-03,Infinity,105,100,101,5", "open: write it as plain digits, like 150.25."),
        ("2000-03-03,1_02,105,100,101,5", "open: write it as plain digits, like 150.25."),
        ("2000-03-03,１０２,105,100,101,5", "open: write it as plain digits, like 150.25."),
        ('2000-03-03,"1,2",105,100,101,5', "open: write it as plain digits, like 150.25."),
        ('2000-03-03,102,105,100,101,"5\n"', "volume: write it as a whole number, like 1200."),
        ("2000-03-03,102.0000001,105,100,101,5", "open: at most 6 decimal places."),
        ("2000-03-03,102,1000000000,100,101,5", "high: at most 9 digits before the point."),
        ("2000-03-03,102,99.99,100,101,5", "the high 99.99 is below the low 100."),
        ("2000-03-03,102,105,100,101,-5", "volume: write it as a whole number, like 1200."),
        ("2000-03-03,102,105,100,101,5.0", "volume: write it as a whole number, like 1200."),
        ("2000-03-03,102,105,100,101,", "volume: write it as a whole number, like 1200."),
        ("2000-03-03,102,105,100,101,1000000000000000", "volume: at most 15 digits."),
        ("2000-02-30,102,105,100,101,5", "date: '2000-02-30' is not a date like 2000-03-01."),
        ("20000303,102,105,100,101,5", "date: '20000303' is not a date like 2000-03-01."),
        ("2000-W10-5,102,105,100,101,5", "date: '2000-W10-5' is not a date like 2000-03-01."),
        ("03/03/2000,102,105,100,101,5", "date: '03/03/2000' is not a date like 2000-03-01."),
        (",102,105,100,101,5", "date: '' is not a date like 2000-03-01."),
        ("2000-03-02,102,105,100,101,5", "2000-03-02 appears twice."),
        ("2000-03-01,102,105,100,101,5", "2000-03-01 stands after 2000-03-02; the oldest comes first."),
        ("2000-03-03,102,105,100,101", "6 fields are needed, found 5 fields."),
        ("2000-03-03,102,105,100,101,5,6", "6 fields are needed, found 7 fields."),
        ("", "6 fields are needed, found an empty line."),
    ],
)
def test_a_bad_row_is_refused_with_file_and_line(tmp_path: Path, row: str, expected: str) -> None:
    line = 5 if row.endswith('\n"') else 4
    path = write(tmp_path, HEADER + GOOD + NEXT + row + "\n" + "2000-03-06,1,2,1,1,5\n")
    assert refusal(path) == f"T.csv, line {line}: {expected}"


@pytest.mark.parametrize(
    "header",
    [
        "date,open,high,low,volume",
        "date,open,high,low,close,volume,adjusted",
        "date,open,high,low,Close,volume",
        "date,high,open,low,close,volume",
        "2000-03-01,102.0,105.5,100.06,100.25,10807800",
    ],
    ids=["missing", "extra", "misnamed", "other-order", "no-header"],
)
def test_other_columns_are_refused(tmp_path: Path, header: str) -> None:
    expected = f"the columns must be date,open,high,low,close,volume, found {header!r}."
    assert refusal(write(tmp_path, header + "\n" + GOOD)) == f"T.csv, line 1: {expected}"


def test_a_long_strange_header_is_shown_short_and_on_one_line(tmp_path: Path) -> None:
    assert len(refusal(write(tmp_path, '"a\nb' + "x" * 10_000 + '"\n'))) < 250


@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf"])
def test_an_empty_file_is_refused(tmp_path: Path, content: bytes) -> None:
    expected = "the file is empty; it must begin with date,open,high,low,close,volume."
    assert refusal(write(tmp_path, content)) == f"T.csv, line 1: {expected}"


def test_a_header_without_bars_is_refused(tmp_path: Path) -> None:
    assert refusal(write(tmp_path, HEADER)) == "T.csv: there are no bars under the header."


def test_text_that_is_not_utf8_is_refused_where_it_begins(tmp_path: Path) -> None:
    content = (HEADER + GOOD).encode() + b"2000-03-02,\xff,1,1,1,1\n"
    assert refusal(write(tmp_path, content)) == "T.csv, line 3: this is not UTF-8 text."


def test_a_nul_byte_is_refused_where_it_stands(tmp_path: Path) -> None:
    content = HEADER + GOOD + "2000-03-02,1\0,1,1,1,1\n"
    assert refusal(write(tmp_path, content)) == "T.csv, line 3: a NUL byte; this is not a text file."


def test_utf16_is_refused(tmp_path: Path) -> None:
    assert refusal(write(tmp_path, (HEADER + GOOD).encode("utf-16"))).startswith("T.csv, line 1: ")


def test_an_unfinished_quote_is_refused(tmp_path: Path) -> None:
    assert "line 3: this is not CSV" in refusal(write(tmp_path, HEADER + GOOD + '"2000-03-02,1,1,1,1,1\n'))


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path / "T.csv") == "T.csv: there is no such file."


def test_a_directory_is_refused(tmp_path: Path) -> None:
    (tmp_path / "T.csv").mkdir()
    assert refusal(tmp_path / "T.csv") == "T.csv: this is a directory, not a file."


def test_a_path_through_a_file_is_refused(tmp_path: Path) -> None:
    write(tmp_path, HEADER)
    assert refusal(tmp_path / "T.csv" / "U.csv") == "U.csv: the file can't be read (Not a directory)."


def test_the_error_keeps_file_and_line_as_facts(tmp_path: Path) -> None:
    with pytest.raises(BadFile) as caught:
        read_bars(write(tmp_path, HEADER + "x,1,1,1,1,1\n"))
    assert caught.value.facts == {"file": "T.csv", "line": 2}


def test_thirteen_years_are_read_in_a_blink() -> None:
    paths = bundled_paths("IBM")
    assert paths is not None
    times = []
    for _ in range(5):
        before = time.perf_counter()
        read_bars(paths.bars)
        times.append(time.perf_counter() - before)
    assert min(times) < 0.1  # about 14 ms; the margin is for busy machines
