"""The three history files: bars, dividends, splits. Whole and right, or refused with file and line."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from operator import attrgetter
from pathlib import Path
from typing import TypeVar

from market.csv_rows import bad_file, bad_line, read_rows, shown
from market.values import DayBar, DividendFact, SplitFact
from volbal.errors import BadInput, InvalidNumber, OutOfRange
from volbal.fields import read_day, read_price
from volbal.numbers import MAX_DIGITS

BAR_COLUMNS = ("date", "open", "high", "low", "close", "volume")
DIVIDEND_COLUMNS = ("ex_date", "pay_date", "dps", "currency")
SPLIT_COLUMNS = ("date", "new_shares", "old_shares")

_WHOLE = re.compile(r"(?:0|[1-9][0-9]*)\Z")
# One match a row instead of five calls of the parser, which then only has to name the fault.
_PLAIN_NUMBERS = re.compile(r"(?:(?:0|[1-9][0-9]{0,8})(?:\.[0-9]{1,6})?,){4}(?:0|[1-9][0-9]{0,14})\Z")
_SPLIT_DIGITS = 9

Fact = TypeVar("Fact", DayBar, DividendFact, SplitFact)


def read_bars(path: Path) -> tuple[DayBar, ...]:
    """Read daily bars, oldest first, at least one. Raises BadFile.

    Open and close may lie outside [low, high] by a feed's rounding; high below low is refused.
    """
    bars = _read(path, BAR_COLUMNS, _bar, attrgetter("date"))
    if not bars:
        raise bad_file(path, "there are no bars under the header.")
    return bars


def read_dividends(path: Path) -> tuple[DividendFact, ...]:
    """Read dividends by rising ex-date; there may be none. Raises BadFile."""
    return _read(path, DIVIDEND_COLUMNS, _dividend, attrgetter("ex_date"))


def read_splits(path: Path) -> tuple[SplitFact, ...]:
    """Read splits by rising date; there may be none. Raises BadFile."""
    return _read(path, SPLIT_COLUMNS, _split, attrgetter("date"))


def _read(
    path: Path,
    columns: tuple[str, ...],
    parse: Callable[[list[str]], Fact],
    day_of: Callable[[Fact], date],
) -> tuple[Fact, ...]:
    facts: list[Fact] = []
    last: date | None = None
    for line, fields in read_rows(path, columns):
        try:
            fact = parse(fields)
            last = _later(day_of(fact), last)
        except BadInput as error:
            raise bad_line(path, line, error.detail) from None
        facts.append(fact)
    return tuple(facts)


def _later(day: date, last: date | None) -> date:
    if last is None or day > last:
        return day
    if day == last:
        raise OutOfRange(f"{day} appears twice.")
    raise OutOfRange(f"{day} stands after {last}; the oldest comes first.")


def _bar(fields: list[str]) -> DayBar:
    if not _PLAIN_NUMBERS.match(",".join(fields[1:])):
        _find_fault(fields)
    open_, high, low, close = map(Decimal, fields[1:5])
    if not (open_ and high and low and close):
        _find_fault(fields)
    if high < low:
        raise OutOfRange(f"the high {high} is below the low {low}.")
    day = read_day(fields[0], field="date")
    return DayBar(date=day, open=open_, high=high, low=low, close=close, volume=int(fields[5]))


def _find_fault(fields: list[str]) -> None:
    """Read a bar's numbers one by one, so that the first bad one is named."""
    for name, text in zip(BAR_COLUMNS[1:5], fields[1:5], strict=True):
        read_price(text, field=name)
    _read_whole(fields[5], "volume", digits=MAX_DIGITS)


def _dividend(fields: list[str]) -> DividendFact:
    ex_date, pay_date = read_day(fields[0], field="ex_date"), read_day(fields[1], field="pay_date")
    if pay_date < ex_date:
        raise OutOfRange(f"the pay date {pay_date} is before the ex-date {ex_date}.")
    dps = read_price(fields[2], field="dps")
    if fields[3] != "USD":
        raise BadInput(f"currency: only USD is kept, found {shown(fields[3])}.")
    return DividendFact(ex_date=ex_date, pay_date=pay_date, dps=dps)


def _split(fields: list[str]) -> SplitFact:
    day = read_day(fields[0], field="date")
    new_shares, old_shares = (
        _read_ratio(text, name) for name, text in zip(SPLIT_COLUMNS[1:], fields[1:], strict=True)
    )
    return SplitFact(date=day, new_shares=new_shares, old_shares=old_shares)


def _read_whole(text: str, field: str, *, digits: int) -> int:
    if not _WHOLE.match(text):
        raise InvalidNumber(f"{field}: write it as a whole number, like 1200.", field=field)
    if len(text) > digits:
        raise OutOfRange(f"{field}: at most {digits} digits.", field=field)
    return int(text)


def _read_ratio(text: str, field: str) -> int:
    shares = _read_whole(text, field, digits=_SPLIT_DIGITS)
    if shares == 0:
        raise OutOfRange(f"{field}: must be above zero.", field=field)
    return shares
