"""Redis is stopped for a while and comes back empty: requests go on, and nothing is lost or done twice."""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from urllib.error import HTTPError

import pytest

from volbal_site.tests.own_world import asked, own_world
from volbal_site.tests.redis_server import GIVEN, redis_server
from volbal_site.tests.running_site import running_site, wait_until

pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif(sys.platform != "linux", reason="it looks into /proc"),
    pytest.mark.skipif(bool(GIVEN), reason="the server of TEST_REDIS_URL can't be stopped"),
]

CELL = {"ticker": "IBM", "qty": "100", "cash": "10000", "anchor_price": "100", "broker": "paper_http"}
ORDER = {"side": "SELL", "qty": "10", "price": "104"}
DONE_WITHIN_S = 30
SOON_S = 60


def order_for(seconds, world, site):
    """Open cells and order; return how often which status was answered, and how long the slowest took."""
    statuses, slowest = Counter(), 0.0
    ends = time.monotonic() + seconds
    number = 0
    while time.monotonic() < ends:
        began = time.monotonic()
        status, cell = asked(site.port, world.key, "POST", "/positions", CELL)
        statuses[status] += 1
        if status == 201:
            number += 1
            path, key = f"/positions/{cell['id']}/orders", {"Idempotency-Key": f"{began}-{number}"}
            statuses[asked(site.port, world.key, "POST", path, ORDER, **key)[0]] += 1
        slowest = max(slowest, time.monotonic() - began)
        time.sleep(0.5)
    return statuses, slowest


def is_ready(site):
    try:
        return json.loads(site.get("/v1/readyz"))["status"] == "ok"
    except HTTPError:
        return False


def outage(seconds, template, tmp_path):
    with (
        redis_server() as redis,
        own_world(tmp_path, template, redis.url) as world,
        running_site(world.scratch, tmp_path, **world.environment) as site,
    ):
        wait_until(lambda: is_ready(site), SOON_S)
        order_for(2, world, site)
        redis.stop()
        statuses, slowest = order_for(seconds, world, site)
        assert not is_ready(site)
        redis.start()
        began = time.monotonic()
        wait_until(lambda: set(world.statuses()) == {"filled"}, SOON_S)
        took = time.monotonic() - began
        wait_until(lambda: is_ready(site), SOON_S)
        ((fills,),) = world.scratch.rows("SELECT count(*) FROM alerts_alert WHERE kind = 'fill'")
        wait_until(lambda: len(world.told_of("fill")) >= fills, SOON_S)

        assert set(statuses) <= {201, 503}
        assert statuses[201] > seconds
        assert slowest < 5
        assert took < DONE_WITHIN_S
        sent = world.broker.counts()["orders"].values()
        assert [one["registered"] for one in sent] == [1] * len(world.statuses())
        ids = [letter["alert_id"] for letter in world.told_of("fill")]
        assert len(ids) == len(set(ids)) == fills
        assert world.scratch.told("check_books") == "The books are in order."


@pytest.fixture
def template(migrated, django_db_blocker):
    with django_db_blocker.unblock():
        yield migrated


@pytest.mark.quick
def test_redis_is_away_for_some_seconds(template, tmp_path):
    outage(8, template, tmp_path)


def test_redis_is_away_for_a_minute(template, tmp_path):
    outage(60, template, tmp_path)
