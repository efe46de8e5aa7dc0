"""Ten requests a second for a while, with everything running: no error, and memory stays what it was."""

from __future__ import annotations

import http.client
import json
import os
import statistics
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import count, cycle
from pathlib import Path

import pytest
from django.conf import settings

from dividends.tests.scratch import PATIENCE, scratch_database
from volbal_site.tests.running_site import running_site, wait_until
from volbal_site.tests.web_processes import BOOK_CHECKS

pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif(sys.platform != "linux", reason="it looks into /proc"),
]

A_SECOND = 10
CLIENTS = 4
CELLS = 5
# Ten minutes where it matters; SOAK_S says otherwise.
LONG_S = float(os.environ.get("SOAK_S", "120" if settings.IS_SQLITE else "600"))
MOST_GROWTH = 1.10
LITTLE = {"rebalance_ratio": "0.01", "min_notional": "0"}
PAGE = os.sysconf("SC_PAGE_SIZE")
READS = (
    "/positions?limit=100",
    "/positions/{cell}",
    "/positions/{cell}/events?limit=20",
    "/positions/{cell}/config",
    "/positions/{cell}/orders",
    "/orders?limit=20",
    "/market/status",
    "/trading",
    "/healthz",
    "/readyz",
)


@dataclass
class Soak:
    """Calls on a schedule, what they were answered, and what the processes hold meanwhile."""

    port: int
    key: str
    cells: list[str] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=count)

    def call(self, method, path, body=None, key=None):
        began = time.monotonic()
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        try:
            link.request(
                method,
                f"/v1{path}",
                None if body is None else json.dumps(body),
                headers if key is None else {**headers, "Idempotency-Key": key},
            )
            answer = link.getresponse()
            told = json.loads(answer.read())
        finally:
            link.close()
        self.statuses.append(answer.status)
        self.seconds.append(time.monotonic() - began)
        return told

    def is_ready(self):
        self.call("GET", "/readyz")
        return self.statuses[-1] == 200

    def open_cells(self):
        for _ in range(CELLS):
            body = {"ticker": "IBM", "qty": "1000", "cash": "100000", "anchor_price": "100"}
            cell = self.call("POST", "/positions", body)["id"]
            limits = {
                "guardrail": {"max_orders_per_day": "none"},
                "order_policy": LITTLE,
            }
            self.call("PUT", f"/positions/{cell}/config", limits)
            self.cells.append(cell)

    def ask(self, number):
        """Make the call of that number: half are reads, and the rest moves money."""
        cell = self.cells[number % CELLS]
        if number % 2:
            self.call("GET", READS[number // 2 % len(READS)].format(cell=cell))
        elif number % 6 == 0:
            self.call("POST", f"/positions/{cell}/cash", {"amount": "1"}, f"cash-{number}")
        elif number % 6 == 2:
            price = next(PRICES)
            self.call("POST", f"/positions/{cell}/evaluate?price={price}", None, f"evaluation-{number}")
        else:
            order = {"side": "BUY", "qty": "0.1", "price": "100"}
            self.call("POST", f"/positions/{cell}/orders", order, f"order-{number}")

    def run(self, seconds, site):
        """Ask so long; return what the processes held, in bytes, once a second."""
        held, began = [], time.monotonic()
        with ThreadPoolExecutor(CLIENTS) as pool:
            asked = []
            while (now := time.monotonic()) < began + seconds:
                while len(asked) < (now - began) * A_SECOND:
                    asked.append(pool.submit(self.ask, next(self.numbers)))
                if len(held) < now - began:
                    held.append(memory_of(site))
                time.sleep(0.5 / A_SECOND)
            for each in asked:
                each.exception()
            assert site.up.poll() is None, site.said.read_text()[-5000:]
            for each in asked:
                each.result()
        return held


PRICES = cycle(["100", "103.5", "100", "96.5"])


def memory_of(site):
    """Return what all processes of the site hold in memory."""
    total = 0
    for pid in site.processes():
        try:
            total += int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE
        except OSError:  # it has ended since
            continue
    return total


def complaints(site, since):
    """Return the lines of the log that tell of an error, since it was that long."""
    lines = site.said.read_text()[since:].splitlines()
    return [line for line in lines if '"level": "error"' in line or '"level": "critical"' in line]


@pytest.mark.parametrize(
    "seconds", [pytest.param(12, marks=pytest.mark.quick, id="quick"), pytest.param(LONG_S, id="long")]
)
def test_it_runs_and_runs(migrated, tmp_path, seconds):
    with scratch_database(tmp_path, migrated) as scratch:
        key = scratch.told("create_api_key", "--tenant", "t", "--scopes", "read,trade")
        with running_site(scratch, tmp_path, LOG_FORMAT="json") as site:
            soak = Soak(site.port, key)
            soak.open_cells()
            wait_until(soak.is_ready)
            soak.statuses.clear()
            started = len(site.said.read_text())
            soak.run(max(5, seconds / 5), site)  # warm-up: calendars, connections, caches
            held = soak.run(seconds, site)

            assert set(soak.statuses) <= {200, 201}, Counter(soak.statuses)
            assert complaints(site, started) == []
        for check in BOOK_CHECKS:
            scratch.told(check)
    fifth = max(3, len(held) // 5)
    before, after = statistics.median(held[:fifth]), statistics.median(held[-fifth:])
    p99 = statistics.quantiles(soak.seconds, n=100)[98]
    print(
        f"{len(soak.statuses)} requests, p99 {p99 * 1000:.0f} ms, {before / 1e6:.0f} -> {after / 1e6:.0f} MB"
    )
    assert after < before * MOST_GROWTH
