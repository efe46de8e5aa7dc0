"""Rounding of exact fractions: the only places where the oracle loses anything."""

from __future__ import annotations

from fractions import Fraction


def half_even(value: Fraction, places: int) -> Fraction:
    """Round to the nearest multiple of 10**-places, ties to the even one."""
    scale = 10**places
    return Fraction(round(value * scale), scale)


def toward_zero(value: Fraction, unit: Fraction) -> Fraction:
    """Round down to a multiple of `unit`, for value >= 0."""
    return (value // unit) * unit


def away_from_zero(value: Fraction, unit: Fraction) -> Fraction:
    """Round up to a multiple of `unit`, for value >= 0."""
    return -((-value) // unit) * unit


def text(value: Fraction | None) -> str | None:
    """Write a fraction whose denominator divides 10**14 as a plain decimal."""
    if value is None:
        return None
    scaled = value * 10**14
    assert scaled.denominator == 1, value
    sign = "-" if scaled < 0 else ""
    digits = str(abs(scaled.numerator)).rjust(15, "0")
    return sign + f"{digits[:-14]}.{digits[-14:]}".rstrip("0").rstrip(".")
