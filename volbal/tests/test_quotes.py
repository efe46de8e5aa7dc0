"""Which quotes to trust, by table."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from volbal.quotes import (
    Doubt,
    PriceStep,
    QuoteGate,
    QuoteMemory,
    Sighting,
    is_jump,
    is_price,
    is_stale,
    judge_quote,
    looks_like_other_unit,
    looks_like_split,
    sigma_of,
    stepped,
)
from volbal.values import Gates

NOON = datetime(2024, 6, 10, 16, 0, tzinfo=UTC)
FRIDAY = NOON - timedelta(days=3)
MINUTE = timedelta(minutes=1)
OUTLIER, SPLIT = QuoteGate.OUTLIER, QuoteGate.SPLIT


def seen(price: str | int, as_of: datetime = NOON) -> Sighting:
    return Sighting(price=Decimal(price), as_of=as_of)


def knowing(accepted: str | int | None = 100, doubt: Doubt | None = None) -> QuoteMemory:
    return QuoteMemory(accepted=None if accepted is None else seen(accepted, FRIDAY), doubt=doubt)


def doubting(price: str | int, gate: QuoteGate = OUTLIER, as_of: datetime = NOON) -> QuoteMemory:
    return knowing(doubt=Doubt(price=Decimal(price), as_of=as_of, gate=gate))


def split(new: int, old: int, day: date = date(2024, 6, 10)) -> PriceStep:
    return PriceStep(date=day, new_shares=new, old_shares=old)


def test_the_gates_are_those_of_a_decision() -> None:
    assert {gate.value for gate in QuoteGate} <= set(Gates.__slots__)


@pytest.mark.parametrize("price", ["0", "-1", "NaN", "Infinity", "-Infinity", "sNaN"])
def test_what_is_not_finite_or_not_above_zero_is_no_price(price: str) -> None:
    assert not is_price(Decimal(price))
    assert is_price(Decimal("0.000001"))


@pytest.mark.parametrize(
    ("age_s", "session_open", "stale"),
    [
        (0, True, False),
        (300, True, False),
        (301, True, True),
        (301, False, False),
        (86400 * 3, False, False),
        (-60, True, False),
        (-61, True, True),
        (-61, False, True),
    ],
)
def test_a_quote_is_stale_by_its_age_while_the_session_is_open(
    age_s: int, session_open: bool, stale: bool
) -> None:
    as_of = NOON - timedelta(seconds=age_s)
    limit = timedelta(seconds=300)
    assert is_stale(as_of, at=NOON, max_age=limit, session_open=session_open) is stale


@pytest.mark.parametrize(
    ("price", "sigma", "jump"),
    [
        ("120", None, False),
        ("120.000001", None, True),
        ("80", None, False),
        ("79.999999", None, True),
        ("120", "0.01", False),
        ("120.01", "0.01", True),
        ("130", "0.03", False),
        ("130.01", "0.03", True),
        ("70", "0.03", False),
        ("69.99", "0.03", True),
    ],
)
def test_a_jump_is_more_than_20_percent_and_more_than_10_sigma(
    price: str, sigma: str | None, jump: bool
) -> None:
    known = None if sigma is None else Decimal(sigma)
    assert is_jump(Decimal(price), Decimal(100), known) is jump


@pytest.mark.parametrize(
    ("price", "is_one"),
    [
        ("50", True),  # 2:1
        ("45", True),
        ("55", True),
        ("44.9", False),
        ("55.1", False),
        ("33.34", True),  # 3:1
        ("66.67", True),  # 3:2
        ("73.4", False),
        ("25", True),  # 4:1
        ("20", True),  # 5:1
        ("10", True),  # 10:1
        ("5", True),  # 20:1
        ("7", False),
        ("150", True),  # 2:3
        ("200", True),
        ("300", True),
        ("400", True),
        ("500", True),
        ("1000", True),
        ("2000", True),
        ("1500", False),
        ("100", False),
        ("77", False),
        ("125", False),
    ],
)
def test_common_splits_and_their_reverses_are_known_within_a_tenth(price: str, is_one: bool) -> None:
    assert looks_like_split(Decimal(price), Decimal(100)) is is_one


@pytest.mark.parametrize(
    ("price", "is_one"),
    [
        ("10000", True),
        ("8000", True),
        ("12000", True),
        ("7999", False),
        ("1", True),
        ("1.2", True),
        ("1.3", False),
    ],
)
def test_pence_for_pounds_are_known_within_a_fifth(price: str, is_one: bool) -> None:
    assert looks_like_other_unit(Decimal(price), Decimal(100)) is is_one


@pytest.mark.parametrize(
    ("memory", "price", "gate"),
    [
        (knowing(None), "123", None),
        (knowing(), "100", None),
        (knowing(), "119", None),
        (knowing(), "81", None),
        (knowing(), "125", OUTLIER),
        (knowing(), "78", OUTLIER),
        (knowing(), "50", SPLIT),
        (knowing(), "51.3", SPLIT),
        (knowing(), "150", SPLIT),
        (knowing(), "10000", OUTLIER),
        (knowing(), "1", OUTLIER),
        (knowing(), "0.5", OUTLIER),
        # a second sighting
        (doubting("125", as_of=NOON - MINUTE), "125", None),
        (doubting("125", as_of=NOON - MINUTE), "131.25", None),
        (doubting("125", as_of=NOON - MINUTE), "131.26", OUTLIER),
        (doubting("125", as_of=NOON), "125", OUTLIER),
        (doubting("125", as_of=NOON + MINUTE), "125", OUTLIER),
        # back where it was
        (doubting("125", as_of=NOON - MINUTE), "101", None),
        (doubting("50", SPLIT, as_of=NOON - MINUTE), "101", None),
        # a suspected split is never confirmed by sight, however far the price drifts
        (doubting("50", SPLIT, as_of=NOON - MINUTE), "50", SPLIT),
        (doubting("50", SPLIT, as_of=NOON - MINUTE), "57", SPLIT),
        (doubting("57", SPLIT, as_of=NOON - MINUTE), "57.1", SPLIT),
        (doubting("57", SPLIT, as_of=NOON - MINUTE), "76", SPLIT),
        # nor is another unit
        (doubting("10000", as_of=NOON - MINUTE), "10000", OUTLIER),
    ],
)
def test_a_price_is_judged_by_what_is_remembered(
    memory: QuoteMemory, price: str, gate: QuoteGate | None
) -> None:
    verdict = judge_quote(seen(price), memory, steps=())

    assert verdict.gate is gate
    if gate is None:
        assert verdict.memory == QuoteMemory(accepted=seen(price))
    else:
        assert verdict.memory.accepted == memory.accepted


def test_an_outlier_waits_for_a_second_sighting_and_is_then_the_price() -> None:
    first = judge_quote(seen(130, NOON), knowing())
    same = judge_quote(seen(130, NOON), first.memory)
    second = judge_quote(seen(129, NOON + MINUTE), same.memory)

    assert [first.gate, same.gate, second.gate] == [OUTLIER, OUTLIER, None]
    assert first.memory.doubt == Doubt(price=Decimal(130), as_of=NOON, gate=OUTLIER)
    assert second.memory == QuoteMemory(accepted=seen(129, NOON + MINUTE))


def test_two_different_outliers_confirm_nothing() -> None:
    first = judge_quote(seen(130, NOON), knowing())
    second = judge_quote(seen(76, NOON + MINUTE), first.memory)
    third = judge_quote(seen(130, NOON + 2 * MINUTE), second.memory)

    assert [first.gate, second.gate, third.gate] == [OUTLIER] * 3


def test_a_suspicion_follows_the_price() -> None:
    memory = knowing()
    for minute, price in enumerate(("50", "53", "58", "66", "75")):
        verdict = judge_quote(seen(price, NOON + minute * MINUTE), memory)
        memory = verdict.memory
        assert verdict.gate is SPLIT
        assert memory.doubt == Doubt(price=Decimal(price), as_of=NOON + minute * MINUTE, gate=SPLIT)
    assert memory.accepted == seen(100, FRIDAY)


def test_sigma_excuses_a_jump_and_never_a_split() -> None:
    sigma = Decimal("0.06")
    assert judge_quote(seen(77), knowing(), sigma=sigma).gate is None
    assert judge_quote(seen(66), knowing(), sigma=sigma).gate is SPLIT


@pytest.mark.parametrize(
    ("steps", "price", "gate"),
    [
        ([split(2, 1)], "50", None),
        ([split(2, 1)], "59", None),
        ([split(2, 1)], "100", SPLIT),  # the feed has not heard of it yet
        ([split(1, 10)], "1000", None),
        ([split(2, 1, date(2024, 6, 7))], "50", SPLIT),  # before the accepted price, so it explains nothing
        ([split(2, 1, date(2024, 6, 11))], "50", SPLIT),  # yet to come
        ([split(3, 2)], "50", OUTLIER),
        ([PriceStep(date=NOON.date(), dps=Decimal(30))], "70", None),
        ([PriceStep(date=NOON.date(), dps=Decimal(24))], "100", OUTLIER),
        ([PriceStep(date=NOON.date(), dps=Decimal(10)), split(2, 1)], "40", None),
    ],
)
def test_known_splits_and_dividends_explain_a_step(
    steps: list[PriceStep], price: str, gate: QuoteGate | None
) -> None:
    assert judge_quote(seen(price), knowing(), steps=steps).gate is gate


def test_a_split_that_is_recorded_later_ends_the_suspicion() -> None:
    suspected = judge_quote(seen(50), knowing())
    explained = judge_quote(seen(50), suspected.memory, steps=[split(2, 1)])

    assert (suspected.gate, explained.gate) == (SPLIT, None)
    assert explained.memory == QuoteMemory(accepted=seen(50))


@pytest.mark.parametrize(
    ("accepted", "price", "gate"), [(None, "0.82", OUTLIER), (100, "0.82", OUTLIER), ("0.8", "0.82", None)]
)
def test_the_last_dividend_is_not_a_price(accepted: str | None, price: str, gate: QuoteGate | None) -> None:
    memory = knowing(accepted)
    verdict = judge_quote(seen(price), memory, last_dps=Decimal("0.82"))

    assert verdict.gate is gate
    if gate:
        assert verdict.memory == memory


def test_a_dividend_that_looks_like_a_split_of_the_price_is_refused_all_the_same() -> None:
    assert judge_quote(seen(5), knowing(), last_dps=Decimal(5)).gate is OUTLIER


def test_an_older_quote_is_good_and_moves_nothing_back() -> None:
    memory = QuoteMemory(accepted=seen(100, NOON))

    assert judge_quote(seen(101, NOON - MINUTE), memory) == judge_quote(seen(101, NOON - MINUTE), memory)
    assert judge_quote(seen(101, NOON - MINUTE), memory).memory == memory
    assert judge_quote(seen(101, NOON - MINUTE), memory).gate is None


def test_steps_are_taken_oldest_first_and_a_days_split_before_its_dividend() -> None:
    steps = [
        PriceStep(date=date(2024, 1, 2), new_shares=2, old_shares=1),
        PriceStep(date=date(2024, 1, 2), dps=Decimal(1)),
        PriceStep(date=date(2024, 1, 3), new_shares=1, old_shares=3),
    ]
    assert stepped(Decimal(100), steps) == 147
    assert stepped(Decimal(1), [PriceStep(date=date(2024, 1, 2), dps=Decimal(1))]) == 1


def closes(*prices: str) -> list[tuple[date, Decimal]]:
    return [(date(2024, 1, 1) + timedelta(days=i), Decimal(price)) for i, price in enumerate(prices)]


def test_sigma_is_that_of_the_last_twenty_moves() -> None:
    assert sigma_of(closes(*["100"] * 10)) is None
    assert sigma_of(closes(*["100"] * 11)) == 0
    assert sigma_of(closes(*["100", "110", "99"] * 4)[:11]) is not None
    up_and_down = closes("500", *["100", "102"] * 11)
    assert sigma_of(up_and_down[:1] + up_and_down[-21:]) == pytest.approx(
        Decimal("0.0198"), abs=Decimal("0.0001")
    )


def test_a_known_split_is_no_move() -> None:
    prices = closes(*["100"] * 6, *["50"] * 6)
    assert sigma_of(prices) > Decimal("0.1")
    assert sigma_of(prices, [split(2, 1, date(2024, 1, 7))]) == 0
