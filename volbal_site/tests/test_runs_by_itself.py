"""`manage.py up` does by itself what is to be done: on SQLite with files, on PostgreSQL with Redis."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
from urllib.error import HTTPError

import pytest

from volbal_site.tests.own_world import asked, own_world
from volbal_site.tests.running_site import running_site, wait_until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="it looks into /proc")

CELL = {"ticker": "IBM", "qty": "100", "cash": "10000", "anchor_price": "100", "broker": "paper_http"}
STOPS_WITHIN_S = 10
SOON_S = 30


@pytest.fixture
def world(migrated, tmp_path, django_db_blocker):
    with django_db_blocker.unblock(), own_world(tmp_path, migrated) as found:
        yield found


def ready(site):
    try:
        return json.loads(site.get("/v1/readyz"))
    except HTTPError as refusal:
        return json.load(refusal)


def ordered(world, site):
    """Open a cell at the broker and have the rules make an order; return its path."""
    _, cell = asked(site.port, world.key, "POST", "/positions", CELL)
    status, found = asked(site.port, world.key, "POST", f"/positions/{cell['id']}/evaluate?price=104")
    assert (status, found["order"]["status"]) == (200, "new")
    return f"/orders/{found['order']['id']}"


@pytest.mark.faults
@pytest.mark.quick
def test_an_order_is_sent_its_fill_is_booked_and_told_of_once(world, tmp_path):
    with running_site(world.scratch, tmp_path, **world.environment) as site:
        wait_until(lambda: ready(site)["status"] == "ok", SOON_S)
        path = ordered(world, site)

        wait_until(lambda: asked(site.port, world.key, "GET", path)[1]["status"] == "filled", SOON_S)
        wait_until(lambda: world.told_of("fill"), SOON_S)
        site.up.terminate()

        assert site.up.wait(STOPS_WITHIN_S) == 0
        assert site.processes() == []
    (sent,) = world.broker.counts()["orders"].values()
    assert sent["registered"] == 1
    assert len(world.told_of("fill")) == 1
    assert world.scratch.told("check_books") == "The books are in order."


@pytest.mark.faults
@pytest.mark.quick
def test_a_broker_that_never_answers_keeps_nobody_from_stopping_nor_from_starting_again(world, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        deaf.settimeout(SOON_S)
        url = f"http://127.0.0.1:{deaf.getsockname()[1]}"
        slow = {**world.environment, "PAPER_HTTP_URL": url, "BROKER_TIMEOUT_S": "60"}
        with running_site(world.scratch, tmp_path, **slow) as site:
            ordered(world, site)
            link, _ = deaf.accept()
            with link:
                site.up.terminate()
                assert site.up.wait(STOPS_WITHIN_S) == 0
            assert site.processes() == []
        with running_site(world.scratch, tmp_path, **world.environment) as site:
            wait_until(lambda: world.statuses() == ["filled"], SOON_S)


@pytest.mark.faults
@pytest.mark.quick
def test_a_worker_that_is_stuck_is_told_of_by_the_web_server(world, tmp_path):
    with running_site(world.scratch, tmp_path, **world.environment, WORKER_SILENT_S="12") as site:
        wait_until(lambda: ready(site)["status"] == "ok", SOON_S)

        os.kill(site.worker, signal.SIGSTOP)

        wait_until(lambda: world.told_of("heartbeat"), SOON_S)
        assert ready(site)["errors"] == [{"pointer": "/checks/worker", "code": "unavailable"}]
        os.kill(site.worker, signal.SIGCONT)
        wait_until(lambda: ready(site)["status"] == "ok", SOON_S)
        wait_until(lambda: world.scratch.rows("SELECT cleared_at FROM alerts_alert") != [(None,)], SOON_S)
