"""A grid as it is written on a command line: `field=from:to:step`, or `field=value,value`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal

from simulation.grid import MOST_VALUES, Grid, all_values, read_grid
from simulation.setup import Settings, settings_from
from volbal.errors import OutOfRange
from volbal.numbers import EXACT, parse_decimal, plain

PLACES = 8


def grid_of(lines: Iterable[str], fixed: Iterable[str] = ()) -> Grid:
    """Read a grid, one line a field. `fixed` are `field=value` pairs of which none may be tried as well.

    Raises OutOfRange, UnknownField, InvalidNumber or InvalidConfig.
    """
    raw: dict[str, list[str]] = {}
    said = {assignment.partition("=")[0].strip() for assignment in fixed}
    for line in lines:
        name, separator, text = (part.strip() for part in line.partition("="))
        if not separator or not name or not text:
            raise OutOfRange(f"--grid {line[:60]}: write it as field=from:to:step.", field="grid")
        if name in raw or name in said:
            raise OutOfRange(f"--grid {name[:60]}: it is set already.", field="grid")
        raw[name] = list(_values(name, text))
    return read_grid(raw)


def settings_on(grid: Grid, fixed: Iterable[str]) -> Iterator[tuple[dict[str, str], Settings]]:
    """Yield (values, settings) of every trial, by number. Raises InvalidConfig for what can't be together."""
    shared = list(fixed)
    for values in all_values(grid):
        yield values, settings_from([*shared, *assignments_of(values)])


def assignments_of(values: dict[str, str]) -> list[str]:
    """Write a trial's values as `field=value`."""
    return [f"{name}={value}" for name, value in values.items()]


def _values(name: str, text: str) -> Iterator[str]:
    if ":" not in text:
        return (value.strip() for value in text.split(","))
    bounds = [parse_decimal(part.strip(), places=PLACES, field=name) for part in text.split(":")]
    if len(bounds) != 3:
        raise OutOfRange(f"--grid {name[:60]}: write it as field=from:to:step.", field="grid")
    first, last, step = bounds
    if last < first or step <= 0:
        raise OutOfRange(f"--grid {name[:60]}: from up to, in steps above zero.", field="grid")
    return (plain(value) for value in _steps(name, first, last, step))


def _steps(name: str, first: Decimal, last: Decimal, step: Decimal) -> list[Decimal]:
    count = int(EXACT.divide_int(last - first, step)) + 1
    if count > MOST_VALUES:
        raise OutOfRange(f"--grid {name[:60]}: {count:,} values; at most {MOST_VALUES}.", field="grid")
    return [first + step * place for place in range(count)]
