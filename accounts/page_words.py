"""Amounts in the sentences that pages say when something was done."""

from __future__ import annotations

from decimal import Decimal

from volbal.numbers import plain


def dollars(amount: Decimal) -> str:
    """Write dollars with cents, and further digits only where there are any: $1,234.50."""
    whole, _, fraction = plain(abs(amount)).partition(".")
    return f"{'−' if amount < 0 else ''}${int(whole):,}.{fraction.ljust(2, '0')}"


def shares(qty: Decimal) -> str:
    """Write a number of shares: 1 share, 10.5 shares."""
    return f"{plain(qty)} share{'' if qty == 1 else 's'}"
