"""Yahoo's floats, converted once: to decimals, UTC times, New York dates and whole-number ratios."""

from __future__ import annotations

import math
import struct
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction

from volbal.numbers import MAX_PRICE, to_six
from volbal.trading_day import trading_date

_SINGLE_DIGITS = range(6, 10)


def decimal_of(raw: object) -> Decimal | None:
    """Return a JSON number as the decimal that was meant; None for anything that is no finite number.

    Bars come as single-precision floats that were widened, 189.95 as 189.94999694824219. Where a float is
    one exactly, the shortest decimal that names it is taken; else the shortest that names the double.
    """
    if isinstance(raw, bool) or not isinstance(raw, int | float) or not math.isfinite(raw):
        return None
    return Decimal(_shortest(raw) if isinstance(raw, float) else repr(raw))


def price_of(raw: object) -> Decimal | None:
    """Return a price in dollars, half-even to 6 places; None for what can't be one."""
    value = decimal_of(raw)
    if value is None or not 0 < value <= MAX_PRICE:
        return None
    return to_six(value) or None


def moment_of(raw: object) -> datetime | None:
    """Return seconds since 1970 as an aware UTC time; None for what can't be one."""
    if isinstance(raw, bool) or not isinstance(raw, int | float):
        return None
    try:
        return datetime.fromtimestamp(raw, UTC)
    except (OverflowError, ValueError, OSError):
        return None


def day_of(raw: object) -> date | None:
    """Return the New York date of seconds since 1970; None for what has none."""
    at = moment_of(raw)
    return None if at is None else trading_date(at)


def ratio_of(numerator: object, denominator: object) -> Fraction | None:
    """Return numerator / denominator, exactly and above zero; None for what is no ratio."""
    above, below = decimal_of(numerator), decimal_of(denominator)
    if above is None or below is None or above <= 0 or below <= 0:
        return None
    return Fraction(above) / Fraction(below)


def _shortest(number: float) -> str:
    if _as_single(number) == number:
        for digits in _SINGLE_DIGITS:
            text = f"{number:.{digits}g}"
            if _as_single(float(text)) == number:
                return text
    return repr(number)


def _as_single(number: float) -> float | None:
    try:
        return float(struct.unpack("f", struct.pack("f", number))[0])
    except OverflowError:
        return None
