"""A run over a bad line, workers and broker killed again and again, ends in the books of a quiet one."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass, field

import pytest
from django.core.management import call_command

from orders.brokers.paper_plan import Fault
from orders.models import BrokerDifference, Order
from orders.replay_decisions import replayed_decisions
from orders.tests.builders import all_faults
from orders.work import work_off
from positions.guards import install_guards, remove_guards
from positions.ledger import ledger_digest
from volbal_site.tests.drive_history import drive
from volbal_site.tests.paper_processes import PaperServer, Workers, use_broker

pytestmark = pytest.mark.django_db(transaction=True)

SEED = "7"
TIMING = {"BROKER_TIMEOUT_S": 0.6, "BROKER_ASK_S": 0.02, "BROKER_PAUSE_S": 0.2}
HANG_S = "0.8"  # longer than the caller's patience, shorter than what it takes to believe in an absence
EVERY_SO_MANY_KILLS_THE_BROKER_DIES_TOO = 5


@dataclass
class Disturber:
    """Kills the workers on chosen days, while an order is taken on, and starts others."""

    workers: Workers
    server: PaperServer
    days: list[int]
    landed: int = 0
    random: random.Random = field(default_factory=lambda: random.Random(11))

    def __call__(self, tick: int) -> None:
        if self.landed == len(self.days) or tick < self.days[self.landed] or not taken_on():
            return
        time.sleep(self.random.random() * 0.02)
        self.workers.kill()
        self.landed += taken_on()
        if self.landed % EVERY_SO_MANY_KILLS_THE_BROKER_DIES_TOO == 1:
            self.server.kill()
            self.server.start()
        self.workers.start()


def taken_on() -> bool:
    return Order.objects.open().filter(leased_until__isnull=False).exists()


def forget_everything() -> None:
    remove_guards()
    call_command("flush", verbosity=0, interactive=False)
    install_guards()


def serve(mode: str, folder, settings, monkeypatch) -> PaperServer:
    options = ("--mode", mode, "--seed", SEED, "--hang", HANG_S, "--repeat-ids")
    server = PaperServer(options, folder / f"{mode}.sqlite3").start()
    use_broker(server, settings, **TIMING)
    for name, value in {"PAPER_HTTP_URL": server.url, **TIMING}.items():
        monkeypatch.setenv(name, str(value))  # for the workers
    return server


def quiet_run(ticks: int, *surroundings) -> tuple[str, int]:
    """Return the digest of a run on a perfect line, and the number of its orders."""
    server = serve("perfect", *surroundings)
    try:
        drive(ticks, lambda tick: work_off() and None)
    finally:
        server.kill()
    return ledger_digest(), Order.objects.count()


def disturbed_run(ticks: int, kills: int, *surroundings) -> tuple[PaperServer, int]:
    """Return what the broker counted, and how often workers died at work."""
    server = serve("hostile", *surroundings)
    workers = Workers(2)
    days = sorted(random.Random(5).choices(range(ticks * 3 // 4), k=kills))
    disturber = Disturber(workers, server, days)
    workers.start()
    try:
        drive(ticks, disturber)
        assert workers.stop() == ["", ""]
        return server.counts(), disturber.landed
    finally:
        workers.stop()
        server.kill()


def compare(ticks: int, kills: int, *surroundings) -> dict[str, int]:
    """Run it twice; the books must be the same. Returns which faults there were."""
    digest, orders = quiet_run(ticks, *surroundings)
    forget_everything()

    counts, landed = disturbed_run(ticks, kills, *surroundings)

    assert ledger_digest() == digest
    assert landed == kills
    assert [count["registered"] for count in counts["orders"].values()] == [1] * orders
    assert Order.objects.count() == orders
    assert BrokerDifference.objects.count() == 0
    assert all_faults() == []
    assert all(replayed is not None and replayed.identical for _, replayed in replayed_decisions())
    return counts["faults"]


def test_a_bad_line_and_killed_workers_end_in_the_books_of_a_quiet_run(tmp_path, settings, monkeypatch):
    faults = compare(8, 1, tmp_path, settings, monkeypatch)

    assert sum(faults.values()) > 10


@pytest.mark.faults
def test_a_thousand_days_and_fifty_kills_end_in_the_books_of_a_quiet_run(tmp_path, settings, monkeypatch):
    faults = compare(1000, 50, tmp_path, settings, monkeypatch)

    assert set(faults) == set(Fault) - {Fault.NONE}
