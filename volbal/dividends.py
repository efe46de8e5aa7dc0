"""Corporate actions: what a dividend and a split do to a position."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from volbal.numbers import in_exact_context, qty_down, to_six
from volbal.values import PositionState

DEFAULT_WITHHOLDING_TAX_RATE = Decimal("0.25")


@in_exact_context
def calculate_gross_amount(shares: Decimal, dps: Decimal) -> Decimal:
    """Return shares x dividend per share in dollars, half-even to 6 places."""
    return to_six(shares * dps)


@in_exact_context
def calculate_tax(gross: Decimal, withholding_tax_rate: Decimal) -> Decimal:
    """Return the tax withheld from `gross`, half-even to 6 places; the rate is a fraction."""
    return to_six(gross * withholding_tax_rate)


@in_exact_context
def calculate_net_amount(gross: Decimal, withholding_tax_rate: Decimal) -> Decimal:
    """Return what reaches the investor: gross minus tax, in dollars."""
    return gross - calculate_tax(gross, withholding_tax_rate)


def withholding_rate(position_rate: Decimal | None, dividend_rate: Decimal | None) -> Decimal:
    """Choose the rate: the position's, else the dividend's, else 25 %. Zero is a rate too."""
    if position_rate is not None:
        return position_rate
    return DEFAULT_WITHHOLDING_TAX_RATE if dividend_rate is None else dividend_rate


@in_exact_context
def go_ex_dividend(
    state: PositionState, dps: Decimal, withholding_tax_rate: Decimal
) -> tuple[PositionState, Decimal, Decimal]:
    """Return (state with lower anchor and the net receivable, gross, tax).

    Source: docs/strategy.md, "Dividends".
    """
    gross = calculate_gross_amount(state.qty, dps)
    tax = calculate_tax(gross, withholding_tax_rate)
    state = state.adjust_anchor_for_dividend(dps)
    return replace(state, dividend_receivable=state.dividend_receivable + gross - tax), gross, tax


@in_exact_context
def receive_dividend(state: PositionState, net: Decimal) -> PositionState:
    """Return the state after a receivable of `net` dollars became cash."""
    return replace(state, dividend_receivable=state.dividend_receivable - net, cash=state.cash + net)


@in_exact_context
def apply_split(state: PositionState, new_shares: int, old_shares: int) -> PositionState:
    """Return the state after a split new:old: shares toward zero to 8 places, anchor half-even to 6.

    An anchor that would round to zero becomes None, as after a dividend.
    Source: docs/strategy.md, "Splits".
    """
    anchor = state.anchor_price
    if anchor is not None:
        anchor = to_six(anchor * old_shares / new_shares) or None
    return replace(state, qty=qty_down(state.qty * new_shares / old_shares), anchor_price=anchor)
