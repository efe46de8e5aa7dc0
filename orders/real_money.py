"""Real money trades on real data: cells for which that can't be."""

from __future__ import annotations

from uuid import UUID

from django.core.exceptions import ImproperlyConfigured

from market.providers.registry import provider
from orders.broker_accounts import has_accounts
from orders.brokers import broker_named
from orders.brokers.base import Environment
from orders.connection_models import BrokerConnection
from positions.models import Position, PositionStatus
from volbal.errors import OutOfRange


def unreal_data_faults() -> list[str]:
    """Say which real brokers have open cells without a live feed, and which brokers or feeds are unknown.

    No such cell ever trades: each decision looks again. But it isn't what its owner thinks it is.
    """
    used = Position.objects.exclude(status=PositionStatus.CLOSED).values_list("broker", "market_provider")
    pairs = used.order_by("broker", "market_provider").distinct()
    return [fault for pair in pairs if (fault := _fault(*pair))]


def unreal_data_faults_of(broker: str, tenant_id: UUID) -> str:
    """Say which of a tenant's cells at a broker go by prices that are not a live feed's; "" if none do."""
    cells = Position.objects.filter(broker=broker, tenant=tenant_id).exclude(status=PositionStatus.CLOSED)
    names = sorted(set(cells.values_list("market_provider", flat=True)))
    faults = [fault for name in names if (fault := _fault(broker, name))]
    return "; ".join(faults)


def is_real_money(broker: str, tenant_id: UUID) -> bool:
    """Say whether a tenant's cells at a broker trade real money: at an account on paper they don't.

    Raises OutOfRange for an unknown broker.
    """
    if not broker_named(broker).is_real or not has_accounts(broker):
        return broker_named(broker).is_real
    mine = BrokerConnection.objects.in_force().filter(broker=broker, tenant=tenant_id)
    return not mine.filter(environment=Environment.PAPER).exists()


def _fault(broker: str, market_provider: str) -> str | None:
    try:
        if not broker_named(broker).is_real or provider(market_provider).is_live:
            return None
    except (OutOfRange, ImproperlyConfigured) as error:
        return str(error)
    return f"the broker {broker} is real and the prices of {market_provider} are not"
