"""The worked numbers of the rules: every row, to the last digit."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from volbal.dividends import calculate_gross_amount, calculate_net_amount, calculate_tax, go_ex_dividend
from volbal.fills import apply_fill, commission_on, deltas_of, notional_of
from volbal.tests.builders import answer, decide_at, make_line, make_state
from volbal.values import Fill, Side

pytestmark = pytest.mark.lesson


@pytest.mark.parametrize("price", ["99.9", "100", "101", "102.99", "97.01"])
def test_inside_the_thresholds_it_holds(price: str) -> None:
    """99.9, 100, 101, 102.99, 97.01 | HOLD."""
    answered = decide_at(price)
    assert (answered["action"], answered["reason"]) == ("HOLD", "inside_band")
    assert answered["side"] is None
    assert answered["binding_limit"] is None


ROWS = [
    ("97 | BUY 10.46890955, stock % after about 54.39", "97", {}, "BUY", "10.46890955", {}),
    ("96.9 | BUY 10.83470999", "96.9", {}, "BUY", "10.83470999", {}),
    ("103 | SELL 9.56753982, about 45.88", "103", {}, "SELL", "9.56753982", {}),
    ("104 | SELL 12.57421597", "104", {}, "SELL", "12.57421597", {"reason": "trigger_up"}),
    (
        "100, with 10 shares | BUY 17.49956252: guardrail_low, min_stock_pct",
        "100",
        {"qty": "10"},
        "BUY",
        "17.49956252",
        {"reason": "guardrail_low", "binding_limit": "min_stock_pct"},
    ),
    (
        "97, with 0 shares and 10,000 | BUY 25.77255157: the lower clamp decides (min_stock_pct)",
        "97",
        {"qty": "0"},
        "BUY",
        "25.77255157",
        {"reason": "trigger_down", "binding_limit": "min_stock_pct"},
    ),
    (
        "104, with 0 shares and 10,000 cash | BUY 24.0378606: the band rule decides (guardrail_low)",
        "104",
        {"qty": "0"},
        "BUY",
        "24.0378606",
        {"reason": "guardrail_low", "raw_qty": "0"},
    ),
    (
        "104, with 100 shares and 0 cash | SELL 25.00187515, max_stock_pct",
        "104",
        {"cash": "0"},
        "SELL",
        "25.00187515",
        {"reason": "trigger_up", "binding_limit": "max_stock_pct"},
    ),
]


@pytest.mark.parametrize(
    ("row", "price", "settings", "action", "qty", "more"), ROWS, ids=[row[0] for row in ROWS]
)
def test_a_row_of_the_table(
    row: str, price: str, settings: dict[str, str], action: str, qty: str, more: dict[str, str]
) -> None:
    answered = decide_at(price, **settings)
    expected = {"action": action, "qty": qty, **more}
    assert {name: answered[name] for name in expected} == expected, row


@pytest.mark.parametrize(("price", "after"), [("97", "54.39"), ("103", "45.88")])
def test_stock_after_is_about_the_share_of_the_table(price: str, after: str) -> None:
    """97: stock % after about 54.39; 103: about 45.88."""
    assert Decimal(decide_at(price)["stock_pct_after"]).quantize(Decimal("0.01")) == Decimal(after)


def test_the_lower_clamp_buys_a_little_more_than_the_exact_size_so_that_25_pct_is_reached() -> None:
    """97, with 0 shares and 10,000: a little more than the exact size so that 25 % is reached."""
    answered = decide_at("97", qty="0")
    exact = Decimal(2500) / Decimal("1.000025") / 97
    assert Decimal(answered["qty"]) > exact
    assert Decimal(answered["qty"]) - exact < Decimal("0.00000001")
    assert Decimal(answered["stock_pct_after"]) >= 25


def test_an_empty_cell_at_75_pct_keeps_75_pct_not_the_formulas_size() -> None:
    """104, 100 shares, 0 cash: down to 75 %, not the 6.4 shares of the formula."""
    answered = decide_at("104", cash="0")
    assert answered["raw_qty"].startswith("6.41")
    assert answered["stock_pct_after"] == "75"


def test_the_sale_at_104_filled_there() -> None:
    """filled there: 87.42578403 shares, cash 11,307.587..., anchor 104."""
    answered = decide_at("104")
    fill = Fill(
        side=Side.SELL,
        qty=Decimal(answered["qty"]),
        price=Decimal(104),
        commission=Decimal(answered["commission"]),
    )
    after = apply_fill(make_state(), fill).set_anchor_price(Decimal(104))
    assert after.qty == Decimal("87.42578403")
    assert str(after.cash).startswith("11307.587")
    assert after.cash == 10000 + Decimal(answered["notional"]) - Decimal(answered["commission"])
    assert after.anchor_price == Decimal(104)


def one_share_line(**changes: Any) -> dict[str, Any]:
    settings = {
        "qty": "1",
        "cash": "6",
        "anchor_price": "4",
        "rebalance_ratio": "1",
        "qty_step": "1",
        "min_stock_pct": "0",
        "max_stock_pct": "100",
        "min_notional": "0",
        "commission_rate": "0",
    }
    return make_line("3", **{**settings, **changes})


def test_one_share_is_bought_and_not_nothing() -> None:
    """One share, cash 6, anchor 4, price 3, ratio 1, step 1, guardrails 0 and 100, no minimum,
    no commission: BUY 1 (without the 12-place rounding: nothing)."""
    answered = answer(one_share_line())
    assert (answered["action"], answered["qty"], answered["raw_qty"]) == ("BUY", "1", "1")


def test_a_dividend_of_082_on_100_shares() -> None:
    """Dividend 0.82 on 100 shares, withholding 0.25: gross 82.00, tax 20.50, net 61.50; anchor 150
    becomes 149.18."""
    gross = calculate_gross_amount(Decimal(100), Decimal("0.82"))
    assert gross == Decimal("82.00")
    assert calculate_tax(gross, Decimal("0.25")) == Decimal("20.50")
    assert calculate_net_amount(gross, Decimal("0.25")) == Decimal("61.50")
    after, _, _ = go_ex_dividend(make_state(anchor="150"), Decimal("0.82"), Decimal("0.25"))
    assert after.anchor_price == Decimal("149.18")
    assert after.dividend_receivable == Decimal("61.50")


def test_a_drop_by_the_dividend_alone_does_nothing() -> None:
    """Dividend 4 on anchor 100: at 96 nothing happens (unadjusted it would have bought)."""
    after, _, _ = go_ex_dividend(make_state(), Decimal(4), Decimal("0.25"))
    adjusted = decide_at(
        "96", anchor_price=str(after.anchor_price), dividend_receivable=str(after.dividend_receivable)
    )
    assert adjusted["action"] == "HOLD"
    assert decide_at("96")["action"] == "BUY"


def test_a_dividend_on_half_a_share() -> None:
    """50.5 shares x 0.82 = 41.41."""
    assert calculate_gross_amount(Decimal("50.5"), Decimal("0.82")) == Decimal("41.41")


COMMISSIONS = [
    ("10 @ 100 at 1 %: -1,010 on a buy", Side.BUY, "10", "100", "0.01", "-1010"),
    ("10 @ 100 at 1 %: +990 on a sell", Side.SELL, "10", "100", "0.01", "990"),
    ("50 @ 200 at 0.1 %: +9,990 on a sell", Side.SELL, "50", "200", "0.001", "9990"),
]


@pytest.mark.parametrize(
    ("row", "side", "qty", "price", "rate", "cash"), COMMISSIONS, ids=[row[0] for row in COMMISSIONS]
)
def test_commission_is_paid_in_cash_on_both_sides(
    row: str, side: Side, qty: str, price: str, rate: str, cash: str
) -> None:
    notional = notional_of(Decimal(qty), Decimal(price))
    fill = Fill(
        side=side,
        qty=Decimal(qty),
        price=Decimal(price),
        commission=commission_on(notional, Decimal(rate)),
    )
    assert deltas_of(fill)[1] == Decimal(cash), row
    assert apply_fill(make_state(cash="5000"), fill).cash == 5000 + Decimal(cash)
