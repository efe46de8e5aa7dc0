"""STOP ALL while twenty clients trade: nothing is ordered or sent after its answer, whoever is killed."""

from __future__ import annotations

import os
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from threading import Event

import pytest

from dividends.tests.scratch import scratch_database
from volbal_site.tests.paper_processes import PaperProcess
from volbal_site.tests.running_site import free_port, running_site, wait_until
from volbal_site.tests.web_processes import BOOK_CHECKS, Caller, WebProcesses

pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif(sys.platform != "linux", reason="it looks into /proc"),
]

CLIENTS = 20
AFTERWARDS = 3
# A client that must wait for its order leaves the machine to those who execute it.
PAUSE_S = 0.2
ORDER = {"side": "BUY", "qty": "1", "price": "100"}


class Client:
    """Places one order after the other for a cell, until trading was stopped and a few times more."""

    def __init__(self, call, stopped):
        self.cell = open_cell(call, "paper_http")
        self._call, self._stopped, self._numbers = call, stopped, count()
        self.codes = []

    def order(self):
        """Return "" if it was made, else the code of the refusal."""
        key = f"{self.cell}-{next(self._numbers)}"
        answer = self._call("POST", f"{self.cell}/orders", ORDER, key)
        assert answer.status in (201, 409), answer
        time.sleep(PAUSE_S if answer.status == 409 else 0)
        return answer.code

    def trade(self):
        while not self._stopped.is_set():
            self.codes.append(self.order())
        return [self.order() for _ in range(AFTERWARDS)]


def open_cell(call, broker):
    body = {"ticker": "IBM", "qty": "1000", "cash": "100000", "anchor_price": "100", "broker": broker}
    cell = f"/positions/{call('POST', '/positions', body).json()['id']}"
    call("PUT", f"{cell}/config", {"guardrail": {"max_orders_per_day": "none"}})
    return cell


def make_proposals(call):
    """Return the addresses of two open proposals of cells that a person trades."""
    cells = [open_cell(call, "manual") for _ in range(2)]
    orders = [call("POST", f"{cell}/orders", ORDER, f"{cell}-p").json() for cell in cells]
    return [f"/orders/{order['id']}" for order in orders]


def orders_made(call):
    return call("GET", "/orders?limit=1").json()["count"]


def sent(broker):
    """Return how often each order has come in at the broker."""
    return {key: counted["registered"] for key, counted in broker.counts()["orders"].items()}


@pytest.mark.parametrize(
    "orders", [pytest.param(20, marks=pytest.mark.quick, id="quick"), pytest.param(120, id="long")]
)
def test_stop_means_stop(migrated, tmp_path, monkeypatch, orders):
    broker = PaperProcess(("--mode", "perfect"), tmp_path / "broker.sqlite3").start()
    monkeypatch.setenv("PAPER_HTTP_URL", broker.url)
    port, stopped = free_port(), Event()
    try:
        with scratch_database(tmp_path, migrated) as scratch:
            key = scratch.told("create_api_key", "--tenant", "t", "--scopes", "read,trade,broker,admin")
            call = Caller(WebProcesses(scratch, [], [port], tmp_path / "unused"), key)
            with running_site(scratch, tmp_path, port) as site:
                proposals = make_proposals(call)
                stop_at_work(call, broker, stopped, orders)
                os.kill(site.up.pid, signal.SIGKILL)
                wait_until(lambda: site.processes() == [])
            with running_site(scratch, tmp_path, port):
                goes_on_being_stopped(call, broker, proposals)
            for check in BOOK_CHECKS:
                scratch.told(check)
    finally:
        broker.kill()


def stop_at_work(call, broker, stopped, orders):
    """Stop when so many orders were sent; nothing may be made or sent from the answer on."""
    clients = [Client(call, stopped) for _ in range(CLIENTS)]
    with ThreadPoolExecutor(CLIENTS) as pool:
        trading = [pool.submit(client.trade) for client in clients]
        try:
            wait_until(lambda: len(sent(broker)) >= orders)
            assert call("POST", "/trading/halt", {"reason": "a fire"}).status == 200
            made, received = orders_made(call), sent(broker)
        finally:
            stopped.set()
        afterwards = {code for each in trading for code in each.result()}
    assert afterwards <= {"trading-halted", "order-open"}
    assert "trading-halted" in {code for client in clients for code in client.codes} | afterwards
    assert (orders_made(call), sent(broker)) == (made, received)
    assert set(received.values()) == {1}


def goes_on_being_stopped(call, broker, proposals):
    """After the kill it is still stopped; a fill and a cancel pass; a person lets it go on."""
    received, (filled, cancelled) = sent(broker), proposals
    cell = open_cell(call, "paper_http")

    assert call("POST", f"{cell}/orders", ORDER, "stopped").code == "trading-halted"
    decision = call("POST", f"{cell}/evaluate?price=90").json()["decision"]
    assert (decision["action"], decision["reason"]) == ("SKIP", "halted")
    fill = {"execution_id": "x", "qty": "1", "price": "100"}
    assert call("POST", f"{filled}/fill", fill).json()["status"] == "filled"
    assert call("POST", f"{cancelled}/cancel").json()["status"] == "cancelled"
    assert sent(broker) == received

    assert call("POST", "/trading/unhalt", {"reason": "it is out"}).status == 200
    order = call("POST", f"{cell}/orders", ORDER, "goes on").json()
    wait_until(lambda: call("GET", f"/orders/{order['id']}").json()["status"] == "filled")
