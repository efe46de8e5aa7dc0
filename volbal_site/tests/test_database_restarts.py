"""PostgreSQL is restarted at once, again and again, with the site at work: nothing is lost, nothing twice."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.conf import settings

from dividends.tests.scratch import Scratch
from volbal_site.tests.endless_requests import (
    BOOK_CHECKS,
    Requests,
    all_happened_once,
    open_cell,
    send_all,
)
from volbal_site.tests.persistent_client import PersistentClient
from volbal_site.tests.postgresql_programs import own_server
from volbal_site.tests.running_site import free_port, running_site, wait_until

pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif(settings.IS_SQLITE, reason="PostgreSQL's own"),
    pytest.mark.skipif(sys.platform != "linux", reason="it looks into /proc"),
]
CLIENTS = 8
TURNED_AWAY = b"database_unavailable"


def restart_at_work(server, site, client):
    """Restart the server when more was answered; meanwhile somebody must be turned away, with a 503."""
    answered, turned_away = len(client.answers), site.said.read_bytes().count(TURNED_AWAY)
    wait_until(lambda: len(client.answers) >= answered + 2 * CLIENTS)
    server.restart_at_once()
    wait_until(lambda: site.said.read_bytes().count(TURNED_AWAY) > turned_away, 10)


@pytest.mark.parametrize(
    ("restarts", "at_least"),
    [pytest.param(2, 60, marks=pytest.mark.quick, id="quick"), pytest.param(10, 300, id="long")],
)
def test_every_acknowledged_request_happened_exactly_once(tmp_path, restarts, at_least):
    with own_server() as server, ThreadPoolExecutor(CLIENTS) as pool:
        scratch = Scratch(server.url)
        scratch.told("migrate", "--verbosity=0")
        key = scratch.told("create_api_key", "--tenant", "t", "--scopes", "read,trade")
        client = PersistentClient(free_port(), key)
        with running_site(scratch, tmp_path, client.port) as site:
            requests = Requests(open_cell(client))
            try:
                sent = [pool.submit(send_all, client, requests) for _ in range(CLIENTS)]
                for _ in range(restarts):
                    restart_at_work(server, site, client)
            finally:
                requests.at_least = at_least
            for each in sent:
                each.result()  # raises for any answer but 2xx, 409 and 503

            wait_until(site.is_alive, 10)
        assert len(client.answers) == requests.count >= at_least
        all_happened_once(scratch, client.answers)
        for check in BOOK_CHECKS:
            scratch.told(check)
    print(f"{restarts} restarts, {requests.count} requests, {len(client.replayed)} of them asked again")
