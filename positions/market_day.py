"""Which day it is on the market that a tenant's cells follow."""

from __future__ import annotations

from datetime import date, datetime

from django.conf import settings

from accounts.models import Tenant
from positions.models import Event, Position, PositionStatus
from volbal.trading_day import trading_date


def market_day(tenant: Tenant, at: datetime) -> date:
    """Return the New York date of `at`; where every cell replays the past, the day that has come to."""
    cells = Position.objects.of_tenant(tenant).exclude(status=PositionStatus.CLOSED)
    followed = set(cells.values_list("market_provider", flat=True).distinct())
    if not followed or followed - set(settings.REPLAYED_PROVIDERS):
        return trading_date(at)
    newest = Event.objects.filter(tenant=tenant).order_by("-ts").values_list("ts", flat=True).first()
    return trading_date(newest or at)
