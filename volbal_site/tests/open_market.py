"""`python -m volbal_site.tests.open_market worker|beat ...`: Celery on a day when the market never closes.

The clock is real; the calendar isn't: every day has a session that lasts all day. Prices swing by the clock.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal

from celery.__main__ import main
from django.utils import timezone

from market import calendar
from market.calendar import Session, open_of
from market.providers.static import StaticProvider
from volbal.trading_day import trading_date
from volbal.values import MarketQuote

SWING_S = 6


def _all_day(day: date) -> Session:
    opens_at = open_of(day) - timedelta(hours=9, minutes=30)
    return Session(date=day, opens_at=opens_at, closes_at=opens_at + timedelta(hours=24), half_day=False)


def _price(at: datetime) -> Decimal:
    """Return 97 and 104 in turns."""
    return Decimal(97 if at.timestamp() // SWING_S % 2 else 104)


def _latest_quotes(provider: StaticProvider, tickers: Iterable[str]) -> dict[str, MarketQuote]:
    now = timezone.now()
    quote = MarketQuote(price=_price(now), as_of=now, source="static", is_real=False)
    return dict.fromkeys(tickers, quote)


def open_for_ever() -> None:
    """Let the market be open all day, a month around today, and have prices."""
    today = trading_date(timezone.now())
    days = [today + timedelta(days=away) for away in range(-30, 31)]
    calendar._sessions = lambda: {day: _all_day(day) for day in days}  # type: ignore[assignment]
    calendar._days = lambda: days  # type: ignore[assignment]
    StaticProvider.latest_quotes = _latest_quotes  # type: ignore[method-assign]


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "volbal_site.settings")
    open_for_ever()
    sys.argv = ["celery", "--quiet", "-A", "volbal_site", *sys.argv[1:]]
    main()
