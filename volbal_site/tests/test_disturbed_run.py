"""A run over bad lines, processes killed again and again, ends in the books of a quiet one."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.management import call_command

from dividends.models import Dividend
from orders.brokers.paper_plan import Fault
from orders.models import BrokerDifference, Order
from orders.replay_decisions import replayed_decisions
from orders.tests.builders import all_faults
from positions.guards import install_guards, remove_guards
from positions.ledger import ledger_digest
from positions.tests.builders import make_tenant
from simulation.live_replay import advance
from volbal_site.tests.announcer import TICKER, Announcer
from volbal_site.tests.api_client import make_key
from volbal_site.tests.drive_history import day_number, is_at_work, set_up
from volbal_site.tests.paper_processes import (
    PaperProcess,
    Surroundings,
    database_under_test,
    hostile_brokers,
    perfect_brokers,
)
from volbal_site.tests.redis_server import redis_url
from volbal_site.tests.running_site import wait_until
from volbal_site.tests.site_parts import PARTS, BareWorker, SiteParts, WholeSite

pytestmark = pytest.mark.django_db(transaction=True)

TIMING = {"BROKER_TIMEOUT_S": 0.25, "BROKER_ASK_S": 0.01, "BROKER_PAUSE_S": 0.1}
HANG_S = 0.3  # longer than the caller's patience, shorter than what it takes to believe in an absence
EVERY_SO_MANY_KILLS_A_BROKER_DIES_TOO = 5
PATIENCE_S = 120


@dataclass(frozen=True)
class Run:
    """How long, with which processes, and how many of whose kills; `calm` as `set_up` takes it."""

    surroundings: Surroundings
    parts: type
    victims: tuple[str, ...]
    ticks: int
    kills: int
    calm: int = 1


class Plan:
    """On which days, counted from the first, which part dies; all parts' turns come equally often."""

    def __init__(self, run: Run) -> None:
        chance = random.Random(5)
        days = sorted(chance.choices(range(run.ticks), k=run.kills))
        victims = chance.sample((run.victims * run.kills)[: run.kills], run.kills)
        self._to_come = list(zip(days, victims, strict=True))
        self.landed: Counter[str] = Counter()

    def victim(self) -> str | None:
        """Return whose turn it is today, if anybody's; a kill that missed is tried again."""
        is_due = self._to_come and 0 <= self._to_come[0][0] <= day_number()
        return self._to_come[0][1] if is_due else None

    def strike(self) -> int:
        """Count a kill that landed; return how many have."""
        self.landed[self._to_come.pop(0)[1]] += 1
        return self.landed.total()


@dataclass
class Disturber:
    """Kills parts as planned, in the middle of their work, and starts them again."""

    parts: Any
    servers: list[PaperProcess]
    announcer: Announcer | None
    plan: Plan
    random: random.Random = field(default_factory=lambda: random.Random(11))

    def look(self) -> bool:
        """Kill if it is somebody's turn and they are busy; return whether it is somebody's turn."""
        part = self.plan.victim()
        if part is None or not self._is_busy(part):
            return part is not None
        time.sleep(self.random.random() * 0.02)
        failed = self.announcer.failed if self.announcer else 0
        self.parts.kill(part)
        if self._has_landed(part, failed) and self.plan.strike() % EVERY_SO_MANY_KILLS_A_BROKER_DIES_TOO == 1:
            self.random.choice(self.servers).kill_and_start()
        self.parts.start_again(part)
        return True

    def _is_busy(self, part: str) -> bool:
        if part == "web":
            return self.announcer.is_asking
        return is_at_work() if part == "beat" else is_taken_on()

    def _has_landed(self, part: str, failed: int) -> bool:
        if part == "web":
            wait_until(lambda: not self.announcer.is_asking)
            return self.announcer.failed > failed
        return self._is_busy(part)


def is_taken_on() -> bool:
    return Order.objects.open().filter(leased_until__isnull=False).exists()


def forget_everything() -> None:
    remove_guards()
    call_command("flush", verbosity=0, interactive=False)
    install_guards()


def quiet_run(run: Run) -> tuple[str, int]:
    """Return the digest of a run on perfect lines in this process, and the number of its orders."""
    set_up(run.ticks, run.calm)
    with perfect_brokers(run.surroundings):
        while day_number() >= 0:
            assert advance(for_s=1)
    return ledger_digest(), Order.objects.count()


def disturbed_run(run: Run, folder: Any) -> tuple[list[Any], Counter[str]]:
    """Return what the brokers counted, and which kills landed in work."""
    set_up(run.ticks, run.calm)
    with ExitStack() as stack:
        servers = stack.enter_context(hostile_brokers(folder, HANG_S, run.surroundings))
        parts = run.parts(database_under_test(), folder)
        stack.callback(parts.stop)
        parts.start()
        announcer = stack.enter_context(announcing(parts)) if "web" in run.victims else None
        watch(Disturber(parts, servers, announcer, plan := Plan(run)), parts)
        return [server.counts() for server in servers], plan.landed


@contextmanager
def announcing(parts: Any) -> Iterator[Announcer]:
    """Keep the web server busy; at the end everything that it answered must be there, once."""
    announcer = Announcer(parts.port, make_key(make_tenant("web")))
    announcer.start()
    try:
        yield announcer
    finally:
        announcer.stop()
    assert announcer.complaints == []
    kept = Dividend.objects.filter(ticker=TICKER).count()
    assert announcer.answered <= kept <= announcer.answered + 1


def watch(disturber: Disturber, parts: Any) -> None:
    """Disturb until the replay is over. Raises AssertionError if it stands still for long."""
    day, since = 0, time.monotonic()
    while (now := day_number()) >= 0:
        if now != day:
            day, since = now, time.monotonic()
        assert time.monotonic() - since < PATIENCE_S, (
            list(Order.objects.open().values()),
            parts.said.read_text()[-5000:],
        )
        time.sleep(0.002 if disturber.look() else 0.05)


def compare(run: Run, folder: Any) -> Counter[str]:
    """Run it twice; the books must be the same. Returns which faults there were."""
    digest, orders = quiet_run(run)
    forget_everything()

    counts, landed = disturbed_run(run, folder)

    assert ledger_digest() == digest
    assert landed.total() == run.kills
    registered = [count["registered"] for server in counts for count in server["orders"].values()]
    assert registered == [1] * orders
    assert Order.objects.count() == orders
    assert BrokerDifference.objects.count() == 0
    assert all_faults() == []
    assert all(replayed is not None and replayed.identical for _, replayed in replayed_decisions())
    return sum((Counter(server["faults"]) for server in counts), Counter())


@pytest.fixture
def surroundings(settings, monkeypatch):
    return Surroundings(settings, monkeypatch, TIMING)


@pytest.mark.faults
@pytest.mark.quick
def test_bad_lines_and_a_killed_worker_end_in_the_books_of_a_quiet_run(tmp_path, surroundings):
    faults = compare(Run(surroundings, BareWorker, ("worker",), ticks=8, kills=1), tmp_path)

    assert faults.total() > 10


@pytest.fixture
def queue(monkeypatch):
    """On PostgreSQL messages go through Redis, as in production; on SQLite through files."""
    if django_settings.IS_SQLITE:
        yield
        return
    with redis_url() as url:
        monkeypatch.setenv("REDIS_URL", url)
        yield


@pytest.mark.faults
@pytest.mark.quick
def test_a_hundred_days_and_five_kills_of_a_whole_site_end_in_the_books_of_a_quiet_run(
    tmp_path, surroundings, queue
):
    compare(Run(surroundings, WholeSite, PARTS, ticks=100, kills=5, calm=3), tmp_path)


@pytest.mark.faults
def test_a_thousand_days_and_fifty_kills_end_in_the_books_of_a_quiet_run(tmp_path, surroundings, queue):
    faults = compare(Run(surroundings, SiteParts, PARTS, ticks=1000, kills=50, calm=3), tmp_path)

    assert set(faults) == set(Fault) - {Fault.NONE}
