"""A web process that is killed at work: what was answered is in the books, and asking again is harmless."""

from __future__ import annotations

from http.client import HTTPException
from threading import Lock

import pytest

from configs.tests.builders import set_position
from orders.models import Order, Trade
from positions.tests.builders import make_position, make_tenant
from volbal_site.tests.web_processes import all_at_once, books_are_right, caller, web_processes, working_on

pytestmark = pytest.mark.faults

EACH = 60
KILLED_AFTER = 20


@pytest.fixture
def web(migrated, tmp_path, django_db_blocker):
    """Web processes of this test's own."""
    with django_db_blocker.unblock(), web_processes(tmp_path, migrated) as web, working_on(web.scratch):
        yield web


class Killer:
    """Sends each request once, and kills a process with SIGKILL when so many were answered.

    `answers` are kept by request; `cut_off` counts the requests that were under way in the dead process.
    """

    def __init__(self, web, call):
        self.web, self.call, self.lock = web, call, Lock()
        self.answers, self.cut_off = {}, 0

    def send(self, number, request):
        try:
            answer = self.call.call_once("POST", *request)
        except ConnectionRefusedError:
            return
        except (OSError, HTTPException):
            with self.lock:
                self.cut_off += 1
            return
        with self.lock:
            self.answers[number] = answer
            if len(self.answers) == KILLED_AFTER:
                self.web.processes[0].kill()


def cells(call):
    """Return a cell on paper that may buy often, and an open proposal of another cell."""
    paper, manual = make_position(cash=100_000), make_position(cash=100_000, broker="manual")
    set_position(paper, "guardrail", max_orders_per_day="none")
    body = {"side": "BUY", "qty": str(EACH), "price": "100"}
    return paper, call("POST", f"/positions/{manual.pk}/orders", body, "proposal").json()


def requests_for(paper, proposal):
    """Return orders and fills by turns."""
    order = {"side": "BUY", "qty": "1", "price": "100"}
    for n in range(EACH):
        yield f"/positions/{paper.pk}/orders", order, f"order-{n}"
        yield f"/orders/{proposal['id']}/fill", {"execution_id": f"x-{n}", "qty": "1", "price": "100"}, None


@pytest.mark.parametrize("_round", range(5))
def test_what_was_answered_outlives_a_kill_and_all_can_be_asked_again(web, _round):
    call = caller(web, make_tenant())
    paper, proposal = cells(call)
    requests = list(enumerate(requests_for(paper, proposal)))
    killer = Killer(web, call)

    all_at_once([lambda asked=asked: killer.send(*asked) for asked in requests], threads=12)

    assert killer.cut_off > 0, "the kill met nobody at work"
    assert {answer.status for answer in killer.answers.values()} <= {200, 201}
    assert {name_of(*requests[number][1]) for number in killer.answers} <= names_in_the_books()
    assert books_are_right()

    web.ports.pop(0)
    again = all_at_once([lambda asked=asked: call("POST", *asked) for _, asked in requests], threads=12)

    assert [answer.status for answer in again] == [201, 200] * EACH
    assert all(again[n].body == answer.body for n, answer in killer.answers.items() if n % 2 == 0)
    assert paper.orders.count() == paper.trades.count() == EACH
    assert Order.objects.get(pk=proposal["id"]).status == "filled"
    assert books_are_right()


def name_of(path, body, key):
    return key or body["execution_id"]


def names_in_the_books():
    keys = Order.objects.values_list("idempotency_key", flat=True)
    return {*keys, *Trade.objects.values_list("execution_id", flat=True)}


def test_web_processes_do_not_outlive_whoever_started_them(web):
    for process in web.processes:
        process.stdin.close()

    assert [process.wait(timeout=30) for process in web.processes] == [0] * len(web.processes)
