"""Plain builders for the market's tests."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from market.values import DayBar

NEW_YORK = ZoneInfo("America/New_York")


def make_bar(day: str = "2012-11-23", close: str = "100.5", **other: str | int) -> DayBar:
    """Return a bar around 100 dollars."""
    prices = {"open": "100", "high": "102", "low": "99", "close": close}
    prices.update({name: str(value) for name, value in other.items() if name != "volume"})
    return DayBar(
        date=date.fromisoformat(day),
        volume=int(other.get("volume", 1000)),
        **{name: Decimal(text) for name, text in prices.items()},
    )


def new_york(text: str) -> datetime:
    """Return the aware UTC moment that a clock in New York shows as `text`."""
    return datetime.fromisoformat(text).replace(tzinfo=NEW_YORK).astimezone(UTC)
