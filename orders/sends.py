"""Waiting for what is on its way to a broker, so that stop means stop."""

from __future__ import annotations

import time
from uuid import UUID

from django.utils import timezone

from orders.claims import Clock, lease
from orders.models import Order, TradingState

_LOOK_S = 0.05


def wait_after_turn(
    state: TradingState, *, tenant_id: UUID | None = None, position_id: UUID | None = None
) -> None:
    """Wait as `wait_for_sends` does, when a switch was turned to something stricter than ACTIVE."""
    if state != TradingState.ACTIVE:
        wait_for_sends(tenant_id=tenant_id, position_id=position_id)


def wait_for_sends(
    *, tenant_id: UUID | None = None, position_id: UUID | None = None, clock: Clock = timezone.now
) -> bool:
    """Wait until no order that was taken on before now is still being sent; return whether that was seen.

    Called after the unit of work that turned a switch, never inside: what is taken on later has seen the
    switch. Lasts no longer than a lease, after which nobody sends on it any more.
    """
    owner = {"tenant_id": tenant_id, "position_id": position_id}
    rows = Order.objects.open().filter(**{name: value for name, value in owner.items() if value is not None})
    under_way = set(rows.filter(leased_until__gt=clock()).values_list("pk", "send_token"))
    ends = time.monotonic() + lease().total_seconds()
    while under_way and time.monotonic() < ends:
        time.sleep(_LOOK_S)
        still = rows.filter(pk__in=[pk for pk, _ in under_way], leased_until__gt=clock())
        under_way &= set(still.values_list("pk", "send_token"))
    return not under_way
