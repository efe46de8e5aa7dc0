from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from market.csv_files import read_dividends
from market.errors import BadFile
from market.values import DividendFact

HEADER = "ex_date,pay_date,dps,currency\n"


def write(folder: Path, text: str) -> Path:
    path = folder / "T-dividends.csv"
    path.write_text(text)
    return path


def test_dividends_are_read(tmp_path: Path) -> None:
    path = write(tmp_path, HEADER + "2000-05-08,2000-06-10,0.13,USD\n2000-08-08,2000-08-08,0.14,USD\n")
    assert read_dividends(path) == (
        DividendFact(ex_date=date(2000, 5, 8), pay_date=date(2000, 6, 10), dps=Decimal("0.13")),
        DividendFact(ex_date=date(2000, 8, 8), pay_date=date(2000, 8, 8), dps=Decimal("0.14")),
    )


def test_a_ticker_may_have_no_dividends(tmp_path: Path) -> None:
    assert read_dividends(write(tmp_path, HEADER)) == ()


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("2000-08-08,2000-08-07,0.13,USD", "the pay date 2000-08-07 is before the ex-date 2000-08-08."),
        ("2000-08-08,2000-09-10,0,USD", "dps: must be above zero."),
        ("2000-08-08,2000-09-10,-0.13,USD", "dps: may not be negative."),
        ("2000-08-08,2000-09-10,much,USD", "dps: write it as plain digits, like 150.25."),
        ("2000-08-08,2000-09-10,0.1234567,USD", "dps: at most 6 decimal places."),
        ("2000-08-08,2000-09-10,0.13,EUR", "currency: only USD is kept, found 'EUR'."),
        ("2000-08-08,2000-09-10,0.13,", "currency: only USD is kept, found ''."),
        ("2000-08-32,2000-09-10,0.13,USD", "ex_date: '2000-08-32' is not a date like 2000-03-01."),
        ("2000-08-08,soon,0.13,USD", "pay_date: 'soon' is not a date like 2000-03-01."),
        ("2000-05-08,2000-09-10,0.13,USD", "2000-05-08 appears twice."),
        ("2000-05-07,2000-09-10,0.13,USD", "2000-05-07 stands after 2000-05-08; the oldest comes first."),
        ("2000-08-08,2000-09-10,0.13", "4 fields are needed, found 3 fields."),
    ],
)
def test_a_bad_row_is_refused_with_file_and_line(tmp_path: Path, row: str, expected: str) -> None:
    path = write(tmp_path, HEADER + "2000-05-08,2000-06-10,0.13,USD\n" + row + "\n")
    with pytest.raises(BadFile) as caught:
        read_dividends(path)
    assert caught.value.detail == f"T-dividends.csv, line 3: {expected}"


def test_other_columns_are_refused(tmp_path: Path) -> None:
    with pytest.raises(
        BadFile, match=r"line 1: the columns must be ex_date,pay_date,dps,currency, found 'ex_date,"
    ):
        read_dividends(write(tmp_path, "ex_date,pay_date,dps\n2000-05-08,2000-06-10,0.13\n"))


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="line 1: the file is empty"):
        read_dividends(write(tmp_path, ""))
