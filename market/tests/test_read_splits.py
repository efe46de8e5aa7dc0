from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from market.csv_files import read_splits
from market.errors import BadFile
from market.values import SplitFact

HEADER = "date,new_shares,old_shares\n"


def write(folder: Path, text: str) -> Path:
    path = folder / "T-splits.csv"
    path.write_text(text)
    return path


def test_splits_and_reverse_splits_are_read(tmp_path: Path) -> None:
    path = write(tmp_path, HEADER + "2003-02-18,2,1\n2009-01-02,1,10\n")
    assert read_splits(path) == (
        SplitFact(date=date(2003, 2, 18), new_shares=2, old_shares=1),
        SplitFact(date=date(2009, 1, 2), new_shares=1, old_shares=10),
    )


def test_a_ticker_may_have_no_splits(tmp_path: Path) -> None:
    assert read_splits(write(tmp_path, HEADER)) == ()


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("2009-01-02,0,1", "new_shares: must be above zero."),
        ("2009-01-02,2,0", "old_shares: must be above zero."),
        ("2009-01-02,-2,1", "new_shares: write it as a whole number, like 1200."),
        ("2009-01-02,1.5,1", "new_shares: write it as a whole number, like 1200."),
        ("2009-01-02,2,one", "old_shares: write it as a whole number, like 1200."),
        ("2009-01-02,1000000000,1", "new_shares: at most 9 digits."),
        ("2009-13-02,2,1", "date: '2009-13-02' is not a date like 2000-03-01."),
        ("2003-02-18,2,1", "2003-02-18 appears twice."),
        ("2003-02-17,2,1", "2003-02-17 stands after 2003-02-18; the oldest comes first."),
        ("2009-01-02,2:1", "3 fields are needed, found 2 fields."),
    ],
)
def test_a_bad_row_is_refused_with_file_and_line(tmp_path: Path, row: str, expected: str) -> None:
    path = write(tmp_path, HEADER + "2003-02-18,2,1\n" + row + "\n")
    with pytest.raises(BadFile) as caught:
        read_splits(path)
    assert caught.value.detail == f"T-splits.csv, line 3: {expected}"


def test_other_columns_are_refused(tmp_path: Path) -> None:
    with pytest.raises(
        BadFile, match="line 1: the columns must be date,new_shares,old_shares, found 'date,ratio'"
    ):
        read_splits(write(tmp_path, "date,ratio\n2003-02-18,2\n"))


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="line 1: the file is empty"):
        read_splits(write(tmp_path, ""))
