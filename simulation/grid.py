"""A grid of settings: its values by field, its trials by number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import product
from math import prod
from typing import Any

from simulation.requests import settings_from_groups
from simulation.setup import Settings
from volbal.errors import InvalidConfig, OutOfRange
from volbal.fields import GROUPS, NO_LIMIT_WORD, read_setting
from volbal.numbers import plain

Grid = Mapping[str, Sequence[str]]

MOST_TRIALS = 20_000
MOST_VALUES = 200


def read_grid(raw: Mapping[str, Sequence[object]]) -> dict[str, list[str]]:
    """Read a grid given as lists of values by field; each is written plainly, and stands there once.

    Raises UnknownField, InvalidNumber, InvalidConfig, and OutOfRange for nothing or too much to try.
    """
    grid = {name: _read_values(name, values) for name, values in raw.items()}
    if not grid or trial_count(grid) > MOST_TRIALS:
        raise OutOfRange(f"grid: 1 to {MOST_TRIALS:,} settings may be tried.", field="grid")
    return grid


def trial_count(grid: Grid) -> int:
    """Return how many settings there are to try."""
    return prod(len(values) for values in grid.values())


def trial_values(grid: Grid, number: int) -> dict[str, str]:
    """Return the values of the trial of a number; the last field changes fastest."""
    values: dict[str, str] = {}
    for name in reversed(list(grid)):
        number, place = divmod(number, len(grid[name]))
        values[name] = grid[name][place]
    return {name: values[name] for name in grid}


def all_values(grid: Grid) -> list[dict[str, str]]:
    """Return the values of all trials, by number."""
    return [dict(zip(grid, values, strict=True)) for values in product(*grid.values())]


def settings_of_trial(values: Mapping[str, str], base: Settings) -> Settings:
    """Put a trial's values over the settings that all share. Raises InvalidConfig if they don't fit."""
    return settings_from_groups(groups_of(values), base)


def groups_of(values: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """Sort values by the group of their field, read as settings. Raises UnknownField."""
    groups: dict[str, dict[str, Any]] = {group: {} for group in GROUPS}
    for name, text in values.items():
        group, value = read_setting(name, text)
        groups[group][name] = NO_LIMIT_WORD if value is None else value
    return groups


def as_number(text: str) -> Decimal | None:
    """Return a value as a number, None for a word."""
    try:
        return Decimal(text)
    except ArithmeticError:
        return None


def _read_values(name: str, raw: Sequence[object]) -> list[str]:
    if not 0 < len(raw) <= MOST_VALUES:
        raise OutOfRange(f"grid.{name[:40]}: 1 to {MOST_VALUES} values.", field="grid")
    values = [_plain(read_setting(name, str(value).strip())[1]) for value in raw]
    if len(set(values)) < len(values):
        raise InvalidConfig(f"grid.{name}: a value stands there twice.", field="grid")
    return values


def _plain(value: Decimal | int | bool | str | None) -> str:
    if value is None:
        return NO_LIMIT_WORD
    if isinstance(value, bool):
        return str(value).lower()
    return plain(value) if isinstance(value, Decimal) else str(value)
