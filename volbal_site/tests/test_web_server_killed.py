"""`kill -9` of the web server at work: what was answered happened, once, and so does what is asked again."""

from __future__ import annotations

import os
import signal
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from dividends.tests.scratch import Scratch, scratch_database
from volbal_site.tests.endless_requests import (
    BOOK_CHECKS,
    Requests,
    all_happened_once,
    open_cell,
    send_all,
)
from volbal_site.tests.persistent_client import PersistentClient
from volbal_site.tests.running_site import Site, free_port, running_site, wait_until

pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif(sys.platform != "linux", reason="it looks into /proc"),
]

CLIENTS = 8


def kill_at_work(site: Site, client: PersistentClient, scratch: Scratch) -> None:
    """Kill the web server, all of it, once it is at work and has done more than it has answered."""
    server, answered, cut_off = (site.watcher, site.answerer), len(client.answers), client.cut_off
    wait_until(lambda: len(client.answers) >= answered + CLIENTS and keys_used(scratch) > len(client.answers))
    for pid in server:
        os.kill(pid, signal.SIGKILL)
    assert site.up.wait(10) == 1
    # The fault counts only if somebody was waiting for an answer and got none.
    wait_until(lambda: client.cut_off > cut_off, 10)


def keys_used(scratch: Scratch) -> int:
    """Return under how many keys something was done, but for the opening of the cell."""
    return int(scratch.rows("SELECT count(*) FROM accounts_idempotencyrecord")[0][0]) - 1


@pytest.mark.parametrize(
    ("kills", "at_least"),
    [pytest.param(5, 60, marks=pytest.mark.quick, id="quick"), pytest.param(20, 300, id="long")],
)
def test_every_answered_request_happened_exactly_once(migrated, tmp_path, kills, at_least):
    with scratch_database(tmp_path, migrated) as scratch, ThreadPoolExecutor(CLIENTS) as pool:
        key = scratch.told("create_api_key", "--tenant", "t", "--scopes", "read,trade")
        client = PersistentClient(free_port(), key)
        with running_site(scratch, tmp_path, client.port):
            requests = Requests(open_cell(client))
        try:
            sent = [pool.submit(send_all, client, requests) for _ in range(CLIENTS)]
            for _ in range(kills):
                with running_site(scratch, tmp_path, client.port) as site:
                    kill_at_work(site, client, scratch)
        finally:
            requests.at_least = at_least
        with running_site(scratch, tmp_path, client.port):
            for each in sent:
                each.result()

        assert len(client.answers) == requests.count >= at_least
        assert client.replayed, "no kill came between an effect and its answer"
        all_happened_once(scratch, client.answers)
        for check in BOOK_CHECKS:
            scratch.told(check)
    done = len(client.replayed)
    print(f"{kills} kills, {requests.count} requests: {client.cut_off} cut off, {done} of them done")
