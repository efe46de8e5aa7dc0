"""Fill an empty database for `bench/pages.py`: one owner with 1,000 cells and 100,000 events.

Daily values are kept of all that, as the schedule keeps them every five minutes.

Prints JSON: {"cookies": [...], "ids": {"cell": [...], ...}, "events": n}. Needs DATABASE_URL.
"""

from __future__ import annotations

import json
import os
import sys
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import django
from django.core.management import call_command

sys.path.insert(0, str(Path.cwd()))  # the checkout that is measured
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "volbal_site.settings")
CELLS, SESSIONS, TICKS_A_SESSION = 1_000, 40, 2
LOGINS = 8
TICKERS = [f"T{number}" for number in range(50)]
# So many tickers move by four percent at each session's first tick, and back at its second.
MOVED = 5


def main() -> None:
    """Migrate, trade and print what a client needs."""
    django.setup()
    call_command("migrate", verbosity=0)
    print(json.dumps(seeded()))


def seeded() -> dict[str, Any]:
    """Open the cells and evaluate all of them twice a session, every evaluation recorded."""
    from django.contrib.auth import get_user_model

    from accounts.models import Tenant
    from positions.models import Event
    from simulation.value_keeping import keep_values

    owner = get_user_model().objects.create_user("olga")
    tenant = Tenant.objects.get(memberships__user=owner)
    times = _times()
    cells = _open(tenant, times[0] - timedelta(minutes=1))
    for number, at in enumerate(times):
        _tick(number, at)
    keep_values()
    return {
        "cookies": [_cookie(owner) for _ in range(LOGINS)],
        "ids": _ids(cells),
        "events": Event.objects.count(),
    }


def _times() -> list[datetime]:
    """Return two moments of each of the last sessions."""
    from django.utils import timezone

    from market.calendar import session_at

    found: list[datetime] = []
    day = timezone.now()
    while len(found) < SESSIONS * TICKS_A_SESSION:
        day -= timedelta(days=1)
        at = day.replace(hour=16, minute=0, second=0, microsecond=0)
        if session_at(at) is not None:
            found += [at + timedelta(minutes=number) for number in reversed(range(TICKS_A_SESSION))]
    return sorted(found)


def _open(tenant: Any, at: datetime) -> list[Any]:
    from accounts.transactions import Stamp, unit_of_work
    from positions.services import open_position

    with unit_of_work():
        return [
            open_position(
                tenant_id=tenant.pk,
                ticker=TICKERS[number % len(TICKERS)],
                qty=Decimal(100),
                cash=Decimal(10_000),
                anchor_price=Decimal(100),
                stamp=Stamp(at=at, actor="bench"),
                market_provider="static",
            )
            for number in range(CELLS)
        ]


def _tick(number: int, at: datetime) -> None:
    from django.conf import settings

    from market.providers.registry import provider
    from orders.tick import work_off_ticks

    settings.RECORD_EVALUATIONS = "all"
    up = {(number // 2 * MOVED + place) % len(TICKERS) for place in range(MOVED)} if number % 2 == 0 else ()
    for place, ticker in enumerate(TICKERS):
        provider("static").set_price(ticker, Decimal("104.04") if place in up else Decimal(100), at)
    work_off_ticks(clock=lambda: at)


def _cookie(owner: Any) -> str:
    from django.conf import settings
    from django.test import Client

    client = Client()
    client.force_login(owner)
    return f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"


def _ids(cells: list[Any]) -> dict[str, list[str]]:
    """Return ids of what pages are about, by the names that `bench/pages.py` has for them."""
    from orders.models import Order
    from positions.models import Event

    decided = Event.objects.filter(type="position_evaluated", outputs__decision__action="SELL")
    return {
        "cell": [str(cell.pk) for cell in cells],
        "decision": [str(pk) for pk in decided.values_list("pk", flat=True)[:100]],
        "event": [str(pk) for pk in Event.objects.values_list("pk", flat=True)[:100]],
        "order": [str(pk) for pk in Order.objects.values_list("pk", flat=True)[:100]],
    }


if __name__ == "__main__":
    main()
