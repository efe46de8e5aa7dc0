"""Which day it is on the market that a tenant's cells follow."""

from __future__ import annotations

from datetime import date, datetime

from django.conf import settings
from django.db import models

from accounts.models import Tenant
from accounts.prepared import Prepared, Slot
from positions.models import Event, Position, PositionStatus
from volbal.trading_day import trading_date


def market_day(tenant: Tenant, at: datetime) -> date:
    """Return the New York date of `at`; where every cell replays the past, the day that has come to."""
    followed = {provider for (provider,) in _FOLLOWED.rows(tenant=tenant.pk)}
    if not followed or followed - set(settings.REPLAYED_PROVIDERS):
        return trading_date(at)
    newest = Event.objects.filter(tenant=tenant).order_by("-ts").values_list("ts", flat=True).first()
    return trading_date(newest or at)


_FOLLOWED = Prepared(
    lambda: (
        Position.objects.filter(tenant=Slot("tenant", models.UUIDField()))
        .exclude(status=PositionStatus.CLOSED)
        .values_list("market_provider")
        .distinct()
    )
)
