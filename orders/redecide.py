"""The last look before an order is sent: may it still be, and is the price still the one decided on?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from accounts.transactions import Stamp
from market.providers.registry import provider
from orders.broker_accounts import tenants_trading
from orders.cycle import Evaluation, evaluate
from orders.expiry import expires_at
from orders.hand_orders import BY_HAND
from orders.lifecycle import cancel_unsent, move
from orders.models import Order, TradingState
from orders.snapshot import decision_as_facts
from orders.switches import state_for
from positions.event_types import EventType
from positions.events import record_event
from positions.models import PositionStatus
from volbal.numbers import plain
from volbal.order_states import OrderStatus
from volbal.trading_day import trading_date
from volbal.values import Action, MarketQuote, Side

MOST_MOVED_BPS = 20
MOST_REDECISIONS = 3
PRICE_MOVED = "price_moved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """The broker's own price just now; None if it gives none, `failed` if it could not be asked."""

    quote: MarketQuote | None = None
    failed: bool = False


def clear_to_send(order: Order, sighting: Sighting, *, stamp: Stamp) -> bool:
    """Say whether a locked order that no broker has may be sent; if it never may, end it and say why.

    Call with the switches shared. An order whose price has moved is cancelled and the decision made again.
    """
    if _session_is_over(order, stamp.at):
        move(order, OrderStatus.EXPIRED, "Expired unsent: its session is over.", stamp=stamp)
        return False
    reason = _why_never(order)
    if reason is not None:
        cancel_unsent(order, f"not sent, {reason}", stamp=stamp)
        return False
    if sighting.quote is not None and has_moved(order.price, sighting.quote.price):
        redecide(order, sighting.quote, stamp=stamp)
        return False
    return not sighting.failed


def has_moved(decided: Decimal | None, price: Decimal) -> bool:
    """Whether a price is more than 20 bps away from the one decided on."""
    return decided is not None and abs(price - decided) * 10_000 > MOST_MOVED_BPS * decided


def redecide(order: Order, quote: MarketQuote, *, stamp: Stamp) -> Order | None:
    """Cancel a locked, unsent order and decide again on the broker's price; return the order that follows.

    After three times it is a SKIP `price_moved`, and for an order by hand at once: its limits were checked at
    another price, and only whoever asked for it can say whether it is still wanted.
    """
    moved = f"the price moved from {plain(order.price or Decimal(0))} to {plain(quote.price)}"
    cancel_unsent(order, f"not sent, {moved}", stamp=stamp)
    if order.reason == BY_HAND or order.redecisions >= MOST_REDECISIONS:
        decision: dict[str, object] = {"action": Action.SKIP, "reason": PRICE_MOVED}
        _tell(order, quote, moved, {"decision": decision, "order_id": None}, stamp)
        return None
    evaluation = evaluate(position_id=order.position_id, quote=quote, stamp=stamp)
    following = _count(evaluation, order.redecisions + 1)
    outputs = {**decision_as_facts(evaluation.decision), "order_id": following and following.pk}
    _tell(order, quote, moved, outputs, stamp)
    return following


def _session_is_over(order: Order, at: datetime) -> bool:
    """A replayed bar proves that there was a session, whatever its date: then the date is all there is."""
    if provider(order.position.market_provider).is_confirmed:
        return trading_date(at) > order.trading_date
    return at >= expires_at(order.created_at)


def _why_never(order: Order) -> str | None:
    state = state_for(order.position)
    if state == TradingState.HALTED:
        return "trading is halted"
    if not tenants_trading(order.broker, [order.position.tenant_id]):
        return f"no account at {order.broker} is connected and confirmed"
    if state == TradingState.REDUCING and order.side == Side.BUY:
        return "only sales are allowed now"
    if order.position.status != PositionStatus.ACTIVE:
        return f"the position is {order.position.status}"
    return None


def _count(evaluation: Evaluation, redecisions: int) -> Order | None:
    order = evaluation.order
    if order is not None:
        order.redecisions = redecisions
        order.save(update_fields=["redecisions"])
    return order


def _tell(order: Order, quote: MarketQuote, moved: str, outputs: dict[str, object], stamp: Stamp) -> None:
    record_event(
        order.position,
        EventType.ORDER_REEVALUATED,
        f"Decided again: {moved}.",
        stamp=stamp,
        inputs={**order.facts(), "new_price": quote.price, "redecisions": order.redecisions},
        outputs=outputs,
    )
