"""What a cell came to: its value, what its shares cost, and what trading added to just holding.

Entries are followed one by one; nothing is rounded but what enters the books. Source: docs/metrics.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields, replace
from decimal import Decimal
from enum import StrEnum
from typing import Any

from volbal.dividends import calculate_gross_amount, calculate_net_amount
from volbal.numbers import EXACT, ZERO, qty_down, to_six


class Kind(StrEnum):
    """What a change of the books means to the owner."""

    FLOW = "flow"
    TRADE = "trade"
    SWAP = "swap"
    DIVIDEND = "dividend"
    SPLIT = "split"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One change of a cell's books: signed dollars (receivables count as cash) and signed shares.

    A FLOW comes from outside or leaves; `share_price` is what its shares were worth, None if nobody knows.
    A TRADE exchanges cash for shares, and its `commission` is part of `cash`; so does a SWAP, a correction
    that isn't counted as a trade. A DIVIDEND is its net amount, with gross, tax, dollars a share and the tax
    rate. A SPLIT is the shares it added, with its ratio.
    """

    kind: Kind
    cash: Decimal = ZERO
    qty: Decimal = ZERO
    share_price: Decimal | None = None
    commission: Decimal = ZERO
    gross: Decimal = ZERO
    tax: Decimal = ZERO
    dps: Decimal = ZERO
    withholding_tax_rate: Decimal = ZERO
    new_shares: int = 1
    old_shares: int = 1


@dataclass(frozen=True, slots=True)
class Holding:
    """Shares, and dollars of cash and receivables together."""

    qty: Decimal = ZERO
    cash: Decimal = ZERO

    def moved(self, qty: Decimal, cash: Decimal) -> Holding:
        """Return it with so much more of both."""
        return Holding(self.qty + qty, self.cash + cash)

    def value_at(self, price: Decimal | None) -> Decimal | None:
        """Return shares x price to 6 places plus cash; None if there are shares and no price."""
        stock = stock_at(self.qty, price)
        return None if stock is None else stock + self.cash


@dataclass(frozen=True, slots=True)
class Cost:
    """What the shares held cost in dollars, by the average-cost method, and the gain realised on others."""

    held: Decimal = ZERO
    realised: Decimal = ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """Sums since the cell was opened, in dollars.

    `brought` is what trades brought in, negative where they cost, without commissions; `more_dividends` what
    the cell's dividends were net above those of holding; `flows` the cash that came from outside.
    """

    flows: Decimal = ZERO
    brought: Decimal = ZERO
    traded_notional: Decimal = ZERO
    commissions: Decimal = ZERO
    gross: Decimal = ZERO
    tax: Decimal = ZERO
    more_dividends: Decimal = ZERO
    trade_count: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a cell stands, where just holding would stand, and what happened up to now.

    `cost` is None from when shares came whose worth nobody knows; `shares_brought` is what the shares that
    came from outside were worth less the cost of those that left.
    """

    cell: Holding = Holding()
    hold: Holding = Holding()
    cost: Cost | None = Cost()
    shares_brought: Decimal = ZERO
    totals: Totals = Totals()


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """A standing at a price, in dollars; None where it takes a price or a cost that nobody knows."""

    value: Decimal | None
    hold_value: Decimal | None
    value_minus_hold: Decimal | None
    from_trading: Decimal | None
    from_dividends: Decimal
    contributed: Decimal | None
    gain: Decimal | None
    cost: Decimal | None
    realised_gain: Decimal | None
    unrealised_gain: Decimal | None
    fees: Decimal
    dividends_gross: Decimal
    dividends_tax: Decimal
    dividends_net: Decimal
    traded_notional: Decimal
    trade_count: int


def stock_at(qty: Decimal, price: Decimal | None) -> Decimal | None:
    """Return shares x price in dollars, half-even to 6 places; no shares are worth nothing at any price."""
    if not qty:
        return ZERO
    return None if price is None else to_six(EXACT.multiply(qty, price))


def kind_of_correction(cash: Decimal, qty: Decimal) -> Kind:
    """Say what a correction of the books was: cash for shares or the reverse is a swap, else a flow."""
    return Kind.SWAP if cash * qty < 0 else Kind.FLOW


def follow(standing: Standing, entry: Entry) -> Standing:
    """Return where the cell stands after `entry`."""
    return _AFTER[entry.kind](standing, entry)


def figures_of(standing: Standing, price: Decimal | None) -> Figures:
    """Return what a standing comes to at a price in dollars per share.

    value_minus_hold is exactly from_trading - fees + from_dividends, and gain exactly
    realised_gain + unrealised_gain + dividends_net - fees.
    """
    totals, cost = standing.totals, standing.cost
    value, hold_value = standing.cell.value_at(price), standing.hold.value_at(price)
    stock, hold_stock = stock_at(standing.cell.qty, price), stock_at(standing.hold.qty, price)
    contributed = None if cost is None else totals.flows + standing.shares_brought
    return Figures(
        value=value,
        hold_value=hold_value,
        value_minus_hold=_minus(value, hold_value),
        from_trading=_plus(_minus(stock, hold_stock), totals.brought),
        from_dividends=totals.more_dividends,
        contributed=contributed,
        gain=_minus(value, contributed),
        cost=None if cost is None else cost.held,
        realised_gain=None if cost is None else cost.realised,
        unrealised_gain=None if cost is None else _minus(stock, cost.held),
        fees=totals.commissions,
        dividends_gross=totals.gross,
        dividends_tax=totals.tax,
        dividends_net=totals.gross - totals.tax,
        traded_notional=totals.traded_notional,
        trade_count=totals.trade_count,
    )


def sum_of(figures: Iterable[Figures]) -> Figures:
    """Add up the figures of many cells; a sum in which one is unknown is None, never a part of it."""
    rows = list(figures)
    sums: dict[str, Any] = {name: _sum([getattr(row, name) for row in rows]) for name in _NAMES}
    return Figures(**{**sums, "trade_count": int(sums["trade_count"])})


def figures_between(before: Figures, after: Figures) -> Figures:
    """Return by how much each figure changed; None where either is unknown.

    The identities of `figures_of` hold for the changes too.
    """
    changes: dict[str, Any] = {
        name: _minus(getattr(after, name), getattr(before, name)) for name in _NAMES if name != "trade_count"
    }
    return Figures(**changes, trade_count=after.trade_count - before.trade_count)


def _after_flow(standing: Standing, entry: Entry) -> Standing:
    """What comes or leaves does so for the cell and for holding alike."""
    totals = standing.totals
    cost, brought = _cost_after_flow(standing, entry)
    return Standing(
        cell=standing.cell.moved(entry.qty, entry.cash),
        hold=standing.hold.moved(entry.qty, entry.cash),
        cost=cost,
        shares_brought=standing.shares_brought + brought,
        totals=replace(totals, flows=totals.flows + entry.cash),
    )


def _cost_after_flow(standing: Standing, entry: Entry) -> tuple[Cost | None, Decimal]:
    """Return the cost and how it changed: shares come at their worth and leave at their average cost."""
    cost = standing.cost
    if cost is None or not entry.qty:
        return cost, ZERO
    if entry.qty < 0:
        change = -_cost_of(cost, -entry.qty, standing.cell.qty)
    elif entry.share_price is not None:
        change = to_six(EXACT.multiply(entry.qty, entry.share_price))
    else:
        return None, ZERO
    return Cost(cost.held + change, cost.realised), change


def _after_trade(standing: Standing, entry: Entry) -> Standing:
    return _after_exchange(standing, entry, counted=1)


def _after_swap(standing: Standing, entry: Entry) -> Standing:
    return _after_exchange(standing, entry, counted=0)


def _after_exchange(standing: Standing, entry: Entry, counted: int) -> Standing:
    """Holding exchanges nothing."""
    totals = standing.totals
    brought = entry.cash + entry.commission
    return Standing(
        cell=standing.cell.moved(entry.qty, entry.cash),
        hold=standing.hold,
        cost=_cost_after_trade(standing, entry.qty, brought),
        shares_brought=standing.shares_brought,
        totals=replace(
            totals,
            brought=totals.brought + brought,
            traded_notional=totals.traded_notional + counted * abs(brought),
            commissions=totals.commissions + entry.commission,
            trade_count=totals.trade_count + counted,
        ),
    )


def _cost_after_trade(standing: Standing, qty: Decimal, brought: Decimal) -> Cost | None:
    cost = standing.cost
    if cost is None:
        return None
    if qty > 0:
        return Cost(cost.held - brought, cost.realised)
    left = _cost_of(cost, -qty, standing.cell.qty)
    return Cost(cost.held - left, cost.realised + brought - left)


def _after_dividend(standing: Standing, entry: Entry) -> Standing:
    """Holding gets the dividend of its own shares, taxed at the same rate."""
    totals = standing.totals
    held_gross = calculate_gross_amount(standing.hold.qty, entry.dps)
    held_net = calculate_net_amount(held_gross, entry.withholding_tax_rate)
    return replace(
        standing,
        cell=standing.cell.moved(ZERO, entry.cash),
        hold=standing.hold.moved(ZERO, held_net),
        totals=replace(
            totals,
            gross=totals.gross + entry.gross,
            tax=totals.tax + entry.tax,
            more_dividends=totals.more_dividends + entry.cash - held_net,
        ),
    )


def _after_split(standing: Standing, entry: Entry) -> Standing:
    """The shares cost what they cost, however many they are now."""
    hold, ratio = standing.hold, (Decimal(entry.new_shares), Decimal(entry.old_shares))
    held = qty_down(EXACT.divide(EXACT.multiply(hold.qty, ratio[0]), ratio[1]))
    return replace(standing, cell=standing.cell.moved(entry.qty, ZERO), hold=Holding(held, hold.cash))


_AFTER: dict[Kind, Callable[[Standing, Entry], Standing]] = {
    Kind.FLOW: _after_flow,
    Kind.TRADE: _after_trade,
    Kind.SWAP: _after_swap,
    Kind.DIVIDEND: _after_dividend,
    Kind.SPLIT: _after_split,
}
_NAMES = tuple(field.name for field in fields(Figures))


def _cost_of(cost: Cost, part: Decimal, whole: Decimal) -> Decimal:
    """Return the cost of a part of the shares held, half-even to 6 places; the last take what is left."""
    if part >= whole:
        return cost.held
    return to_six(EXACT.divide(EXACT.multiply(cost.held, part), whole))


def _plus(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    return None if one is None or other is None else one + other


def _minus(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    return None if one is None or other is None else one - other


def _sum(column: Iterable[Any]) -> Decimal | None:
    total = ZERO
    for one in column:
        if one is None:
            return None
        total += one
    return total
