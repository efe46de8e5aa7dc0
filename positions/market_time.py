"""What time it is for a cell: on stored history its market's, which a replay keeps in the past."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from django.conf import settings
from django.utils.module_loading import import_string

from accounts.transactions import Stamp


def on_market(stamp: Stamp, market_provider: str) -> Stamp:
    """Return the stamp of what is done to a cell of that provider: on stored history at its time.

    Without this an order by hand would be of today, and the cell's history would jump decades ahead.
    """
    if market_provider not in settings.REPLAYED_PROVIDERS:
        return stamp
    now: datetime | None = import_string(settings.MARKET_NOW)(market_provider)
    return stamp if now is None else replace(stamp, at=now)
