"""A run over bad lines, processes killed again and again, ends in the books of a quiet one."""

from __future__ import annotations

import random
import time
from collections import Counter
from contextlib import ExitStack
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
from volbal_site.tests.announcer import Announcer
from volbal_site.tests.api_client import make_key
from volbal_site.tests.drive_history import day_number, is_at_work, set_up
from volbal_site.tests.paper_processes import PaperServer, database_under_test, three_brokers
from volbal_site.tests.redis_server import redis_url
from volbal_site.tests.running_site import wait_until
from volbal_site.tests.site_parts import PARTS, BareWorkers, SiteParts, WholeSite

pytestmark = pytest.mark.django_db(transaction=True)

TIMING = {"BROKER_TIMEOUT_S": 0.25, "BROKER_ASK_S": 0.01, "BROKER_PAUSE_S": 0.1}
HANG_S = "0.3"  # longer than the caller's patience, shorter than what it takes to believe in an absence
OPTIONS = ("--hang", HANG_S, "--repeat-ids")
EVERY_SO_MANY_KILLS_A_BROKER_DIES_TOO = 5
PATIENCE_S = 40


@dataclass
class Disturber:
    """Kills a part on each of the chosen days, in the middle of its work, and starts it again."""

    parts: Any
    servers: list[PaperServer]
    announcer: Announcer | None
    plan: list[tuple[int, str]]
    landed: Counter[str] = field(default_factory=Counter)
    random: random.Random = field(default_factory=lambda: random.Random(11))

    def look(self) -> None:
        if self.plan and 0 <= self.plan[0][0] <= day_number() and self._is_busy(self.plan[0][1]):
            self._kill(self.plan[0][1])

    def _kill(self, part: str) -> None:
        time.sleep(self.random.random() * 0.02)
        failed = self.announcer.failed if self.announcer else 0
        self.parts.kill(part)
        if self._has_landed(part, failed):
            self.landed[part] += 1
            del self.plan[0]
            if self.landed.total() % EVERY_SO_MANY_KILLS_A_BROKER_DIES_TOO == 1:
                self.random.choice(self.servers).kill_and_start()
        self.parts.start_again(part)

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


def quiet_run(ticks: int, *surroundings: Any) -> tuple[str, int]:
    """Return the digest of a run on perfect lines in this process, and the number of its orders."""
    set_up(ticks)
    with three_brokers("perfect", *surroundings, *OPTIONS):
        while day_number() >= 0:
            assert advance(for_s=1)
    return ledger_digest(), Order.objects.count()


def disturbed_run(
    ticks: int, plan: list[tuple[int, str]], runs: type, folder: Any, *surroundings: Any
) -> tuple[list[Any], Counter[str]]:
    """Return what the brokers counted, and which kills landed in work."""
    set_up(ticks)
    with ExitStack() as stack:
        servers = stack.enter_context(three_brokers("hostile", folder, *surroundings, *OPTIONS))
        parts = runs(database_under_test(), folder)
        announcer = None if runs is BareWorkers else Announcer(parts.port, make_key(make_tenant("web")))
        stack.callback(parts.stop)
        parts.start()
        if announcer is not None:
            announcer.start()
            stack.callback(announcer.stop)
        disturber = Disturber(parts, servers, announcer, plan)
        watch(disturber, parts)
        if announcer is not None:
            announcer.stop()
            assert announcer.complaints == []
            assert Dividend.objects.filter(ticker="ZZZ").count() in (
                announcer.answered,
                announcer.answered + 1,
            )
        return [server.counts() for server in servers], disturber.landed


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
        disturber.look()
        time.sleep(0.005)


def plan_kills(ticks: int, kills: int, parts: tuple[str, ...]) -> list[tuple[int, str]]:
    """Choose a day, in days after the first, and a part for every kill; each part's turn comes as often."""
    chance = random.Random(5)
    days = sorted(chance.choices(range(ticks), k=kills))
    victims = (parts * kills)[:kills]
    return list(zip(days, chance.sample(victims, kills), strict=True))


def compare(ticks: int, kills: int, runs: type, *surroundings: Any) -> dict[str, int]:
    """Run it twice; the books must be the same. Returns which faults there were."""
    digest, orders = quiet_run(ticks, *surroundings)
    forget_everything()
    plan = plan_kills(ticks, kills, ("workers",) if runs is BareWorkers else PARTS)

    counts, landed = disturbed_run(ticks, plan, runs, *surroundings)

    assert ledger_digest() == digest
    assert landed.total() == kills
    registered = [count["registered"] for server in counts for count in server["orders"].values()]
    assert registered == [1] * orders
    assert Order.objects.count() == orders
    assert BrokerDifference.objects.count() == 0
    assert all_faults() == []
    assert all(replayed is not None and replayed.identical for _, replayed in replayed_decisions())
    faults: Counter[str] = Counter()
    for server in counts:
        faults.update(server["faults"])
    return faults


def test_bad_lines_and_killed_workers_end_in_the_books_of_a_quiet_run(tmp_path, settings, monkeypatch):
    faults = compare(8, 1, BareWorkers, tmp_path, TIMING, settings, monkeypatch)

    assert sum(faults.values()) > 10


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
    tmp_path, settings, monkeypatch, queue
):
    compare(100, 5, WholeSite, tmp_path, TIMING, settings, monkeypatch)


@pytest.mark.faults
def test_a_thousand_days_and_fifty_kills_end_in_the_books_of_a_quiet_run(
    tmp_path, settings, monkeypatch, queue
):
    faults = compare(1000, 50, SiteParts, tmp_path, TIMING, settings, monkeypatch)

    assert set(faults) == set(Fault) - {Fault.NONE}
