"""`manage.py up` starts everything or says why not, and leaves nothing behind."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
from contextlib import ExitStack, closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path

import pytest
from django.conf import settings

from dividends.tests.scratch import Scratch, scratch_database
from volbal_site.tests.running_site import free_port, running_site, start_up, wait_until

LONG = [pytest.mark.faults, pytest.mark.quick]
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="it looks into /proc")

STOPS_WITHIN_S = 10
CELL = b'{"ticker": "IBM", "qty": "1", "cash": "1"}'


@pytest.fixture(scope="module")
def up_to_date(migrated, tmp_path_factory):
    """A database that is up to date, so that `up` starts sooner."""
    with scratch_database(tmp_path_factory.mktemp("up"), migrated) as scratch:
        yield scratch


@pytest.fixture(scope="module")
def key(up_to_date):
    """A key that may open cells."""
    return up_to_date.told("create_api_key", "--tenant", "up", "--scopes", "trade")


@pytest.fixture(scope="module")
def served(up_to_date, tmp_path_factory):
    """A site for tests that leave it alive."""
    with running_site(up_to_date, tmp_path_factory.mktemp("served")) as site:
        yield site


@contextmanager
def half_a_request(site, key):
    """Ask to open a cell; yield the connection when the site is at it and waits for the body."""
    with socket.create_connection(("127.0.0.1", site.port), STOPS_WITHIN_S) as link:
        link.sendall(
            f"POST /v1/positions HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {key}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(CELL)}\r\n"
            "Expect: 100-continue\r\n\r\n".encode()
        )
        assert link.recv(100).startswith(b"HTTP/1.1 100 ")
        yield link


def told(scratch, tmp_path, port, **environment):
    """Run an `up` that ends by itself; return its status and what it said."""
    said = tmp_path / "said.log"
    with start_up(scratch, port, said, **environment) as up:
        status = up.wait(60)
    return status, said.read_text()


def test_it_sets_up_an_empty_database_serves_and_stops_when_told(tmp_path):
    with scratch_database(tmp_path) as scratch, running_site(scratch, tmp_path) as site:
        assert site.said.read_text() == (
            f"Volatility Balancing is at http://127.0.0.1:{site.port}/ (Ctrl-C stops it)\n"
        )
        assert json.loads(site.get("/v1/healthz")) == {"status": "ok"}
        assert len(site.processes()) == 5

        site.up.terminate()

        assert site.up.wait(STOPS_WITHIN_S) == 0
        assert site.processes() == []
        assert scratch.told("verify_audit").startswith("History is intact")


@pytest.mark.parametrize(
    "with_it", [[], *(pytest.param(more, marks=LONG) for more in (["watcher"], ["worker", "beat"]))]
)
def test_killing_it_outright_takes_all_its_processes_along_and_it_starts_again(up_to_date, tmp_path, with_it):
    with running_site(up_to_date, tmp_path) as site:
        for pid in [site.up.pid, *(getattr(site, name) for name in with_it)]:
            os.kill(pid, signal.SIGKILL)

        wait_until(lambda: site.processes() == [], STOPS_WITHIN_S)
    if "worker" in with_it:
        with running_site(up_to_date, tmp_path, site.port) as again:
            assert again.is_alive()


@contextmanager
def timetable_held(scratch):
    """Hold the timetable in the database, so that whoever needs it waits; yield when somebody does."""
    with scratch.connect() as holder:
        if settings.IS_SQLITE:
            holder.execute("BEGIN IMMEDIATE")
            yield
            return
        holder.execute("LOCK TABLE django_celery_beat_periodictasks, django_celery_beat_periodictask")
        wait_until(lambda: scratch.rows("SELECT 1 FROM pg_locks WHERE NOT granted") != [])
        yield


@pytest.mark.faults
@pytest.mark.quick
def test_none_of_its_processes_stays_because_the_database_makes_it_wait(up_to_date, tmp_path):
    with running_site(up_to_date, tmp_path) as site, timetable_held(up_to_date):
        os.kill(site.up.pid, signal.SIGKILL)

        wait_until(lambda: site.processes() == [], STOPS_WITHIN_S)


@pytest.mark.faults
@pytest.mark.quick
@pytest.mark.parametrize("name", ["worker", "beat"])
def test_a_worker_or_a_beat_that_dies_stops_everything(up_to_date, tmp_path, name):
    with running_site(up_to_date, tmp_path) as site:
        os.kill(getattr(site, name), signal.SIGKILL)

        assert site.up.wait(STOPS_WITHIN_S) == 1
        assert site.processes() == []
        assert f"{name} was killed by SIGKILL. Everything is stopped." in site.said.read_text()


@pytest.mark.faults
@pytest.mark.quick
def test_a_process_that_answers_is_replaced_and_a_web_server_that_dies_stops_everything(up_to_date, tmp_path):
    with running_site(up_to_date, tmp_path) as site:
        died = site.answerer
        os.kill(died, signal.SIGKILL)
        wait_until(site.is_alive, STOPS_WITHIN_S)
        assert site.answerer != died
        assert site.up.poll() is None

        os.kill(site.watcher, signal.SIGKILL)

        assert site.up.wait(STOPS_WITHIN_S) == 1
        assert site.processes() == []
        assert "web was killed by SIGKILL. Everything is stopped." in site.said.read_text()


def takes_nobody_new(site):
    """Say whether the site is at stopping, without asking it anything: an answer could take all its time."""
    try:
        socket.create_connection(("127.0.0.1", site.port), timeout=0.2).close()
    except OSError:
        return True
    return False


@pytest.mark.faults
@pytest.mark.quick
def test_it_answers_what_is_under_way_before_it_stops_but_waits_for_nobody_for_ever(
    up_to_date, tmp_path, key
):
    with (
        running_site(up_to_date, tmp_path) as site,
        half_a_request(site, key) as finishing,
        half_a_request(site, key),
    ):
        site.up.terminate()
        wait_until(lambda: takes_nobody_new(site), STOPS_WITHIN_S)
        finishing.sendall(CELL)

        assert finishing.recv(100).startswith(b"HTTP/1.1 201 ")
        assert site.up.wait(STOPS_WITHIN_S) == 0
        assert site.processes() == []
    assert up_to_date.rows("SELECT count(*) FROM positions_position WHERE ticker = 'IBM'") == [(1,)]


@pytest.mark.any_database
def test_clients_that_never_finish_their_headers_keep_nobody_from_an_answer(served):
    with ExitStack() as links:
        for _ in range(3 * settings.WEB_THREADS):
            link = links.enter_context(socket.create_connection(("127.0.0.1", served.port)))
            link.sendall(b"GET /v1/healthz HTTP/1.1\r\nHost: loc")

        assert served.is_alive()


@pytest.mark.any_database
@pytest.mark.parametrize(("padding", "status"), [(0, 201), (64 * 1024, 413)])
def test_a_body_that_comes_in_chunks_counts_like_any_other(served, key, padding, status):
    chunks = [b'{"ticker": "MSFT",', b" " * padding + b" ", b'"qty": "1", "cash": "1"}']
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    with closing(HTTPConnection("127.0.0.1", served.port, timeout=STOPS_WITHIN_S)) as link:
        try:
            link.request("POST", "/v1/positions", iter(chunks), headers)  # without Content-Length
            found = link.getresponse().status
        except (BrokenPipeError, ConnectionResetError):
            found = 413  # refused before the last chunk was sent, which may cut the answer off

        assert found == status


@pytest.mark.any_database
def test_headers_larger_than_anybody_needs_are_refused(served):
    with closing(HTTPConnection("127.0.0.1", served.port, timeout=STOPS_WITHIN_S)) as link:
        link.request("GET", "/v1/healthz", headers={"X-Long": "x" * 300_000})

        assert link.getresponse().status == 431


@pytest.mark.any_database
def test_a_port_that_is_taken_is_said_before_anything_is_done(tmp_path):
    with scratch_database(tmp_path) as scratch, socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        assert told(scratch, tmp_path, port) == (
            1,
            f"CommandError: 127.0.0.1:{port} can't be used: another program listens there."
            " Stop it, or choose another with --bind HOST:PORT.\n",
        )
        if settings.IS_SQLITE:
            assert not Path(scratch.url.removeprefix("sqlite:///")).exists()


@pytest.mark.parametrize(
    ("environment", "reason"),
    [
        ({"SECRET_KEY": "weak"}, "SECRET_KEY must be"),
        ({"DEBUG": "true"}, "DEBUG must be off"),
        ({}, "The database can't be used: connection"),
    ],
)
@pytest.mark.any_database
def test_a_production_that_is_not_fit_is_not_started(tmp_path, environment, reason):
    nobody_there = Scratch(f"postgres://u:hidden@127.0.0.1:{free_port()}/db")

    status, said = told(nobody_there, tmp_path, free_port(), **environment)

    assert (status, said.startswith(f"CommandError: {reason}")) == (1, True), said
    assert "hidden" not in said
