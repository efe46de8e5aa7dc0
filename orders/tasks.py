"""What workers do for orders. A broker that is slow holds up no other: each is a task of its own."""

from __future__ import annotations

from django.utils import timezone

from accounts.background import background_task, is_stopping
from accounts.nudges import NUDGE_EXPIRES_S
from accounts.transactions import Stamp
from orders.claims import ACTOR
from orders.expiry import expire_proposals as expire
from orders.lifecycle import SEND_AND_ASK
from orders.upkeep import compare_books, take_orders_further
from orders.work import brokers_at_work, brokers_in_use


@background_task(SEND_AND_ASK)
def send_and_ask() -> None:
    """Have every broker that an open order is at looked after."""
    for broker in brokers_at_work():
        send_and_ask_at.apply_async((broker,), expires=NUDGE_EXPIRES_S)


@background_task("orders.send_and_ask_at")
def send_and_ask_at(broker: str) -> None:
    """Send a broker's waiting orders, ask about the others, cancel."""
    take_orders_further(broker, is_over=is_stopping)


@background_task("orders.compare_with_brokers")
def compare_with_brokers() -> None:
    """Have the books compared with those of every broker in use."""
    for broker in brokers_in_use():
        compare_with_broker.apply_async((broker,), expires=NUDGE_EXPIRES_S)


@background_task("orders.compare_with_broker")
def compare_with_broker(broker: str) -> None:
    """Compare a broker's books with ours."""
    compare_books(broker)


@background_task("orders.expire_proposals")
def expire_proposals() -> None:
    """Expire the proposals whose session is over."""
    expire(stamp=Stamp(at=timezone.now(), actor=ACTOR))
