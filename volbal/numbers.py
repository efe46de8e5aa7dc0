"""Exact decimal arithmetic: places, rounding, and the one parser from text.

Source: docs/adr/0002. Places are those of the ledger; 15 digits in all is what SQLite keeps.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from decimal import (
    ROUND_CEILING,
    ROUND_DOWN,
    ROUND_HALF_EVEN,
    Context,
    Decimal,
    DivisionByZero,
    InvalidOperation,
    Overflow,
    localcontext,
)
from functools import wraps
from typing import ParamSpec, TypeVar

from volbal.errors import InvalidNumber, OutOfRange

PRICE_PLACES = 6
MONEY_PLACES = 6
PCT_PLACES = 6
RATIO_PLACES = 6
QTY_PLACES = 8
RATE_PLACES = 8
RAW_QTY_PLACES = 12
MAX_DIGITS = 15

ZERO = Decimal(0)
ONE_SHARE_STEP = Decimal("1e-8")
PRICE_TICK = Decimal("1e-6")
MAX_PRICE = Decimal("999999999.999999")
MONEY_LIMIT = Decimal("1e9")
QTY_LIMIT = Decimal("1e7")

_SIX = Decimal("1e-6")
_TWELVE = Decimal("1e-12")

# Wide enough that products of ledger numbers are exact and one division at the end
# rounds to 12 places as the true quotient would.
EXACT = Context(prec=100, rounding=ROUND_HALF_EVEN, traps=[InvalidOperation, DivisionByZero, Overflow])

PLAIN_NUMBER = re.compile(r"(-?)(0|[1-9][0-9]*)(?:\.([0-9]+))?\Z", re.ASCII)
JSON_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,3})?\Z", re.ASCII)
LONGEST_NUMBER = 40

P = ParamSpec("P")
R = TypeVar("R")


def exact() -> AbstractContextManager[Context]:
    """Return a context manager inside which Decimal arithmetic is exact enough for the rules."""
    return localcontext(EXACT)


def in_exact_context(function: Callable[P, R]) -> Callable[P, R]:
    """Run `function` inside `exact()`."""

    @wraps(function)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        with localcontext(EXACT):
            return function(*args, **kwargs)

    return wrapper


def to_twelve(value: Decimal) -> Decimal:
    """Round half-even to 12 places: removes the noise of division and nothing else."""
    return value.quantize(_TWELVE, ROUND_HALF_EVEN, EXACT)


def to_six(value: Decimal) -> Decimal:
    """Round half-even to the 6 places of money, prices and percentages."""
    return value.quantize(_SIX, ROUND_HALF_EVEN, EXACT)


def down_to(value: Decimal, unit: Decimal) -> Decimal:
    """Return the multiple of `unit` nearest to `value` toward zero."""
    return EXACT.multiply(EXACT.divide_int(value, unit), unit)


def is_power_of_ten(unit: Decimal) -> bool:
    """Say whether multiples of `unit` are the numbers with so many places."""
    return unit.as_tuple().digits == (1,)


def cut_to(value: Decimal, unit: Decimal) -> Decimal:
    """Do the same as `down_to`, in one step, for a unit that is a power of ten."""
    return value.quantize(unit, ROUND_DOWN, EXACT)


def up_to(value: Decimal, unit: Decimal) -> Decimal:
    """Return the multiple of `unit` nearest to `value` away from zero, for value >= 0."""
    steps = EXACT.divide(value, unit).to_integral_value(ROUND_CEILING)
    return EXACT.multiply(steps, unit)


def qty_down(value: Decimal) -> Decimal:
    """Round a quantity toward zero to 8 places."""
    return value.quantize(ONE_SHARE_STEP, ROUND_DOWN, EXACT)


def require_places(value: Decimal, places: int, field: str) -> Decimal:
    """Return `value`, or raise InvalidNumber if it has more than `places` decimal places.

    For values that come from a program: what is booked must be what was said, so nothing is rounded here.
    """
    exponent = value.normalize(EXACT).as_tuple().exponent
    if not isinstance(exponent, int) or -exponent > places:
        raise InvalidNumber(f"{field}: at most {places} decimal places.", field=field)
    return value


def require_price(value: Decimal, field: str) -> Decimal:
    """Return a price in dollars per share; raise OutOfRange or InvalidNumber for what can't be one."""
    if not value.is_finite() or not 0 < value <= MAX_PRICE:
        raise OutOfRange(f"{field}: must be above zero and below 1,000,000,000.", field=field)
    return require_places(value, PRICE_PLACES, field)


def plain(value: Decimal) -> str:
    """Write a decimal without exponent, trailing zeros or a minus before zero."""
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def parse_decimal(text: str, *, places: int, signed: bool = False, field: str = "value") -> Decimal:
    """Read a plain decimal from text: ASCII digits, at most `places` places, 15 digits in all.

    Raises InvalidNumber for anything else (exponents, NaN, underscores, blanks, a leading plus)
    and OutOfRange for a negative number (unless `signed`) or one with too many digits.
    """
    match = PLAIN_NUMBER.match(text) if len(text) <= LONGEST_NUMBER else None
    if match is None:
        raise InvalidNumber(f"{field}: write it as plain digits, like 150.25.", field=field)
    minus, whole, fraction = match.groups("")
    if len(fraction) > places:
        raise InvalidNumber(f"{field}: at most {places} decimal places.", field=field)
    if len(whole) > MAX_DIGITS - places:
        raise OutOfRange(f"{field}: at most {MAX_DIGITS - places} digits before the point.", field=field)
    number = Decimal(text)
    if minus and not signed and number:
        raise OutOfRange(f"{field}: may not be negative.", field=field)
    return number or ZERO


def parse_json_number(text: str, *, places: int, signed: bool = False, field: str = "value") -> Decimal:
    """Read a JSON number literal from its text, never through float.

    A literal may have an exponent, as JSON allows; its value obeys the same limits as a string.
    """
    if len(text) > LONGEST_NUMBER or not JSON_NUMBER.match(text):
        raise InvalidNumber(f"{field}: this number has too many digits.", field=field)
    if "e" not in text and "E" not in text:
        return parse_decimal(text, places=places, signed=signed, field=field)
    number = Decimal(text)
    if not -LONGEST_NUMBER < number.adjusted() < MAX_DIGITS:
        raise OutOfRange(f"{field}: too large or too small.", field=field)
    return parse_decimal(plain(number), places=places, signed=signed, field=field)
