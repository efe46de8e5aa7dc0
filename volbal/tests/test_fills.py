"""docs/strategy.md, "After a fill": what a fill moves, and when it is a breach."""

from __future__ import annotations

from decimal import Decimal

import pytest

from volbal.errors import InsufficientCash, InsufficientShares
from volbal.fills import apply_fill, average_price, commission_on, deltas_of, notional_of, slipped_price
from volbal.guardrails import GuardrailEvaluator
from volbal.tests.builders import make_state
from volbal.values import Fill, GuardrailConfig, Side

TICK = Decimal("0.000001")


def make_fill(side: str = "BUY", qty: str = "10", price: str = "100", commission: str = "0") -> Fill:
    return Fill(side=Side(side), qty=Decimal(qty), price=Decimal(price), commission=Decimal(commission))


def test_a_buy_moves_shares_in_and_cash_out() -> None:
    after = apply_fill(make_state(), make_fill(commission="1.5"))
    assert (after.qty, after.cash) == (Decimal(110), Decimal("8998.5"))


def test_a_sale_moves_shares_out_and_cash_in_less_commission() -> None:
    after = apply_fill(make_state(), make_fill("SELL", commission="1.5"))
    assert (after.qty, after.cash) == (Decimal(90), Decimal("10998.5"))


def test_a_fill_leaves_receivable_and_anchor_alone() -> None:
    before = make_state(receivable="7")
    after = apply_fill(before, make_fill())
    assert (after.dividend_receivable, after.anchor_price) == (Decimal(7), Decimal(100))
    assert before.qty == Decimal(100)


def test_the_last_cent_may_be_spent_and_not_a_millionth_more() -> None:
    exactly = make_state(cash="1001.5")
    assert apply_fill(exactly, make_fill(commission="1.5")).cash == 0
    with pytest.raises(InsufficientCash):
        apply_fill(exactly, make_fill(commission="1.500001"))


def test_a_receivable_does_not_pay_for_a_fill() -> None:
    with pytest.raises(InsufficientCash):
        apply_fill(make_state(cash="999", receivable="5000"), make_fill())


def test_the_last_share_may_be_sold_and_not_a_crumb_more() -> None:
    assert apply_fill(make_state(qty="10"), make_fill("SELL")).qty == 0
    with pytest.raises(InsufficientShares):
        apply_fill(make_state(qty="10"), make_fill("SELL", qty="10.00000001"))


def test_a_commission_above_the_proceeds_cannot_take_cash_below_zero() -> None:
    with pytest.raises(InsufficientCash):
        apply_fill(make_state(cash="0"), make_fill("SELL", qty="1", price="1", commission="1.01"))


@pytest.mark.parametrize(
    ("qty", "price", "notional"),
    [
        ("0.5", "0.000001", "0"),
        ("1.5", "0.000001", "0.000002"),
        ("2.5", "0.000001", "0.000002"),
        ("0.33333333", "3", "1.000000"),
        ("9999999.99999999", "99.999999", "999999989.999999"),
    ],
)
def test_notional_is_half_even_to_6_places(qty: str, price: str, notional: str) -> None:
    assert notional_of(Decimal(qty), Decimal(price)) == Decimal(notional)


def test_commission_is_on_the_rounded_notional() -> None:
    assert commission_on(Decimal("1234.567891"), Decimal("0.0001")) == Decimal("0.123457")
    assert commission_on(Decimal("0.005"), Decimal("0.0001")) == Decimal("0.000000")
    assert commission_on(Decimal("0.015"), Decimal("0.0001")) == Decimal("0.000002")
    assert deltas_of(make_fill(qty="0.00000001", price="100"))[1] == Decimal("-0.000001")


def test_slippage_goes_against_the_trade() -> None:
    assert slipped_price(Side.BUY, Decimal(100), Decimal(5)) == Decimal("100.05")
    assert slipped_price(Side.SELL, Decimal(100), Decimal(5)) == Decimal("99.95")
    assert slipped_price(Side.BUY, TICK, Decimal(5)) == TICK


def test_the_average_price_is_weighted_and_half_even() -> None:
    assert average_price([(Decimal(1), Decimal(100)), (Decimal(2), Decimal(103))]) == Decimal(102)
    assert average_price([(Decimal(1), Decimal(1)), (Decimal(2), Decimal(2))]) == Decimal("1.666667")
    assert average_price([(Decimal(1), Decimal("0.000001")), (Decimal(1), Decimal(0))]) == 0
    assert average_price([]) is None


def judge(side: str, qty: str, *, held: str = "100", cash: str = "10000", price: str = "100") -> bool:
    verdict = GuardrailEvaluator.validate_after_fill(
        make_state(qty=held, cash=cash),
        Side(side),
        Decimal(qty),
        Decimal(price),
        Decimal(0),
        GuardrailConfig(),
    )
    return verdict.breached


def test_ending_inside_the_band_is_no_breach() -> None:
    assert not judge("BUY", "50")
    assert not judge("SELL", "50")


def test_half_a_point_outside_is_tolerated_and_more_is_not() -> None:
    assert not judge("BUY", "51")  # exactly 75.5 %
    assert judge("BUY", "51.00000001", cash="10000.000001") is False  # still rounds to 75.5
    assert judge("BUY", "51.01")
    assert not judge("SELL", "51")  # exactly 24.5 %
    assert judge("SELL", "51.01")


def test_coming_back_from_far_outside_is_no_breach() -> None:
    assert not judge("SELL", "10", cash="500")
    assert not judge("BUY", "1", held="5")


def test_going_further_outside_is_a_breach() -> None:
    assert judge("BUY", "1", cash="500")
    assert judge("SELL", "1", held="5")


def test_the_verdict_tells_both_shares() -> None:
    verdict = GuardrailEvaluator.validate_after_fill(
        make_state(), Side.BUY, Decimal(10), Decimal(100), Decimal(0), GuardrailConfig()
    )
    assert (verdict.stock_pct_before, verdict.stock_pct_after) == (Decimal(50), Decimal(55))
