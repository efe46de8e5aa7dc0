"""The live cycle: quote, lock, decide, record, order, fill."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import ROUND_DOWN, Decimal
from uuid import UUID

from accounts.transactions import Stamp, unit_of_work
from configs.resolver import EffectiveConfig
from market.quotes import checked_quotes, gate_for
from orders.breakers import watch_day_loss, watch_repeated_orders, watches_day_loss
from orders.brokers import broker_named
from orders.circumstances import circumstances_of, snapshot_in
from orders.feeds import MANUAL_SOURCE, comes_from_feed
from orders.fills import book_locked_fill, fill_of
from orders.lifecycle import OrderRequest, broker_order_of, move, place_order, reject_below_min
from orders.models import Order
from orders.snapshot import Snapshot, decision_as_facts, snapshot_as_facts
from orders.switches import share_switches
from orders.watches import forget_band
from positions.event_types import EventType
from positions.events import record_event
from positions.models import Event, Position
from positions.services import lock_open_position
from volbal.errors import OutOfRange, StaleQuote
from volbal.numbers import ONE_SHARE_STEP, plain, require_price
from volbal.order_states import OrderStatus
from volbal.quotes import QuoteGate
from volbal.values import Action, Decision, MarketQuote

# A quote, if there is one, and what stands against trading on it.
Checked = tuple[MarketQuote | None, QuoteGate | None]

# How far a price that somebody gave a real broker may be from the market's, and how old that may be.
MOST_OFF_PCT = 2
VOUCHES_FOR = timedelta(seconds=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """What one evaluation came to. A dry run has no event and no order."""

    position: Position
    quote: MarketQuote | None
    decision: Decision
    event: Event | None
    order: Order | None

    @property
    def event_id(self) -> UUID | None:
        """The event that tells of it, if it was saved."""
        return None if self.event is None else self.event.pk

    @property
    def position_id(self) -> UUID:
        """Which position it is about."""
        return self.position.pk


def run_cycle(*, position_id: UUID, stamp: Stamp, price: Decimal | None = None) -> Evaluation:
    """Evaluate one position on the market, or on a given `price` in dollars, and trade if the rules say so.

    The quote is fetched before any transaction opens. A quote that can't be had is a SKIP `stale_quote`.
    Raises NotFound, PositionClosed, and what `quote_to_decide_on` raises.
    """
    quote, gate = quote_to_decide_on(Position.objects.read(position_id), price, stamp.at)
    if watches_day_loss():
        with unit_of_work():
            watch_day_loss(position_id=position_id, quote=quote, stamp=stamp)
    with unit_of_work():
        return evaluate(position_id=position_id, quote=quote, gate=gate, stamp=stamp)


def preview(
    *,
    position_id: UUID,
    quote: MarketQuote | None,
    at: datetime,
    gate: QuoteGate | None = None,
    tenant_id: UUID | None = None,
) -> Evaluation:
    """Decide as `evaluate` would, and save nothing. Needs no lock. Raises NotFound."""
    position = Position.objects.read(position_id, tenant_id=tenant_id)
    snapshot, _ = snapshot_of(position, quote, at, gate)
    return Evaluation(position=position, quote=quote, decision=snapshot.decide(), event=None, order=None)


def evaluate(
    *,
    position_id: UUID,
    quote: MarketQuote | None,
    stamp: Stamp,
    gate: QuoteGate | None = None,
    tenant_id: UUID | None = None,
) -> Evaluation:
    """Decide on one quote, record why, and place what was decided, inside the caller's unit of work.

    `gate` is what stands against trading on the quote. With `tenant_id` another tenant's position is not
    found. Raises NotFound, PositionClosed, and InvalidConfig if the settings in the database make no sense.
    """
    position = lock_open_position(position_id, tenant_id=tenant_id)
    share_switches()
    snapshot, effective = snapshot_of(position, quote, stamp.at, gate)
    decision = snapshot.decide()
    forget_band(position, decision)
    return carry_out(position, snapshot, effective, decision, stamp=stamp)


def carry_out(
    position: Position,
    snapshot: Snapshot,
    effective: EffectiveConfig,
    decision: Decision,
    *,
    stamp: Stamp,
    event_id: UUID | None = None,
) -> Evaluation:
    """Record a decision about a locked position with all it was made from, and place what was decided."""
    event = record_event(
        position,
        EventType.POSITION_EVALUATED,
        decision.explanation,
        stamp=stamp,
        inputs=snapshot_as_facts(snapshot, effective),
        outputs=decision_as_facts(decision),
        event_id=event_id,
    )
    order = _act(position, snapshot, decision, stamp)
    return Evaluation(position=position, quote=snapshot.quote, decision=decision, event=event, order=order)


def given_quote(price: Decimal, at: datetime) -> MarketQuote:
    """Return a quote made of a price that somebody gave. Raises OutOfRange or InvalidNumber."""
    return MarketQuote(price=require_price(price, "price"), as_of=at, source=MANUAL_SOURCE)


def market_quote(position: Position, at: datetime) -> Checked:
    """Ask the position's market provider; return its quote, if it has one, and what stands against it.

    Opens transactions of its own.
    """
    checked = checked_quotes(provider_name=position.market_provider, tickers=[position.ticker], at=at)
    found = checked[position.ticker]
    return found.quote, gate_for(found, ticker=position.ticker, tenant_id=position.tenant_id)


def quote_to_decide_on(position: Position, price: Decimal | None, at: datetime) -> Checked:
    """Return the price that was given as a quote, else the market's and what stands against it.

    For a real broker a fresh quote of a real market, at most 2 % away, must vouch for a given price, which
    is marked real thereby. Opens transactions of its own. Raises OutOfRange, InvalidNumber for a price that
    can't be one, StaleQuote without such a quote.
    """
    if price is None:
        return market_quote(position, at)
    given = given_quote(price, at)
    if not broker_named(position.broker).is_real:
        return given, None
    market, gate = market_quote(position, at)
    return _vouched_for(given, None if gate else market), None


def _vouched_for(given: MarketQuote, market: MarketQuote | None) -> MarketQuote:
    if market is None or not market.is_real or _age(given, market) > VOUCHES_FOR:
        raise StaleQuote("A real broker needs a fresh price of a real market beside the given one.")
    if abs(given.price - market.price) * 100 > MOST_OFF_PCT * market.price:
        raise OutOfRange(
            f"price: more than {MOST_OFF_PCT} % from the market's {plain(market.price)}.", field="price"
        )
    return replace(given, is_real=True)


def _age(given: MarketQuote, market: MarketQuote) -> timedelta:
    known = given.as_of is not None and market.as_of is not None
    return given.as_of - market.as_of if known else timedelta.max  # type: ignore[operator]


def snapshot_of(
    position: Position, quote: MarketQuote | None, at: datetime, gate: QuoteGate | None = None
) -> tuple[Snapshot, EffectiveConfig]:
    """Return all that a decision about a position is made from, and where its settings come from.

    Raises InvalidConfig if the settings in the database make no sense.
    """
    circumstances = circumstances_of(position, at)
    return snapshot_in(circumstances, position, quote, at, gate), circumstances.effective


def _act(position: Position, snapshot: Snapshot, decision: Decision, stamp: Stamp) -> Order | None:
    if decision.side is None or snapshot.quote is None:
        return None
    if decision.action is Action.REJECT:
        request = _request(snapshot, decision, _rejected_qty(decision))
        return reject_below_min(position, request, stamp=stamp)
    if not decision.trades:
        return None
    order = place_order(position, _request(snapshot, decision, decision.qty), stamp=stamp)
    broker = broker_named(position.broker)
    if broker.in_process:
        send_in_process(order, snapshot, stamp=stamp)
    if comes_from_feed(position, snapshot.quote):
        watch_repeated_orders(position, stamp=stamp)
    return order


def _request(snapshot: Snapshot, decision: Decision, qty: Decimal) -> OrderRequest:
    if decision.side is None or snapshot.quote is None:
        raise ValueError("a decision without side or price orders nothing")
    return OrderRequest(
        side=decision.side,
        qty=qty,
        price=snapshot.quote.price,
        reason=decision.reason,
        commission_rate=snapshot.order_policy.commission_rate,
        slippage_bps=snapshot.order_policy.slippage_bps,
    )


def _rejected_qty(decision: Decision) -> Decimal:
    """Return the raw size; where only the band asked, the size that the band asked for."""
    raw = decision.raw_qty.quantize(ONE_SHARE_STEP, ROUND_DOWN)
    if raw > 0 or decision.outcome is None:
        return raw
    return Decimal(decision.outcome.sized_qty)


def send_in_process(order: Order, snapshot: Snapshot, *, stamp: Stamp) -> None:
    """Send a new order to a broker without a network and book its fills, all in this unit of work."""
    move(order, OrderStatus.SUBMITTED, f"Sent: {order.side} {plain(order.qty)}.", stamp=stamp)
    answer = broker_named(order.broker).submit(broker_order_of(order), at=stamp.at)
    for execution in answer.executions:
        book_locked_fill(
            order,
            fill_of(order, execution),
            execution_id=execution.execution_id,
            executed_at=execution.executed_at,
            stamp=stamp,
            guardrail=snapshot.guardrail,
        )
