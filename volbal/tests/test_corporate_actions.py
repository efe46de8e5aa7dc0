"""docs/strategy.md, "Dividends" and "Splits"."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from volbal.dividends import (
    apply_split,
    calculate_gross_amount,
    calculate_net_amount,
    calculate_tax,
    go_ex_dividend,
    receive_dividend,
    withholding_rate,
)
from volbal.tests.builders import make_state
from volbal.tests.strategies import decimals

QUARTER = Decimal("0.25")
steady = settings(derandomize=True, database=None, deadline=None, max_examples=200)


def test_gross_and_tax_are_each_rounded_half_even_to_6_places() -> None:
    assert calculate_gross_amount(Decimal("0.5"), Decimal("0.000001")) == Decimal("0.000000")
    assert calculate_gross_amount(Decimal("1.5"), Decimal("0.000001")) == Decimal("0.000002")
    assert calculate_gross_amount(Decimal("2.5"), Decimal("0.000001")) == Decimal("0.000002")
    assert calculate_tax(Decimal("0.000002"), QUARTER) == Decimal("0.000000")
    assert calculate_tax(Decimal("0.000006"), QUARTER) == Decimal("0.000002")
    assert calculate_net_amount(Decimal("0.000006"), QUARTER) == Decimal("0.000004")


@pytest.mark.parametrize(
    ("position", "dividend", "used"),
    [
        ("0.1", "0.3", "0.1"),
        (None, "0.3", "0.3"),
        (None, None, "0.25"),
        ("0", "0.3", "0"),
        (None, "0", "0"),
        ("0.15", None, "0.15"),
    ],
)
def test_the_positions_rate_wins_then_the_dividends_then_a_quarter(
    position: str | None, dividend: str | None, used: str
) -> None:
    rates = [None if rate is None else Decimal(rate) for rate in (position, dividend)]
    assert withholding_rate(*rates) == Decimal(used)


def test_going_ex_lowers_the_anchor_and_creates_a_receivable_but_no_cash() -> None:
    after, gross, tax = go_ex_dividend(make_state(receivable="5"), Decimal("0.82"), QUARTER)
    assert (gross, tax) == (Decimal(82), Decimal("20.5"))
    assert after.anchor_price == Decimal("99.18")
    assert after.dividend_receivable == Decimal("66.5")
    assert after.cash == Decimal(10000)
    assert after.get_effective_cash() == Decimal("10066.5")
    assert after.qty == Decimal(100)


@pytest.mark.parametrize("dps", ["100", "100.000001", "250"])
def test_an_anchor_that_would_reach_zero_becomes_none(dps: str) -> None:
    after, gross, _ = go_ex_dividend(make_state(), Decimal(dps), QUARTER)
    assert after.anchor_price is None
    assert gross == 100 * Decimal(dps)


def test_an_anchor_one_tick_above_the_dividend_stays() -> None:
    after, _, _ = go_ex_dividend(make_state(), Decimal("99.999999"), QUARTER)
    assert after.anchor_price == Decimal("0.000001")


def test_without_an_anchor_the_dividend_still_pays() -> None:
    after, _, _ = go_ex_dividend(make_state(anchor=None), Decimal(1), QUARTER)
    assert (after.anchor_price, after.dividend_receivable) == (None, Decimal(75))


def test_a_paid_receivable_becomes_cash_and_effective_cash_stays() -> None:
    before = make_state(receivable="61.5")
    after = receive_dividend(before, Decimal("61.5"))
    assert (after.dividend_receivable, after.cash) == (Decimal(0), Decimal("10061.5"))
    assert after.get_effective_cash() == before.get_effective_cash()
    assert after.anchor_price == before.anchor_price


def test_a_two_for_one_split_doubles_shares_and_halves_the_anchor() -> None:
    after = apply_split(make_state(), 2, 1)
    assert (after.qty, after.anchor_price, after.cash) == (Decimal(200), Decimal(50), Decimal(10000))


def test_a_reverse_split_loses_what_the_eighth_place_cannot_hold() -> None:
    after = apply_split(make_state(qty="1"), 1, 3)
    assert after.qty == Decimal("0.33333333")
    assert after.anchor_price == Decimal(300)


def test_a_splits_anchor_is_half_even_to_6_places() -> None:
    assert apply_split(make_state(anchor="100"), 3, 1).anchor_price == Decimal("33.333333")
    assert apply_split(make_state(anchor="0.000003"), 2, 1).anchor_price == Decimal("0.000002")
    assert apply_split(make_state(anchor="0.000005"), 2, 1).anchor_price == Decimal("0.000002")


def test_an_anchor_that_a_split_rounds_to_zero_becomes_none() -> None:
    assert apply_split(make_state(anchor="0.000001"), 2, 1).anchor_price is None


def test_a_split_without_an_anchor_splits_the_shares() -> None:
    after = apply_split(make_state(anchor=None), 3, 2)
    assert (after.qty, after.anchor_price) == (Decimal(150), None)


def test_split_then_dividend_pays_on_the_shares_after_the_split() -> None:
    split = apply_split(make_state(), 2, 1)
    after, gross, _ = go_ex_dividend(split, Decimal("0.5"), QUARTER)
    assert gross == Decimal(100)
    assert after.anchor_price == Decimal("49.5")


@steady
@given(decimals("9999999", 8), st.integers(1, 50), st.integers(1, 50))
def test_a_split_never_invents_value(qty: Decimal, new: int, old: int) -> None:
    after = apply_split(make_state(qty=format(qty, "f")), new, old)
    assert after.qty * old <= qty * new
    assert (qty * new - after.qty * old) < old * Decimal("0.00000001")


@steady
@given(decimals("9999999", 8), decimals("500", 6), decimals("1", 6))
def test_net_and_tax_always_make_gross(qty: Decimal, dps: Decimal, rate: Decimal) -> None:
    gross = calculate_gross_amount(qty, dps)
    assert calculate_net_amount(gross, rate) + calculate_tax(gross, rate) == gross
    assert calculate_net_amount(gross, rate) >= 0
