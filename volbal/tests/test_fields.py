"""Dates, times and whole numbers from text: one way of writing each."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from volbal.errors import InvalidNumber, OutOfRange
from volbal.fields import JsonNumber, read_day, read_moment, read_whole


def test_a_day_is_read() -> None:
    assert read_day("2000-02-29", field="date") == date(2000, 2, 29)


@pytest.mark.parametrize(
    "raw",
    [
        "2001-02-29",
        "20000229",
        "2000-W09-2",
        "2000-2-9",
        "２０００-02-29",
        "2000-02-29\n",
        " 2000-02-29",
        "",
        "0000-01-01",
        JsonNumber("20000229"),
        None,
        True,
        [],
        {},
        "9" * 9999,
    ],
    ids=lambda raw: repr(raw)[:20],
)
def test_another_way_of_writing_a_day_is_refused(raw: object) -> None:
    with pytest.raises(OutOfRange, match="is not a date like 2000-03-01") as refusal:
        read_day(raw, field="date")

    assert len(refusal.value.detail) < 100


@pytest.mark.parametrize(
    ("raw", "moment"),
    [
        ("2000-03-01T14:30:00Z", datetime(2000, 3, 1, 14, 30, tzinfo=UTC)),
        ("2000-03-01T14:30Z", datetime(2000, 3, 1, 14, 30, tzinfo=UTC)),
        ("2000-03-01T14:30:59.5Z", datetime(2000, 3, 1, 14, 30, 59, 500_000, tzinfo=UTC)),
        ("2000-03-01T09:30:00-05:00", datetime(2000, 3, 1, 14, 30, tzinfo=UTC)),
        ("2000-03-01T15:30:00+01:00", datetime(2000, 3, 1, 14, 30, tzinfo=UTC)),
        ("2000-03-01T15:30:00 01:00", datetime(2000, 3, 1, 14, 30, tzinfo=UTC)),
    ],
)
def test_a_moment_is_read(raw: str, moment: datetime) -> None:
    read = read_moment(raw, field="at")

    assert read == moment
    assert read.utcoffset() is not None


def test_an_offset_stays_what_it_was() -> None:
    assert read_moment("2000-03-01T15:30:00 01:00", field="at").utcoffset() == timedelta(hours=1)


@pytest.mark.parametrize(
    "raw",
    [
        "2000-03-01T14:30:00",
        "2000-03-01",
        "2000-03-01 14:30:00Z",
        "2000-03-01T24:30:00Z",
        "2000-03-01T14:30:00+25:00",
        "2000-03-01T14:30:00.1234567Z",
        "2000-02-30T14:30:00Z",
        JsonNumber("951921000"),
        "951921000",
        None,
        "",
    ],
)
def test_another_way_of_writing_a_moment_is_refused(raw: object) -> None:
    with pytest.raises(OutOfRange, match="is not a time like 2000-03-01T14:30:00Z"):
        read_moment(raw, field="at")


@pytest.mark.parametrize(
    ("raw", "number"), [("0", 0), ("12", 12), (JsonNumber("12"), 12), (JsonNumber("1e2"), 100)]
)
def test_a_whole_number_is_read(raw: object, number: int) -> None:
    read = read_whole(raw, field="shares")

    assert (read, type(read)) == (number, int)


@pytest.mark.parametrize(
    ("raw", "error"),
    [
        ("1.5", InvalidNumber),
        ("1.0", InvalidNumber),
        ("1_0", InvalidNumber),
        (" 1", InvalidNumber),
        (True, InvalidNumber),
        (None, InvalidNumber),
        (JsonNumber("1e-2"), InvalidNumber),
        ("-1", OutOfRange),
        ("1" * 16, OutOfRange),
    ],
    ids=repr,
)
def test_what_is_no_whole_number_is_refused(raw: object, error: type[Exception]) -> None:
    with pytest.raises(error):
        read_whole(raw, field="shares")
