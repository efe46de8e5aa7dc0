"""Two beats and four workers evaluate every slot once, and none twice."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from contextlib import ExitStack
from datetime import timedelta
from itertools import pairwise

import pytest
from django.conf import settings
from django.db.models import Count
from django_celery_beat.models import PeriodicTask

from dividends.tests.scratch import PATIENCE, ROOT
from orders.models import Order, Tick, TickChunk, Trade
from orders.tests.builders import all_faults
from positions.models import Event, Position
from positions.tests.builders import make_position, make_tenant
from volbal_site.tests.paper_processes import database_under_test
from volbal_site.tests.redis_server import redis_url
from volbal_site.timetable import _interval, seed_timetable

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]

POSITIONS, SLOT_S = 20, 2
QUIET = ("--without-gossip", "--without-mingle", "--without-heartbeat")


class Runners:
    """Beats and workers as processes of this test's own."""

    def __init__(self, log, redis):
        self.log = log.open("w")
        self.environment = {
            **os.environ,
            "DATABASE_URL": database_under_test().url,
            "SECRET_KEY": "for-tests-on-a-database-of-their-own",
            "REDIS_URL": redis,
            "EVALUATE_EVERY_S": str(SLOT_S),
            "RECORD_EVALUATIONS": "all",
            "BREAKER_SAME_ORDERS": "0",
        }
        self.running = {}

    def start(self, name):
        kind = name.rstrip("0123456789")
        options = (*QUIET, "-n", name) if kind == "worker" else ("--pidfile=",)
        self.running[name] = subprocess.Popen(
            [sys.executable, "-m", "volbal_site.tests.open_market", kind, *options],
            cwd=ROOT,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=self.log,
            stderr=self.log,
        )

    def replace(self, name):
        self.running[name].kill()
        self.running[name].wait(PATIENCE)
        self.start(name)

    def stop(self):
        for process in self.running.values():
            process.terminate()
        ended = [process.wait(PATIENCE) for process in self.running.values()]
        self.log.close()
        return ended


def run_for(seconds, kills, tmp_path):
    """Let two beats and four workers run, and kill some of them meanwhile; return their log."""
    for number in range(POSITIONS):
        make_position(tenant=make_tenant(str(number)))
    seed_timetable()
    PeriodicTask.objects.filter(name="Evaluate positions").update(interval=_interval(1))
    chance = random.Random(3)
    with ExitStack() as stack:
        redis = "" if settings.IS_SQLITE else stack.enter_context(redis_url())
        runners = Runners(tmp_path / "runners.log", redis)
        stack.callback(runners.stop)
        for name in ("worker1", "worker2", "worker3", "worker4", "beat1", "beat2"):
            runners.start(name)
        ends = time.monotonic() + PATIENCE
        while not Tick.objects.exists():
            assert time.monotonic() < ends, (tmp_path / "runners.log").read_text()
            time.sleep(0.1)
        for _ in range(kills + 1):
            time.sleep(seconds / (kills + 1))
            if kills:
                runners.replace(chance.choice(["worker1", "worker2", "beat1"]))
    return (tmp_path / "runners.log").read_text()


def check(seconds):
    """Every slot was begun once and evaluated whole, every position once in each."""
    slots = list(Tick.objects.order_by("slot").values_list("slot", flat=True))
    assert len(slots) >= seconds / SLOT_S
    assert {later - earlier for earlier, later in pairwise(slots)} == {timedelta(seconds=SLOT_S)}
    whole = TickChunk.objects.filter(done_at__isnull=False, failed=0).values_list("tick__slot", flat=True)
    assert sorted(whole) in (slots, slots[:-1])
    evaluations = Event.objects.filter(type="position_evaluated")
    per_position = evaluations.values_list("position").annotate(times=Count("pk"))
    assert {times for _, times in per_position} == {len(whole)}
    assert per_position.count() == POSITIONS == Position.objects.count()
    assert evaluations.values("position", "request_id").distinct().count() == POSITIONS * len(whole)
    assert Trade.objects.count() == Order.objects.count() > POSITIONS
    assert all_faults() == []


@pytest.mark.quick
def test_every_slot_is_evaluated_once_and_none_twice(tmp_path):
    log = run_for(16, 0, tmp_path)

    check(16)
    assert "Traceback" not in log


def test_in_two_minutes_in_which_workers_and_beats_are_killed_every_slot_is_evaluated_once(tmp_path):
    run_for(120, 8, tmp_path)

    check(120)
