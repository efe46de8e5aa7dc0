"""Stopping by itself: what breakers watch, and what they do. Source: docs/strategy.md, "Breakers".

What concerns one position pauses it, as a breach does, or lets it only sell; what concerns more turns a
switch. Only a person goes on from there. Live feeds only: replayed history trips none but the check of the
books.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import Q

from accounts.transactions import Stamp, read_one
from alerts.faults import forget_faults, note_fault
from alerts.models import AlertKind, FaultKind
from alerts.services import clear_alert, raise_alert
from orders.feeds import comes_from_feed, follows_feed
from orders.models import Order, Trade, TradingState, TradingSwitch
from orders.switches import tighten
from positions.event_types import EventType
from positions.history import history_of
from positions.models import Position
from positions.services import pause
from volbal.breakers import Frequency, PlacedOrder, day_loss, repeated_orders, too_many_errors
from volbal.guardrails import TRADE_REASONS
from volbal.order_states import OrderStatus
from volbal.trading_day import trading_date
from volbal.values import Fill, MarketQuote, Side

ACTOR = "breaker"
BOOKS = "books"


def watch_repeated_orders(position: Position, *, stamp: Stamp) -> bool:
    """Pause a locked position if the rules have just made the same order too often; return whether they have.

    Orders before the position was last resumed don't count: a person has looked at them.
    """
    limit = Frequency(count=settings.BREAKER_SAME_ORDERS, minutes=settings.BREAKER_SAME_ORDERS_MINUTES)
    begins = stamp.at - timedelta(minutes=limit.minutes)
    if repeated_orders(_placed_since(position, begins), limit) is None:
        return False
    reason = repeated_orders(_placed_since(position, max(begins, _resumed_at(position, begins))), limit)
    if reason is not None:
        pause(position, f"breaker: {reason}", stamp=_by_breaker(stamp))
    return reason is not None


def watches_day_loss() -> bool:
    """Whether the breaker of the day's loss is on."""
    return settings.BREAKER_DAY_LOSS_PCT > 0


def watch_day_loss(*, position_id: UUID, quote: MarketQuote | None, stamp: Stamp) -> bool:
    """Let a position only sell if today's trading has lost too much against holding; return whether it has.

    For a unit of work of its own, before the position is evaluated on this live quote. Trades before a person
    last let the position go on don't count. Raises NotFound.
    """
    position = Position.objects.lock(position_id)
    if quote is None or not comes_from_feed(position, quote):
        return False
    trades = Trade.objects.filter(position=position, order__trading_date=trading_date(stamp.at))
    went_on_at = (
        TradingSwitch.objects.filter(position=position, state=TradingState.ACTIVE)
        .values_list("changed_at", flat=True)
        .first()
    )
    if went_on_at is not None:
        trades = trades.filter(executed_at__gte=went_on_at)
    fills = [_fill_of(trade) for trade in trades]
    reason = day_loss(position.state(), fills, quote.price, settings.BREAKER_DAY_LOSS_PCT)
    if reason is not None:
        _stop(TradingState.REDUCING, reason, stamp, position_id=position_id)
    return reason is not None


def note_broker_error(*, broker: str, position_id: UUID | None, stamp: Stamp) -> bool:
    """Count an error of a broker, and halt if there are too many; return whether that happened now.

    Counted and halted is the position's tenant, without a position everyone. In a unit of work of its own: no
    position may be locked. Raises NotFound.
    """
    position = None if position_id is None else read_one(Position.objects.filter(pk=position_id), "position")
    if position is not None and not follows_feed(position):
        return False
    limit = Frequency(count=settings.BREAKER_BROKER_ERRORS, minutes=settings.BREAKER_BROKER_ERRORS_MINUTES)
    subject = broker if position is None else f"{broker}/{position.tenant_id}"
    reason = _counted(FaultKind.BROKER, subject, f"errors of {broker}", limit, stamp.at)
    if reason is not None:
        owner = {} if position is None else {"tenant_id": position.tenant_id}
        _stop(TradingState.HALTED, reason, stamp, **owner)
    return reason is not None


def note_evaluation_error(*, position_id: UUID, stamp: Stamp) -> bool:
    """Count an evaluation that failed, and pause the position if there are too many; return whether it did.

    In a unit of work of its own, after the failed one is undone. Raises NotFound.
    """
    limit = Frequency(
        count=settings.BREAKER_EVALUATION_ERRORS, minutes=settings.BREAKER_EVALUATION_ERRORS_MINUTES
    )
    position = Position.objects.lock(position_id)
    if not follows_feed(position):
        return False
    reason = _counted(FaultKind.EVALUATION, str(position_id), "failed evaluations", limit, stamp.at)
    if reason is not None:
        pause(position, f"breaker: {reason}", stamp=_by_breaker(stamp))
    return reason is not None


def note_check_of_books(*, faults: int, stamp: Stamp) -> None:
    """Halt everyone's trading if a check of ledger or audit found anything; say so until it finds nothing.

    Whose books they are is not told to everyone: the commands say it to the operator.
    """
    if not faults:
        clear_alert(kind=AlertKind.CHECK, key=BOOKS, at=stamp.at)
        return
    reason = f"the check of the books found {faults} faults"
    _stop(TradingState.HALTED, reason, stamp)
    raise_alert(
        kind=AlertKind.CHECK,
        key=BOOKS,
        message=f"{reason[0].upper()}{reason[1:]}; manage.py check_books names them.",
        at=stamp.at,
    )


def _stop(state: TradingState, reason: str, stamp: Stamp, **owner: UUID) -> None:
    tighten(state, reason=f"breaker: {reason}", stamp=_by_breaker(stamp), **owner)


def _counted(kind: FaultKind, subject: str, what: str, limit: Frequency, at: datetime) -> str | None:
    """Keep one error; return why to stop if there are too many, and begin to count anew then."""
    reason = too_many_errors(what, note_fault(kind, subject, at), limit, at)
    if reason is not None:
        forget_faults(kind, subject)
    return reason


def _placed_since(position: Position, since: datetime) -> list[PlacedOrder]:
    """Return the orders that the rules made, but not those that never left the house."""
    of_the_rules = Q(reason__in=TRADE_REASONS.values()) | (
        Q(status=OrderStatus.REJECTED) & ~Q(reason="below_min")
    )
    never_left = Q(status__in=(OrderStatus.CANCELLED, OrderStatus.EXPIRED), filled_qty=0)
    orders = Order.objects.filter(
        of_the_rules, position=position, trading_date__gte=trading_date(since), created_at__gte=since
    )
    rows = orders.exclude(never_left).order_by("created_at").values_list("side", "qty", "created_at")
    return [PlacedOrder(side=Side(side), qty=qty, at=at) for side, qty, at in rows]


def _resumed_at(position: Position, otherwise: datetime) -> datetime:
    resumed = history_of(position, EventType.TRADING_RESUMED).order_by("-seq")
    return resumed.values_list("ts", flat=True).first() or otherwise


def _fill_of(trade: Trade) -> Fill:
    return Fill(side=Side(trade.side), qty=trade.qty, price=trade.price, commission=trade.commission)


def _by_breaker(stamp: Stamp) -> Stamp:
    return replace(stamp, actor=ACTOR)
