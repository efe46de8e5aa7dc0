"""What a cell came to: gains by average cost, and the difference to holding without a remainder."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st

from volbal.dividends import apply_split, go_ex_dividend
from volbal.fills import commission_on, notional_of
from volbal.performance import (
    Cost,
    Entry,
    Figures,
    Kind,
    Standing,
    figures_of,
    follow,
    kind_of_correction,
    sum_of,
)
from volbal.values import PositionState

MICRO = Fraction(1, 10**6)
SHARE_STEP = Fraction(1, 10**8)


def D(text: object) -> Decimal:  # noqa: N802
    return Decimal(str(text))


def flow(cash: object = 0, qty: object = 0, price: object = None) -> Entry:
    return Entry(kind=Kind.FLOW, cash=D(cash), qty=D(qty), share_price=None if price is None else D(price))


def trade(qty: object, price: object, commission: object = 0) -> Entry:
    """Signed shares at a price."""
    notional = notional_of(abs(D(qty)), D(price))
    cash = (-notional if D(qty) > 0 else notional) - D(commission)
    return Entry(kind=Kind.TRADE, cash=cash, qty=D(qty), commission=D(commission))


def dividend(shares: object, dps: object, rate: object = "0.25") -> Entry:
    state = PositionState(ticker="X", qty=D(shares), cash=D(0))
    after, gross, tax = go_ex_dividend(state, D(dps), D(rate))
    return Entry(
        kind=Kind.DIVIDEND,
        cash=after.dividend_receivable,
        gross=gross,
        tax=tax,
        dps=D(dps),
        withholding_tax_rate=D(rate),
    )


def split(shares: object, new: int, old: int) -> Entry:
    after = apply_split(PositionState(ticker="X", qty=D(shares), cash=D(0)), new, old)
    return Entry(kind=Kind.SPLIT, qty=after.qty - D(shares), new_shares=new, old_shares=old)


def standing(*entries: Entry) -> Standing:
    return reduce(follow, entries, Standing())


def figures(price: object, *entries: Entry) -> Figures:
    return figures_of(standing(*entries), None if price is None else D(price))


OPENING = flow(10_000, 100, price=100)


def test_a_sale_realises_what_it_brought_above_the_average_cost():
    after = figures(110, OPENING, trade(100, 120), trade(-50, 130, commission="0.65"))

    # 200 shares cost 22,000, so 110 each: 50 of them sold at 130 gained 20 each.
    assert (after.cost, after.realised_gain, after.unrealised_gain) == (16_500, 1000, 0)
    assert (after.fees, after.traded_notional, after.trade_count) == (D("0.65"), 18_500, 2)
    assert (after.contributed, after.gain) == (20_000, D("999.35"))


def test_shares_that_are_all_sold_leave_no_cost_behind():
    third = trade(-1, "33.333333")

    after = figures(None, flow(0, 3, price="33.333333"), third, third, third)

    assert (after.cost, after.realised_gain, after.value) == (0, 0, D("99.999999"))


def test_money_and_shares_from_outside_are_no_gain_and_holding_sees_them_too():
    after = figures(50, OPENING, flow(500), flow(-200), flow(0, 10, price=50), flow(0, -20))

    assert after.value == after.hold_value == 10_300 + 90 * 50
    # 110 shares had cost 10,500; 20 of them took 1,909.090909 of it along.
    assert after.contributed == D("10300") + D("10500") - D("1909.090909")
    assert (after.realised_gain, after.gain) == (0, after.unrealised_gain)


def test_a_dividend_is_a_gain_net_and_holding_gets_its_own():
    after = figures(100, OPENING, trade(-40, 100), dividend(60, 1))

    assert (after.dividends_gross, after.dividends_tax, after.dividends_net) == (60, 15, 45)
    assert (after.value, after.hold_value) == (D("20045"), D("20075"))
    assert (after.from_trading, after.from_dividends, after.value_minus_hold) == (0, -30, -30)


def test_holding_gets_a_dividend_that_the_cell_has_no_shares_for():
    after = figures(100, OPENING, trade(-100, 100), dividend(0, 1))

    assert (after.value, after.hold_value, after.from_dividends) == (20_000, 20_075, -75)


def test_a_split_changes_shares_and_no_money():
    after = standing(OPENING, split(100, 3, 2))

    assert (after.cell, after.hold) == (after.hold, after.cell)
    assert (after.cell.qty, after.cost) == (150, Cost(D(10_000)))


@pytest.mark.parametrize(
    ("cash", "qty", "kind"),
    [
        ("970", "-10", Kind.SWAP),
        ("-970", "10", Kind.SWAP),
        ("5", "0", Kind.FLOW),
        ("0", "-1", Kind.FLOW),
        ("5", "1", Kind.FLOW),
        ("-999999999.999999", "9999999.99999999", Kind.SWAP),
    ],
)
def test_a_correction_that_swaps_cash_and_shares_is_no_flow(cash, qty, kind):
    assert kind_of_correction(D(cash), D(qty)) is kind


def test_a_wrong_trade_and_its_reverse_leave_no_difference_to_holding():
    reverse = Entry(kind=Kind.SWAP, cash=D("970.097"), qty=D(-10))

    after = figures(200, OPENING, trade(10, 97, commission="0.097"), reverse)

    assert (after.value_minus_hold, after.gain) == (
        0,
        after.unrealised_gain + after.realised_gain - after.fees,
    )
    assert (after.trade_count, after.traded_notional) == (1, 970)


def test_without_a_price_only_cash_is_worth_anything():
    assert figures(None, flow(500)).value == 500
    after = figures(None, OPENING)
    assert (after.value, after.hold_value, after.value_minus_hold, after.unrealised_gain, after.gain) == (
        (None,) * 5
    )
    assert (after.contributed, after.cost) == (20_000, 10_000)


def test_shares_whose_worth_nobody_knows_have_no_gain():
    after = figures(100, flow(0, 10), trade(-5, 100))

    assert (after.contributed, after.gain, after.cost, after.realised_gain, after.unrealised_gain) == (
        (None,) * 5
    )
    assert (after.value, after.hold_value, after.value_minus_hold) == (1000, 1000, 0)


def test_a_sum_of_which_a_part_is_unknown_is_unknown():
    one, other = figures(100, OPENING, trade(-10, 110, commission=1)), figures(None, OPENING)

    both = sum_of([one, other])

    assert (both.value, both.hold_value, both.gain) == (None, None, None)
    assert (both.contributed, both.fees, both.trade_count) == (40_000, 1, 1)
    assert sum_of([one, one]).value == 2 * one.value
    assert sum_of([]) == figures(None)


# Random lives of a cell.
money = st.decimals(0, 100_000, places=6)
shares = st.decimals(0, 1000, places=8)
prices = st.decimals("0.01", 1000, places=6)
parts = st.integers(0, 100)
ratios = st.sampled_from([(2, 1), (3, 2), (1, 3), (7, 5)])
STEPS = st.one_of(
    st.tuples(st.just("cash"), st.decimals(-100_000, 100_000, places=6)),
    st.tuples(st.just("shares in"), shares, prices),
    st.tuples(st.just("shares out"), parts),
    st.tuples(st.just("buy"), shares, prices),
    st.tuples(st.just("sell"), parts, prices),
    st.tuples(st.just("swap"), parts, prices),
    st.tuples(st.just("dividend"), st.decimals("0.01", 5, places=6), st.sampled_from(["0", "0.15", "0.25"])),
    st.tuples(st.just("split"), ratios),
)


def percent_of(qty: Decimal, part: int) -> Decimal:
    return (qty * part / 100).quantize(Decimal("1e-8"), rounding="ROUND_DOWN")


def entry_of(step: tuple, qty: Decimal) -> Entry:
    """Turn a step into what the books of a cell with `qty` shares would hold."""
    match step:
        case ("cash", amount):
            return flow(amount)
        case ("shares in", more, price):
            return flow(0, more, price=price)
        case ("shares out", part):
            return flow(0, -percent_of(qty, part))
        case ("buy", more, price):
            return trade(more, price, commission_on(notional_of(more, price), D("0.001")))
        case ("sell", part, price):
            less = percent_of(qty, part)
            return trade(-less, price, commission_on(notional_of(less, price), D("0.001")))
        case ("swap", part, price):
            less = percent_of(qty, part)
            return Entry(kind=Kind.SWAP, cash=notional_of(less, price), qty=-less)
        case ("dividend", dps, rate):
            return dividend(qty, dps, rate)
        case ("split", (new, old)):
            return split(qty, new, old)
    raise AssertionError(step)


def lived(steps: list[tuple]) -> list[Entry]:
    entries, qty = [OPENING], OPENING.qty
    for step in steps:
        entries.append(entry_of(step, qty))
        qty += entries[-1].qty
    return entries


def attributed(entries: list[Entry], steps: list[tuple], end: Decimal) -> tuple[Fraction, Fraction]:
    """Return the right side of the identity without any rounding, and how far rounding may be from it.

    Half a millionth for each trade's notional and each of two values, two millionths for each dividend (gross
    and tax, of the cell and of holding), and for each split less than one step of shares.
    """
    total, more, may_differ, shares_differ = Fraction(0), Fraction(0), MICRO, Fraction(0)
    trades: list[tuple[Fraction, Fraction]] = []
    for entry, step in zip(entries[1:], steps, strict=True):
        if entry.kind in (Kind.TRADE, Kind.SWAP):
            price = Fraction(step[2])
            trades.append((Fraction(entry.qty), price))
            total -= Fraction(entry.commission)
            more += Fraction(entry.qty)
            may_differ += MICRO / 2
        elif entry.kind is Kind.DIVIDEND:
            kept = Fraction(entry.dps) * (1 - Fraction(entry.withholding_tax_rate))
            total += kept * more
            may_differ += 2 * MICRO + kept * shares_differ
        elif entry.kind is Kind.SPLIT:
            ratio = Fraction(entry.new_shares, entry.old_shares)
            trades = [(qty * ratio, price / ratio) for qty, price in trades]
            more *= ratio
            shares_differ = shares_differ * ratio + SHARE_STEP
    total += sum((qty * (Fraction(end) - price) for qty, price in trades), Fraction(0))
    return total, may_differ + shares_differ * Fraction(end)


@given(st.lists(STEPS, max_size=25), prices)
def test_the_difference_to_holding_is_trades_less_commissions_plus_dividends(steps, end):
    entries = lived(steps)

    after = figures(end, *entries)

    right_side, may_differ = attributed(entries, steps, end)
    assert abs(Fraction(after.value - after.hold_value) - right_side) <= may_differ


@given(st.lists(STEPS, max_size=25), prices)
def test_nothing_is_left_over_between_the_published_parts(steps, end):
    after = figures(end, *lived(steps))

    assert after.value_minus_hold == after.from_trading - after.fees + after.from_dividends
    assert after.gain == after.realised_gain + after.unrealised_gain + after.dividends_net - after.fees
    assert after.value == after.contributed + after.gain


@given(st.lists(STEPS, max_size=25), prices)
def test_whole_numbers_leave_nothing_to_rounding_at_all(steps, end):
    whole = [
        tuple(part.to_integral_value() if isinstance(part, Decimal) else part for part in step)
        for step in steps
    ]
    whole = [("dividend", step[1], "0.25") if step[0] == "dividend" else step for step in whole]
    whole = [("split", (2, 1)) if step[0] == "split" else step for step in whole]
    whole = [step for step in whole if step[0] not in ("sell", "swap", "shares out")]
    end = end.quantize(Decimal(1))
    entries = lived(whole)

    after = figures(end, *entries)

    assert Fraction(after.value - after.hold_value) == attributed(entries, whole, end)[0]


@given(st.lists(STEPS, max_size=25), prices)
def test_without_a_trade_the_cell_is_just_holding(steps, end):
    quiet = [step for step in steps if step[0] not in ("buy", "sell", "swap")]

    after = standing(*lived(quiet))

    assert after.cell == after.hold
