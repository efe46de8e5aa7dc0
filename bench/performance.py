"""`make bench`, performance: how 1,000 cells of one tenant did, told plainly and from what is kept.

Each cell has an evaluation on each of 100 days and some trades. Medians of `ROUNDS` on SQLite and PostgreSQL;
CPU is this process's. "Of today" is with everything kept but the last tick, which moved every cell. Nothing
here asserts anything. `--cells N`, `--days N` and `--engine NAME` make it smaller.
"""

from __future__ import annotations

import argparse
import logging
import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from figures import database, line  # noqa: E402

ENGINES = ("sqlite", "postgresql")
ROUNDS = 7
TICKERS = [f"T{number}" for number in range(20)]
BEGIN = datetime(2023, 1, 9, 15, 0, tzinfo=UTC)  # a Monday, 10:00 in New York
PRICES = ("100", "101", "103.5", "99", "96.5", "102", "98")


def main() -> None:
    """Run each engine in a process of its own, which prints its lines."""
    options = _options()
    if options.here:
        measure(options.cells, options.days)
        return
    for engine in [options.engine] if options.engine else ENGINES:
        print(f"\n{engine}, {options.cells:,} cells, {options.days} days")
        with ExitStack() as stack:
            script = [
                sys.executable,
                __file__,
                "--here",
                f"--cells={options.cells}",
                f"--days={options.days}",
            ]
            subprocess.run(
                script,
                env={**os.environ, "DATABASE_URL": database(engine, "bench_performance", stack)},
                check=True,
            )


def measure(cells: int, days: int) -> None:
    """Make the histories and measure on this process's database."""
    import django

    os.environ["DJANGO_SETTINGS_MODULE"] = "volbal_site.settings"
    django.setup()
    from django.conf import settings
    from django.core.cache import cache
    from django.core.management import call_command

    logging.disable()
    call_command("migrate", verbosity=0)
    settings.RECORD_EVALUATIONS, settings.ALLOWED_HOSTS = "all", ["testserver"]
    get, position_id = _site(cells)
    for number in range(days - 1):
        _tick(number)

    from positions.models import Position
    from simulation.performance_plain import plain_performance_of
    from simulation.value_keeping import keep_values

    paths = ("/v1/performance", f"/v1/positions/{position_id}/performance", "/analytics?whole=1")
    _line("plainly, all cells", lambda: plain_performance_of(Position.objects.all()), rounds=1)
    _line("keeping it all, from nothing", keep_values, rounds=1)
    _tick(days - 1)
    for when in ("of today", "all kept"):
        for path in paths:
            _line(f"{path.split(str(position_id))[-1]} {when}", lambda path=path: (cache.clear(), get(path)))
        _line("keeping what is new", keep_values, rounds=1)


def _site(cells: int) -> tuple[Callable[[str], Any], Any]:
    """Open the cells; return what fetches a path as their owner, and the id of one of them."""
    from django.contrib.auth import get_user_model
    from django.test import Client

    from accounts.api_keys import create_api_key
    from accounts.models import Membership, Role, Tenant
    from accounts.transactions import Stamp, unit_of_work
    from positions.services import open_position

    stamp = Stamp(at=BEGIN, actor="bench")
    user = get_user_model().objects.create_user("bench")
    tenant = Tenant.objects.get_or_create(name="bench")[0]
    Membership.objects.get_or_create(user=user, tenant=tenant, defaults={"role": Role.OWNER})
    with unit_of_work():
        key = create_api_key(tenant_id=tenant.pk, scopes=["read"], name="", stamp=stamp)[1]
        opened = [
            open_position(
                tenant_id=tenant.pk,
                ticker=TICKERS[number % len(TICKERS)],
                qty=Decimal(100),
                cash=Decimal(10_000),
                anchor_price=Decimal(100),
                stamp=stamp,
                market_provider="static",
            )
            for number in range(cells)
        ]
    browser, program = Client(), Client(headers={"Authorization": f"Bearer {key}"})
    browser.force_login(user)

    def get(path: str) -> Any:
        answer = (program if path.startswith("/v1") else browser).get(path)
        if answer.status_code != 200:
            raise SystemExit(f"{path} answers {answer.status_code}")
        return answer

    return get, opened[0].pk


def _tick(number: int) -> None:
    """Evaluate all cells once, on the next day with a session."""
    from market.calendar import is_open
    from market.providers.registry import provider
    from orders.tick import work_off_ticks

    at = BEGIN
    for _ in range(number + 1):
        at += timedelta(days=1)
        while not is_open(at):
            at += timedelta(days=1)
    for shift, ticker in enumerate(TICKERS):
        provider("static").set_price(ticker, Decimal(PRICES[(number + shift) % len(PRICES)]), at)
    work_off_ticks(clock=lambda: at)


def _line(name: str, work: Callable[[], object], rounds: int = ROUNDS) -> None:
    taken = []
    for _ in range(rounds):
        began, cpu = time.perf_counter(), time.process_time()
        work()
        taken.append((time.perf_counter() - began, time.process_time() - cpu))
    line(name, taken)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cells", type=int, default=1_000)
    parser.add_argument("--days", type=int, default=100)
    parser.add_argument("--engine", choices=ENGINES)
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
