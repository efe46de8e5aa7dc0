"""Proposals that nobody executed in time."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from accounts.transactions import Stamp, unit_of_work
from market.calendar import next_session, session_at
from orders.lifecycle import move
from orders.models import MANUAL, Order
from positions.market_time import on_market
from positions.models import Position
from volbal.order_states import OrderStatus
from volbal.trading_day import trading_date


def expires_at(proposed_at: datetime) -> datetime:
    """Return the end of the session that a proposal belongs to: the one that is on, else the next.

    Raises OutsideCalendar.
    """
    session = session_at(proposed_at)
    if session is None or proposed_at >= session.ends_at:
        session = next_session(trading_date(proposed_at))
    return session.ends_at


def expire_proposals(*, stamp: Stamp) -> list[UUID]:
    """Expire every open proposal whose session is over, each in a unit of work of its own; return their ids.

    One on stored history goes by the time of its market. May run twice, or on two workers at once: what is no
    longer open is left alone.
    """
    waiting = Order.objects.open().filter(broker=MANUAL).select_related("position")
    return [order.pk for order in waiting if _is_due(order, stamp) and _expire(order.pk, stamp)]


def expire_proposals_of(position: Position, *, stamp: Stamp) -> None:
    """Expire what is open of a locked position's proposals and whose session is over at `stamp.at`."""
    for order in Order.objects.open().filter(position=position, broker=MANUAL):
        if stamp.at >= expires_at(order.created_at):
            order.position = position
            _end(order, stamp)


def _is_due(order: Order, stamp: Stamp) -> bool:
    return on_market(stamp, order.position.market_provider).at >= expires_at(order.created_at)


def _expire(order_id: UUID, stamp: Stamp) -> bool:
    with unit_of_work():
        order = Order.objects.lock_with_position(order_id)
        if not order.is_open:
            return False
        _end(order, on_market(stamp, order.position.market_provider))
        return True


def _end(order: Order, stamp: Stamp) -> None:
    move(order, OrderStatus.EXPIRED, "Expired: its session is over.", stamp=stamp)
