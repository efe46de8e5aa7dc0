"""Orders at Alpaca over a bad line, the worker killed again and again: none lost, none doubled."""

from __future__ import annotations

import random
import signal
import subprocess
import time
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.utils import timezone

from dividends.tests.scratch import PATIENCE, Scratch
from orders.models import BrokerDifference, Order, Trade
from orders.reconcile import reconcile
from orders.tests.alpaca_process import AlpacaProcess, alpaca_process, point_at
from orders.tests.builders import all_faults, make_order
from orders.tests.connection_builders import make_connection
from positions.models import Position
from positions.tests.builders import make_position, make_tenant
from volbal_site.tests.paper_processes import database_under_test
from volbal_site.tests.redis_server import redis_url

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.faults]

TIMING = {"BROKER_TIMEOUT_S": 0.25, "BROKER_ASK_S": 0.01, "BROKER_PAUSE_S": 0.1}
# So many errors would stop all trading, as they should: here they are the point.
CALM = {"BREAKER_BROKER_ERRORS": 1_000_000}
HANG_S = "0.3"  # longer than the caller's patience, shorter than what it takes to believe in an absence
TICKERS = ("IBM", "MSFT", "KO", "PEP", "GE", "F", "T", "WMT", "MCD", "CAT")
CASH, SHARES, PRICE = 50_000, 500, 100
STANDSTILL_S = 60


@dataclass
class Worker:
    """`manage.py work_orders` as a process, to be killed in the middle of its work."""

    scratch: Scratch
    said: Any
    landed: int = 0
    process: subprocess.Popen[str] | None = None
    random: random.Random = field(default_factory=lambda: random.Random(7))

    def start(self) -> None:
        with self.said.open("a") as file:
            streams = {"stdout": file, "stderr": file}
            arguments = ("manage.py", "work_orders", "--forever", "--every", "0.02")
            self.process = self.scratch.python(*arguments, **streams)

    def strike(self) -> None:
        """Kill if it has an order in hand; count it if it still had when it died."""
        if not _in_hand():
            return
        time.sleep(self.random.random() * 0.05)
        self.process.kill()
        assert self.process.wait(PATIENCE) == -signal.SIGKILL
        self.landed += _in_hand()
        self.start()

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(PATIENCE)


def _in_hand() -> bool:
    return Order.objects.open().filter(leased_until__isnull=False).exists()


def run(server: AlpacaProcess, worker: Worker, orders: int, kills: int) -> None:
    """Give every cell orders, one after the other, until there are so many, and kill as often."""
    cells = list(Position.objects.order_by("number"))
    chance, seen, since = random.Random(3), -1, time.monotonic()
    while True:
        made = Order.objects.count()
        done = made - Order.objects.open().count()
        if made == done >= orders and worker.landed >= kills:
            return
        if done != seen:
            seen, since = done, time.monotonic()
        assert time.monotonic() - since < STANDSTILL_S, worker.said.read_text()[-3000:]
        busy = set(Order.objects.open().values_list("position_id", flat=True))
        free = [cell for cell in cells if cell.pk not in busy]
        # As long as kills are still to come there is something to have in hand.
        if free and (made < orders or (worker.landed < kills and made - done < 5)):
            give_order(chance.choice(free), chance)
        if worker.landed < kills and done * kills >= worker.landed * orders:
            worker.strike()
        time.sleep(0.01)


def give_order(cell: Position, chance: random.Random) -> None:
    """Let a cell buy or sell a few shares, or fractions of one."""
    qty = Decimal(chance.randint(1, 400_000_000)).scaleb(-8) + (chance.random() < 0.5)
    make_order(cell, chance.choice(("BUY", "SELL")), str(qty), PRICE, status="new", at=timezone.now())


@pytest.fixture
def redis(monkeypatch):
    """On PostgreSQL with Redis, as in production; on SQLite without."""
    if django_settings.IS_SQLITE:
        yield
        return
    with redis_url() as url:
        monkeypatch.setenv("REDIS_URL", url)
        yield


@pytest.fixture
def server(settings, monkeypatch, redis):
    options = ("--mode", "hostile", "--seed", "7", "--hang", HANG_S, "--repeat-ids", "--calm-lists")
    with alpaca_process(*options) as process:
        point_at(settings, process, timeout_s=TIMING["BROKER_TIMEOUT_S"])
        for name in ("ALPACA_PAPER_URL", "ALPACA_DATA_URL"):
            monkeypatch.setenv(name, process.url)
        for name, number in {**TIMING, **CALM}.items():
            monkeypatch.setenv(name, str(number))
        yield process


def compare(server: AlpacaProcess, folder: Any, orders: int, kills: int) -> Counter[str]:
    """Trade, then hold both sides' books beside each other. Returns which faults there were."""
    tenant = make_tenant()
    for number in range(3 * len(TICKERS)):
        ticker = TICKERS[number % len(TICKERS)]
        make_position(tenant, ticker=ticker, broker="alpaca", cash=CASH, qty=SHARES)
    server.ask("/account", {"cash": str(30 * CASH), "shares": dict.fromkeys(TICKERS, str(3 * SHARES))})
    connection = make_connection(tenant, confirmed=True)
    worker = Worker(database_under_test(), folder / "worker.log")
    worker.start()
    try:
        run(server, worker, orders, kills)
    finally:
        worker.stop()

    told = server.ask("/_counts")
    assert worker.landed == kills
    assert Order.objects.count() >= orders
    assert {order.client_order_id for order in Order.objects.all()} == set(told["orders"])
    assert {count["registered"] for count in told["orders"].values()} == {1}
    assert set(Order.objects.values_list("status", flat=True)) == {"filled"}
    _is_equal(server.ask("/_holdings"))
    assert all_faults() == []
    assert BrokerDifference.objects.count() == 0
    assert reconcile(f"alpaca/{connection.pk}").open_differences == 0
    return Counter(told["faults"])


def _is_equal(held: Any) -> None:
    """Demand that cash and shares are the server's, but for what the books set aside for fees."""
    cash = sum(Position.objects.values_list("cash", flat=True))
    fees = sum(Trade.objects.values_list("commission", flat=True))
    assert cash + fees == Decimal(held["cash"])
    shares: Counter[str] = Counter()
    for ticker, qty in Position.objects.values_list("ticker", "qty"):
        shares[ticker] += qty
    assert shares == {ticker: Decimal(qty) for ticker, qty in held["shares"].items()}


@pytest.mark.quick
def test_forty_orders_and_three_kills_end_in_the_books_of_the_broker(tmp_path, server):
    assert compare(server, tmp_path, orders=40, kills=3).total() > 10


def test_three_hundred_orders_and_twenty_kills_end_in_the_books_of_the_broker(tmp_path, server):
    faults = compare(server, tmp_path, orders=300, kills=20)

    assert faults.total() > 150
    assert len(faults) > 8
