"""`make bench`, the schedule: one tick over 10,000 positions, beside evaluating them one at a time.

Medians of `ROUNDS` ticks, on SQLite and PostgreSQL. "One at a time" is measured on `ONE_BY_ONE` positions and
given for all. CPU is this process's; PostgreSQL's comes on top. Nothing here asserts anything.
`--positions N` and `--engine NAME` make it smaller.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from figures import Taken, database, line  # noqa: E402

ENGINES = ("sqlite", "postgresql")
ROUNDS = 7
ONE_BY_ONE = 300
TICKERS = [f"T{number}" for number in range(100)]
BEGIN = datetime(2024, 1, 8, 15, 0, tzinfo=UTC)  # a Monday, 10:00 in New York
FIRING = 100


def main() -> None:
    """Run each engine in a process of its own, which prints its lines."""
    options = _options()
    if options.here:
        measure(options.positions)
        return
    for engine in [options.engine] if options.engine else ENGINES:
        print(f"\n{engine}, {options.positions:,} positions of {len(TICKERS)} tickers")
        with ExitStack() as stack:
            url = database(engine, "bench_tick", stack)
            script = [sys.executable, __file__, "--here", "--positions", str(options.positions)]
            subprocess.run(script, env={**os.environ, "DATABASE_URL": url}, check=True)


def measure(count: int) -> None:
    """Open the positions and measure on this process's database."""
    import django

    os.environ["DJANGO_SETTINGS_MODULE"] = "volbal_site.settings"
    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    positions = _open(count)
    schedule = _Schedule()
    schedule.run(Decimal(100), "changes")  # everything is new once
    rows = {
        "changes, nothing happens": lambda: schedule.run(schedule.inside(), "changes"),
        f"changes, {FIRING} trade": lambda: schedule.run_firing("changes"),
        "all, nothing happens": lambda: schedule.run(schedule.inside(), "all"),
    }
    for name, tick in rows.items():
        line(name, [tick() for _ in range(ROUNDS)])
    line("one at a time", [_one_at_a_time(positions, schedule)])


class _Schedule:
    """Ticks a minute after the other, with prices that are set."""

    def __init__(self) -> None:
        self._ticks = 0
        self._price = 100

    def inside(self) -> Decimal:
        self._price = 201 - self._price
        return Decimal(self._price)

    def run(self, price: Decimal, record: str, moved: Decimal | None = None) -> Taken:
        from django.conf import settings

        from market.providers.registry import provider
        from orders.tick import work_off_ticks

        settings.RECORD_EVALUATIONS = record
        at = self.next_time()
        for number, ticker in enumerate(TICKERS):
            provider("static").set_price(ticker, moved if moved and number == 0 else price, at)
        began, cpu = time.perf_counter(), time.process_time()
        work_off_ticks(clock=lambda: at)
        return time.perf_counter() - began, time.process_time() - cpu

    def run_firing(self, record: str) -> Taken:
        """One ticker in a hundred moves by 4 % and back, tick by tick."""
        self._up = not getattr(self, "_up", False)
        return self.run(Decimal(100), record, Decimal("104.04") if self._up else Decimal(100))

    def next_time(self) -> datetime:
        self._ticks += 1
        return BEGIN + timedelta(minutes=self._ticks)


def _open(count: int) -> list[Any]:
    from accounts.models import Tenant
    from accounts.transactions import Stamp, unit_of_work
    from positions.services import open_position

    stamp = Stamp(at=BEGIN, actor="bench")
    tenants = [Tenant.objects.create(name=f"t{number}") for number in range(20)]
    opened = []
    for first in range(0, count, 500):
        with unit_of_work():
            opened += [
                open_position(
                    tenant_id=tenants[number % 20].pk,
                    ticker=TICKERS[number % len(TICKERS)],
                    qty=Decimal(100),
                    cash=Decimal(10_000),
                    anchor_price=Decimal(100),
                    stamp=stamp,
                    market_provider="static",
                )
                for number in range(first, min(first + 500, count))
            ]
    return opened


def _one_at_a_time(positions: list[Any], schedule: _Schedule) -> Taken:
    from accounts.transactions import Stamp
    from orders.cycle import run_cycle

    stamp = Stamp(at=schedule.next_time(), actor="bench")
    some = positions[:ONE_BY_ONE]
    began, cpu = time.perf_counter(), time.process_time()
    for position in some:
        run_cycle(position_id=position.pk, stamp=stamp)
    taken = time.perf_counter() - began, time.process_time() - cpu
    return taken[0] * len(positions) / len(some), taken[1] * len(positions) / len(some)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--positions", type=int, default=10_000)
    parser.add_argument("--engine", choices=ENGINES)
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
