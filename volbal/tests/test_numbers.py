"""How numbers come in and go out."""

from __future__ import annotations

import time
from decimal import Decimal, localcontext

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from volbal.errors import BadInput, InvalidNumber, OutOfRange
from volbal.numbers import down_to, parse_decimal, parse_json_number, plain, to_six, to_twelve, up_to
from volbal.tests.strategies import decimals

steady = settings(derandomize=True, database=None, deadline=None, max_examples=300)

NOT_PLAIN = ["NaN", "nan", "-NaN", "sNaN", "Infinity", "-Infinity", "inf", "1e5", "1E5", "1e-3", "1_000"]
NOT_PLAIN += ["1,000", "１２", "١٢", "+1", " 1", "1 ", "1\n", "\t1", "", "-", ".", ".5", "5.", "--1", "1.2.3"]
NOT_PLAIN += ["0x10", "1/2", "½", "$5", "one", "007", "00", "-01", "1\x00", "−1", "²"]


@pytest.mark.parametrize("text", NOT_PLAIN)
def test_what_is_not_plain_digits_is_no_number(text: str) -> None:
    with pytest.raises(InvalidNumber):
        parse_decimal(text, places=6, signed=True)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", "0"),
        ("150.25", "150.25"),
        ("100.000000", "100"),
        ("0.000001", "0.000001"),
        ("999999999.999999", "999999999.999999"),
    ],
)
def test_a_plain_decimal_is_read_exactly(text: str, value: str) -> None:
    assert parse_decimal(text, places=6) == Decimal(value)


def test_one_place_too_many_is_refused_and_not_rounded_away() -> None:
    for text in ("0.0000001", "1.0000000", "100.1234567"):
        with pytest.raises(InvalidNumber):
            parse_decimal(text, places=6)


def test_more_than_15_digits_in_all_are_out_of_range() -> None:
    assert parse_decimal("9999999.99999999", places=8) == Decimal("9999999.99999999")
    for text, places in (("1000000000", 6), ("10000000", 8), ("1" + "0" * 15, 0)):
        with pytest.raises(OutOfRange):
            parse_decimal(text, places=places)


def test_a_negative_number_is_out_of_range_unless_signs_are_welcome() -> None:
    with pytest.raises(OutOfRange):
        parse_decimal("-1", places=6)
    assert parse_decimal("-1", places=6, signed=True) == Decimal(-1)
    assert plain(parse_decimal("-0", places=6)) == "0"
    assert plain(parse_decimal("-0.00", places=6)) == "0"


@pytest.mark.parametrize("text", ["9" * 5000, "0." + "0" * 5000, "1" * 100_000, "-" + "1" * 5000])
def test_thousands_of_digits_are_refused_at_once(text: str) -> None:
    started = time.perf_counter()
    for parse in (parse_decimal, parse_json_number):
        with pytest.raises(BadInput):
            parse(text, places=6, signed=True)
    assert time.perf_counter() - started < 0.5


@pytest.mark.parametrize(
    ("text", "value"),
    [("1e2", "100"), ("1E+2", "100"), ("15025e-2", "150.25"), ("1.5e0", "1.5"), ("0e5", "0"), ("-0", "0")],
)
def test_a_json_number_may_have_an_exponent(text: str, value: str) -> None:
    number = parse_json_number(text, places=6)
    assert number == Decimal(value)
    assert plain(number) == plain(Decimal(value))


@pytest.mark.parametrize("text", ["1e-7", "1e9", "1e999", "1e-999", "1e9999", "0.1e-6", "9e99999999"])
def test_a_json_exponent_obeys_the_same_limits(text: str) -> None:
    with pytest.raises(BadInput):
        parse_json_number(text, places=6)


def test_a_json_number_never_passes_through_float() -> None:
    assert parse_json_number("123456789.123457", places=6) == Decimal("123456789.123457")
    assert parse_json_number("0.1", places=6) == Decimal("0.1")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("150.2500", "150.25"),
        ("100.000000", "100"),
        ("100", "100"),
        ("1E+3", "1000"),
        ("0E-8", "0"),
        ("-0", "0"),
        ("-0.000", "0"),
        ("0.00000001", "0.00000001"),
        ("1E-8", "0.00000001"),
        ("-1.50", "-1.5"),
        ("10", "10"),
    ],
)
def test_a_number_goes_out_plain(value: str, text: str) -> None:
    assert plain(Decimal(value)) == text


@steady
@given(decimals("999999999", 6))
def test_what_goes_out_comes_back_in(value: Decimal) -> None:
    assert parse_decimal(plain(value), places=6) == value
    assert parse_json_number(plain(value), places=6) == value


@steady
@given(st.text(max_size=20))
def test_any_text_is_a_number_or_a_refusal(text: str) -> None:
    try:
        number = parse_decimal(text, places=6)
    except BadInput:
        return
    assert number.is_finite()
    assert number >= 0
    assert text.isascii()


def test_rounding_is_half_even_where_it_is_said() -> None:
    assert to_six(Decimal("0.0000005")) == 0
    assert to_six(Decimal("0.0000015")) == Decimal("0.000002")
    assert to_twelve(Decimal("0.0000000000005")) == 0
    assert to_twelve(Decimal("49.9999999999999")) == 50


@pytest.mark.parametrize(
    ("value", "unit", "down", "up"),
    [
        ("10.5", "1", "10", "11"),
        ("10", "1", "10", "10"),
        ("0.3", "0.1", "0.3", "0.3"),
        ("7", "10", "0", "10"),
    ],
)
def test_quantities_go_to_a_multiple_of_the_unit(value: str, unit: str, down: str, up: str) -> None:
    assert down_to(Decimal(value), Decimal(unit)) == Decimal(down)
    assert up_to(Decimal(value), Decimal(unit)) == Decimal(up)


def test_a_callers_decimal_context_changes_nothing() -> None:
    with localcontext() as context:
        context.prec = 3
        assert to_six(Decimal("123456.7890125")) == Decimal("123456.789012")
        assert plain(Decimal("123456.789012")) == "123456.789012"
