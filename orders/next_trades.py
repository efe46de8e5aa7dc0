"""What comes next for one cell: the nearest purchase and sale, and the decision at any price, saving nothing.

A decision here is the one that follows when its price is posted: the same circumstances, the same functions.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from market.values import CheckedQuote
from orders.brokers import broker_named
from orders.circumstances import Circumstances, snapshot_in
from orders.cycle import given_quote
from orders.snapshot import Snapshot
from positions.models import Position
from volbal.decision import closed_gate
from volbal.errors import OutOfRange
from volbal.numbers import PRICE_TICK, down_to, exact, to_six, up_to
from volbal.values import DayActivity, Decision, Gates, MarketQuote, Side

_HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True, kw_only=True)
class NextTrade:
    """The nearest trade of one side: its price in dollars, how far away that is in %, and the decision."""

    price: Decimal
    distance_pct: Decimal
    decision: Decision


@dataclass(frozen=True, slots=True, kw_only=True)
class NextTrades:
    """Both sides as seen from `price`, as if nothing stood against trading.

    `refused_buy` and `refused_sell` are what the rules say to a side that the trigger asks for and that
    doesn't trade there: at `price` itself or at the threshold. `is_for_tomorrow`: today's orders are used up,
    and these are the trades of the day after.
    """

    price: Decimal
    here: Decision
    buy: NextTrade | None
    sell: NextTrade | None
    refused_buy: Decision | None
    refused_sell: Decision | None
    is_for_tomorrow: bool

    @property
    def nearest(self) -> NextTrade | None:
        """The side that is less far away."""
        both = [trade for trade in (self.buy, self.sell) if trade is not None]
        return min(both, key=lambda trade: abs(trade.distance_pct), default=None)


def blocked_by(
    circumstances: Circumstances, position: Position, checked: CheckedQuote, at: datetime
) -> str | None:
    """Return the reason of the rules that forbids any trade on the market just now, or None.

    Raises InvalidConfig if the settings in the database make no sense.
    """
    snapshot = snapshot_in(circumstances, position, checked.quote, at, checked.gate)
    return closed_gate(snapshot.position, snapshot.order_policy, snapshot.gates)


def posted(circumstances: Circumstances, position: Position, price: Decimal, at: datetime) -> Snapshot:
    """Return all that is decided on when somebody posts `price`, in dollars per share.

    For a real broker it is taken to be the market's. Raises OutOfRange, InvalidNumber, InvalidConfig.
    """
    quote = given_quote(price, at)
    if broker_named(position.broker).is_real:
        quote = replace(quote, is_real=True)
    return snapshot_in(circumstances, position, quote, at)


def opened(snapshot: Snapshot) -> Snapshot:
    """Return the snapshot with every gate open; "only sales" is no gate, and stays."""
    return replace(snapshot, gates=Gates(reducing=snapshot.gates.reducing))


def next_trades(
    circumstances: Circumstances, position: Position, price: Decimal, at: datetime
) -> NextTrades | None:
    """Return what comes next, seen from `price`; None for a cell without an anchor.

    Where the rules trade at `price` itself, that is the nearest trade. Raises as `posted` does.
    """
    snapshot = opened(posted(circumstances, position, price, at))
    if snapshot.position.anchor_price is None:
        return None
    here = snapshot.decide()
    is_for_tomorrow = _is_used_up(snapshot)
    if is_for_tomorrow:
        snapshot = replace(snapshot, today=DayActivity())
        here = snapshot.decide()
    buy = _next(snapshot, here, Side.BUY)
    sell = _next(snapshot, here, Side.SELL)
    return NextTrades(
        price=price,
        here=here,
        buy=buy,
        sell=sell,
        refused_buy=_refused(snapshot, here, buy, Side.BUY),
        refused_sell=_refused(snapshot, here, sell, Side.SELL),
        is_for_tomorrow=is_for_tomorrow,
    )


def _is_used_up(snapshot: Snapshot) -> bool:
    """Say whether the day's orders are used up, for today alone."""
    cap = snapshot.guardrail.max_orders_per_day
    return cap is not None and 0 < cap <= snapshot.today.orders


def _next(snapshot: Snapshot, here: Decision, side: Side) -> NextTrade | None:
    if here.trades and here.side is side:
        return _trade(snapshot, _price_of(snapshot), here)
    price = here.buy_at if side is Side.BUY else here.sell_at
    if price is None:
        return None
    try:
        return _trade(snapshot, price, _at(snapshot, price).decide())
    except OutOfRange:  # so high a price that the books could not keep the trade
        return None


def _trade(snapshot: Snapshot, price: Decimal, decision: Decision) -> NextTrade:
    return NextTrade(price=price, distance_pct=distance_pct(price, _price_of(snapshot)), decision=decision)


def distance_pct(price: Decimal, seen_from: Decimal) -> Decimal:
    """Return how far away a price is, in percent points with its sign."""
    with exact():
        return to_six(_HUNDRED * (price - seen_from) / seen_from)


def _refused(snapshot: Snapshot, here: Decision, trade: NextTrade | None, side: Side) -> Decision | None:
    """Return the refusal that a side meets before its next trade, if it has one, can come."""
    if here.side is side:
        return None if here.trades else here
    price = _threshold(snapshot, side)
    if price is None or (trade is not None and trade.price == price):
        return None
    decision = _at(snapshot, price).decide()
    return decision if decision.side is side and not decision.trades else None


def _threshold(snapshot: Snapshot, side: Side) -> Decimal | None:
    anchor, trigger = snapshot.position.anchor_price, snapshot.trigger
    if anchor is None:
        return None
    with exact():
        if side is Side.BUY:
            price = down_to(anchor * (100 - trigger.down_threshold_pct) / 100, PRICE_TICK)
        else:
            price = up_to(anchor * (100 + trigger.up_threshold_pct) / 100, PRICE_TICK)
    return price if price > 0 else None


def _at(snapshot: Snapshot, price: Decimal) -> Snapshot:
    return replace(snapshot, quote=replace(_quote_of(snapshot), price=price))


def _price_of(snapshot: Snapshot) -> Decimal:
    return _quote_of(snapshot).price


def _quote_of(snapshot: Snapshot) -> MarketQuote:
    if snapshot.quote is None:
        raise ValueError("a posted snapshot has a quote")
    return snapshot.quote
