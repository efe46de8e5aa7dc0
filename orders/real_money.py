"""Real money trades on real data: cells for which that can't be."""

from __future__ import annotations

from django.core.exceptions import ImproperlyConfigured

from market.providers.registry import provider
from orders.brokers import broker_named
from positions.models import Position, PositionStatus
from volbal.errors import OutOfRange


def unreal_data_faults() -> list[str]:
    """Say which real brokers have open cells without a live feed, and which brokers or feeds are unknown.

    No such cell ever trades: each decision looks again. But it isn't what its owner thinks it is.
    """
    used = Position.objects.exclude(status=PositionStatus.CLOSED).values_list("broker", "market_provider")
    pairs = used.order_by("broker", "market_provider").distinct()
    return [fault for pair in pairs if (fault := _fault(*pair))]


def _fault(broker: str, market_provider: str) -> str | None:
    try:
        if not broker_named(broker).is_real or provider(market_provider).is_live:
            return None
    except (OutOfRange, ImproperlyConfigured) as error:
        return str(error)
    return f"the broker {broker} is real and the prices of {market_provider} are not"
