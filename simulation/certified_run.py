"""A whole run in whole numbers: what `certified` trades at closes, and what is due in the mornings.

For screening, where only the end of a run counts. It stops wherever Decimal must decide, and can be gone on
with from there. This file is compiled (`compiled_kernel`); it has plain arithmetic and no Decimal.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from simulation.certified import (
    LARGEST,
    LARGEST_PRODUCT,
    SHARE,
    Books,
    Places,
    advance,
    half_even,
    notional_in,
)
from volbal.kernel import Rules

# How far a run has come: to its end, to a bar that Decimal must decide, or to a morning whose outcome these
# numbers can't hold.
OVER = 0
DOUBTFUL = 1
BEYOND = 2

# What is due in a morning: a row (bar, kind, x, y). A split has its new and old shares; the others the
# dividend per share in millionths and the dividend's number.
SPLIT = 0
EX_DIVIDEND = 1
PAYMENT = 2


class Progress(NamedTuple):
    """The next bar and the next thing due, trades so far, dividends received in millionths, the books."""

    number: int
    due: int
    trades: int
    received: int
    books: Books


def go_on(
    prices: Any,
    ticks: Any,
    mornings: Any,
    nets: Any,
    tax_rate: int,
    at: Progress,
    rules: Rules,
    places: Places,
    proportional_size: bool,
    records: Any,
) -> tuple[int, Progress]:
    """Go through the bars from where a run has come to; return (OVER, DOUBTFUL or BEYOND, how far).

    `nets` keeps each dividend's net amount between its two mornings; `records` is room for `advance`.
    """
    number, due, trades, received, books = at
    last = len(prices)
    while number < last:
        while due < len(mornings) and mornings[due, 0] == number:
            kept, paid, books = after_morning(mornings[due], nets, tax_rate, books)
            if not kept:
                return BEYOND, Progress(number, due, trades, received, books)
            due, received = due + 1, received + paid
        stop = mornings[due, 0] if due < len(mornings) else last
        while number < stop:
            number, count, books = advance(
                prices, ticks, number, stop, books, rules, places, proportional_size, records
            )
            trades += count
            if number < stop and count < len(records):
                return DOUBTFUL, Progress(number, due, trades, received, books)
    return OVER, Progress(number, due, trades, received, books)


def after_morning(row: Any, nets: Any, tax_rate: int, books: Books) -> tuple[bool, int, Books]:
    """Return (whether it can be booked here, dividends paid, the books then) of one thing due."""
    kind, x, y = row[1], row[2], row[3]
    if kind == PAYMENT:
        net = nets[y]
        cash = books.cash + net
        return cash < LARGEST, net, Books(books.anchor, books.qty, cash, books.receivable - net)
    if kind == EX_DIVIDEND:
        return after_ex_dividend(x, y, nets, tax_rate, books)
    return after_split(x, y, books)


def after_ex_dividend(
    dps: int, place: int, nets: Any, tax_rate: int, books: Books
) -> tuple[bool, int, Books]:
    """Lower the anchor by the dividend and owe what is left of it after tax."""
    gross = notional_in(books.qty, dps)
    if dps >= books.anchor or gross > LARGEST_PRODUCT // (tax_rate + 1):
        return False, 0, books
    net = gross - half_even(gross * tax_rate, SHARE, 0)
    receivable = books.receivable + net
    nets[place] = net
    return receivable < LARGEST, 0, Books(books.anchor - dps, books.qty, books.cash, receivable)


def after_split(new: int, old: int, books: Books) -> tuple[bool, int, Books]:
    """Split shares, cut to a hundred-millionth, and the anchor, half-even to a millionth."""
    most = LARGEST_PRODUCT // (new if new > old else old)
    if books.qty > most or books.anchor > most:
        return False, 0, books
    qty, anchor = books.qty * new // old, half_even(books.anchor * old, new, 0)
    return qty < LARGEST and anchor > 0, 0, Books(anchor, qty, books.cash, books.receivable)
