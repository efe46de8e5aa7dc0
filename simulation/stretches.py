"""What any stretch of a curve came to, from running sums: a stretch costs two look-ups a sum, not a pass.

An optimization asks this for a dozen stretches of each of thousands of curves.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from math import sqrt
from typing import NamedTuple


class Moments(NamedTuple):
    """A sample of daily returns: how many, mean, standard deviation, skewness, kurtosis (3 if normal)."""

    size: int
    mean: float
    deviation: float
    skewness: float
    kurtosis: float


class Stretches:
    """Running sums of numbers and of their powers."""

    __slots__ = ("_powers",)

    def __init__(self, numbers: Sequence[float]) -> None:
        squares = [x * x for x in numbers]
        cubes = [x * y for x, y in zip(numbers, squares, strict=True)]
        fourths = [x * x for x in squares]
        self._powers = [running(one) for one in (numbers, squares, cubes, fourths)]

    def moments(self, first: int, stop: int) -> Moments:
        """Return the moments of numbers `first` up to `stop`; of equal ones only count and mean."""
        count = stop - first
        if count < 2:
            return Moments(count, self._powers[0][stop] - self._powers[0][first], 0.0, 0.0, 3.0)
        mean, square, cube, fourth = ((sums[stop] - sums[first]) / count for sums in self._powers)
        variance = square - mean * mean
        if variance <= square * NOISE:
            return Moments(count, mean, 0.0, 0.0, 3.0)
        third = cube - 3 * mean * square + 2 * mean**3
        last = fourth - 4 * mean * cube + 6 * mean * mean * square - 3 * mean**4
        deviation = sqrt(variance * count / (count - 1))
        return Moments(count, mean, deviation, third / variance**1.5, last / variance**2)


# What is left of equal numbers' variance by the error of floats, as a share of their mean square.
NOISE = 1e-12


def running(numbers: Sequence[float]) -> list[float]:
    """Return the sums of the first 0, 1, 2, ... numbers."""
    return [0.0, *accumulate(numbers)]
