"""What an order by hand, or another anchor, would come to: shown before it is done, with nothing saved."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from orders.cycle import given_quote, snapshot_of
from orders.hand_orders import quote_or_anchor
from orders.snapshot import Snapshot
from positions.models import Position
from volbal.errors import (
    DailyNotionalCap,
    GuardrailBreach,
    InsufficientCash,
    InsufficientShares,
    StaleQuote,
    VolbalError,
)
from volbal.fills import commission_on, deltas_of, notional_of, slipped_price
from volbal.guardrails import stock_pct
from volbal.hand_orders import check_hand_order, largest_hand_order
from volbal.numbers import ZERO, down_to, exact
from volbal.policy import qty_unit
from volbal.quotes import QuoteGate
from volbal.values import Decision, Fill, Gates, MarketQuote, Side

# Refusals that a smaller order might not meet.
OF_SIZE = (GuardrailBreach, InsufficientCash, InsufficientShares, DailyNotionalCap)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderLook:
    """An order at the price it would be filled at: dollars, shares, percent points.

    `refusal` is why it can't be sent, `most` then the largest that could, where the size is the reason.
    """

    side: Side
    qty: Decimal
    price: Decimal
    source: str
    as_of: datetime | None
    notional: Decimal
    commission: Decimal
    cash_after: Decimal
    qty_after: Decimal
    stock_pct_before: Decimal | None
    stock_pct_after: Decimal | None
    low_pct: Decimal
    high_pct: Decimal
    refusal: VolbalError | None
    most: Decimal | None

    @property
    def cash_change(self) -> Decimal:
        """What it does to the cash, commission included."""
        return -self.notional - self.commission if self.side is Side.BUY else self.notional - self.commission


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderSize:
    """How much is asked for: shares, or dollars' worth of them before the commission."""

    amount: Decimal
    in_dollars: bool

    def qty_at(self, price: Decimal, unit: Decimal) -> Decimal:
        """Return the shares, of dollars as many whole units as they buy."""
        if not self.in_dollars:
            return self.amount
        with exact():
            return down_to(self.amount / price, unit)


def look_at_order(
    position: Position,
    *,
    side: Side,
    size: OrderSize,
    quote: MarketQuote | None,
    gate: QuoteGate | None,
    at: datetime,
) -> OrderLook:
    """Tell what `submit_order` would do with the quote. Without one raises StaleQuote or MissingField."""
    snapshot, _ = snapshot_of(position, priced(position, quote, at), at, gate)
    if snapshot.quote is None:
        raise StaleQuote("There is no fresh price to decide on.")
    qty = size.qty_at(snapshot.quote.price, qty_unit(snapshot.order_policy))
    refusal = _refusal(snapshot, side, qty)
    most = _most(snapshot, side) if isinstance(refusal, OF_SIZE) else None
    return _look(snapshot, snapshot.quote, side, qty, refusal, most)


def priced(position: Position, quote: MarketQuote | None, at: datetime) -> MarketQuote:
    """Return the quote that an order is decided on. Raises StaleQuote or MissingField without one."""
    found = quote_or_anchor(position, quote, at)
    if found is None:
        raise StaleQuote("There is no fresh price to decide on.")
    return found


def look_at_anchor(position: Position, anchor: Decimal, at: datetime) -> Decision:
    """Return what would be decided at the anchor itself, were it set and nothing stood against trading."""
    snapshot, _ = snapshot_of(position, given_quote(anchor, at), at)
    changed = snapshot.position.set_anchor_price(anchor)
    return replace(snapshot, position=changed, gates=Gates()).decide()


def _refusal(snapshot: Snapshot, side: Side, qty: Decimal) -> VolbalError | None:
    try:
        check_hand_order(
            position=snapshot.position,
            side=side,
            qty=qty,
            price=None if snapshot.quote is None else snapshot.quote.price,
            guardrail=snapshot.guardrail,
            order_policy=snapshot.order_policy,
            today=snapshot.today,
            gates=snapshot.gates,
        )
    except VolbalError as error:
        return error
    return None


def _most(snapshot: Snapshot, side: Side) -> Decimal:
    if snapshot.quote is None:
        return ZERO
    return largest_hand_order(
        position=snapshot.position,
        side=side,
        price=snapshot.quote.price,
        guardrail=snapshot.guardrail,
        order_policy=snapshot.order_policy,
        today=snapshot.today,
    )


def _look(
    snapshot: Snapshot,
    quote: MarketQuote,
    side: Side,
    qty: Decimal,
    refusal: VolbalError | None,
    most: Decimal | None,
) -> OrderLook:
    state, policy = snapshot.position, snapshot.order_policy
    price = slipped_price(side, quote.price, policy.slippage_bps)
    notional = notional_of(qty, price)
    fill = Fill(side=side, qty=qty, price=price, commission=commission_on(notional, policy.commission_rate))
    qty_delta, cash_delta = deltas_of(fill)
    after = replace(state, qty=state.qty + qty_delta, cash=state.cash + cash_delta)
    possible = after.qty >= 0 and after.cash >= 0
    return OrderLook(
        side=side,
        qty=qty,
        price=price,
        source=quote.source,
        as_of=quote.as_of,
        notional=notional,
        commission=fill.commission,
        cash_after=after.cash,
        qty_after=after.qty,
        stock_pct_before=stock_pct(state, price),
        stock_pct_after=stock_pct(after, price) if possible else None,
        low_pct=snapshot.guardrail.min_stock_pct,
        high_pct=snapshot.guardrail.max_stock_pct,
        refusal=refusal,
        most=most,
    )
