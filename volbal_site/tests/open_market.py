"""`python -m volbal_site.tests.open_market worker|beat ...`: Celery on a day when the market never closes.

The clock is real; only the calendar isn't: today's session lasts all day, and so do yesterday's and tomorrow's.
"""

from __future__ import annotations

import os
import sys
from datetime import date, timedelta

from celery.__main__ import main

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "volbal_site.settings")

from market import calendar
from market.calendar import Session, open_of
from volbal.trading_day import trading_date


def _all_day(day: date) -> Session:
    opens_at = open_of(day) - timedelta(hours=9, minutes=30)
    return Session(date=day, opens_at=opens_at, closes_at=opens_at + timedelta(hours=24), half_day=False)


def _always_open() -> None:
    from django.utils import timezone

    today = trading_date(timezone.now())
    days = [today + timedelta(days=away) for away in range(-30, 31)]
    calendar._sessions = lambda: {day: _all_day(day) for day in days}  # type: ignore[assignment]
    calendar._days = lambda: days  # type: ignore[assignment]


if __name__ == "__main__":
    _always_open()
    sys.argv = ["celery", "--quiet", "-A", "volbal_site", *sys.argv[1:]]
    main()
