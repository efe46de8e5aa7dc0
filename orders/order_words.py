"""An order in plain words: where it is, why it was made, what it waits for and what a person can do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import NamedTuple

from accounts.time_words import ago, span_words
from market.errors import OutsideCalendar
from orders.brokers import broker_named
from orders.expiry import expires_at
from orders.hand_orders import BY_HAND
from orders.models import Order
from volbal.errors import OutOfRange
from volbal.order_states import OrderStatus
from volbal.trading_day import NEW_YORK

_S = OrderStatus
# What a status is called, and the tone of its badge.
STATUS_WORDS: Mapping[str, tuple[str, str]] = {
    _S.NEW: ("New", "mode"),
    _S.SUBMITTED: ("Sent", "mode"),
    _S.ACCEPTED: ("At the broker", "mode"),
    _S.PARTIALLY_FILLED: ("Partly filled", "mode"),
    _S.FILLED: ("Filled", "good"),
    _S.CANCEL_PENDING: ("Being cancelled", "wait"),
    _S.CANCELLED: ("Cancelled", ""),
    _S.REJECTED: ("Rejected", "bad"),
    _S.EXPIRED: ("Expired", ""),
    _S.UNKNOWN: ("Unknown", "bad"),
}
REASON_WORDS: Mapping[str, str] = {
    "trigger_up": "The price rose to the upper threshold",
    "trigger_down": "The price fell to the lower threshold",
    "guardrail_high": "The stock share was above its guardrail",
    "guardrail_low": "The stock share was below its guardrail",
    "below_min": "Smaller than the smallest trade allowed",
    BY_HAND: "Ordered by hand",
}


class Awaited(NamedTuple):
    """What an order waits for, and what a person should do, if anything."""

    text: str
    advice: str = ""


def reason_words(reason: str) -> str:
    """Say why an order was made or refused; a broker's own words stay as they are."""
    return REASON_WORDS.get(reason, reason)


def awaited(order: Order, at: datetime) -> Awaited | None:
    """Say what an open order waits for at the wall clock's `at`; None for one that is done."""
    if not order.is_open:
        return None
    if order.is_manual:
        return _of_proposal(order)
    if order.leased_until is not None and order.leased_until > at:
        return Awaited("The broker is being spoken to right now.")
    return _BY_STATUS.get(order.status, _at_broker)(order, at)


def _of_proposal(order: Order) -> Awaited:
    advice = "Execute it with your broker and report the execution here, or cancel it."
    try:
        ends = expires_at(order.created_at).astimezone(NEW_YORK)
    except OutsideCalendar:
        return Awaited("Waits for you.", advice)
    return Awaited(f"Waits for you; it expires {ends:%-d %b, %H:%M} New York.", advice)


def _unsent(order: Order, at: datetime) -> Awaited:
    if order.may_be_at_broker:
        return _at_broker(order, at)
    return Awaited(f"Waits to be sent{_next_look(order, at, 'the next try is')}.")


def _at_broker(order: Order, at: datetime) -> Awaited:
    if order.sent_at is None:
        return Awaited("Waits for its execution.")
    said = f"Sent {ago(order.sent_at, at)}"
    if order.acknowledged_at is None:
        said += "; the broker has not answered yet"
    else:
        said += f", taken by the broker {ago(order.acknowledged_at, at)}"
    return Awaited(said + _next_look(order, at, "it is asked again") + ".")


def _to_be_cancelled(order: Order, at: datetime) -> Awaited:
    by = f" (asked for by {order.cancel_asked_by})" if order.cancel_asked_by else ""
    return Awaited(
        f"The broker is asked to cancel it{by}{_next_look(order, at, 'again')}.",
        "It may still be executed until the broker says that it is cancelled.",
    )


def _unknown(order: Order, at: datetime) -> Awaited:
    if not _can_be_asked(order.broker):
        return Awaited(
            "The broker didn't answer, and it can't be asked about an order.",
            "Look there yourself: report what was executed, or cancel the order here once it is certain that"
            " nothing was. It is never sent again.",
        )
    sent = f"Sent {ago(order.sent_at, at)}; nobody" if order.sent_at else "Nobody"
    return Awaited(
        f"{sent} knows what became of it{_next_look(order, at, 'the broker is asked')}.",
        "It is never sent again. If this stays, look at the broker's own site and compare.",
    )


_BY_STATUS: Mapping[str, Callable[[Order, datetime], Awaited]] = {
    _S.NEW: _unsent,
    _S.SUBMITTED: _unsent,
    _S.CANCEL_PENDING: _to_be_cancelled,
    _S.UNKNOWN: _unknown,
}


def _next_look(order: Order, at: datetime, what: str) -> str:
    """Say when it is looked at again, as the end of a sentence."""
    if order.ask_at is None or order.ask_at <= at:
        return f"; {what} any moment"
    return f"; {what} in {span_words(order.ask_at - at)}"


def _can_be_asked(broker: str) -> bool:
    try:
        return broker_named(broker).finds_by_client_id
    except OutOfRange:
        return False
