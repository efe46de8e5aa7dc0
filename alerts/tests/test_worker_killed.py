"""`kill -9` of the worker at any step: each alert arrives exactly once.

The one moment that no sender can close lies between the commit of `handed_over` and the system call after it;
what is caught there is unclear, and a person is told so.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.conf import settings as django_settings
from django.db import connection, transaction

from alerts.models import AlertDelivery
from alerts.tests.builders import (
    deliver,
    make_alert,
    make_channel,
    only_delivery,
    states,
    webhook_to,
)
from alerts.tests.receivers import more_than_fits_between_sockets

pytestmark = pytest.mark.django_db(transaction=True)

LATER = timedelta(minutes=2)


class Workers:
    """Starts workers, one at a time, that are processes of their own."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.pid = 0

    def start(self, mail_port: int = 1, ahead: int = 0) -> None:
        self._process.stdin.write(f"{mail_port} {ahead}\n")
        self._process.stdin.flush()
        self.pid = int(self._process.stdout.readline())

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)

    def ended(self) -> int:
        """Wait for the worker and return its exit status, -9 if it was killed."""
        return int(self._process.stdout.readline())


@pytest.fixture(scope="module")
def workers(django_db_setup) -> Iterator[Workers]:
    name = connection.settings_dict["NAME"]
    url = f"sqlite:///{name}" if connection.vendor == "sqlite" else _url_of(str(name))
    environment = {
        **os.environ,
        "DATABASE_URL": url,
        "DJANGO_SETTINGS_MODULE": "volbal_site.settings",
        "EMAIL_URL": "smtp://127.0.0.1:1",
        "ALERT_WEBHOOK_ALLOW_PRIVATE": "true",
        "PYTHONPATH": str(django_settings.BASE_DIR),
        "PYTHONWARNINGS": "error",
    }
    with subprocess.Popen(
        [sys.executable, "alerts/tests/forking_worker.py"],
        cwd=django_settings.BASE_DIR,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout.readline() == "ready\n"
        yield Workers(process)
        process.stdin.close()


def _url_of(name: str) -> str:
    return urlsplit(django_settings.DATABASE_URL)._replace(path=f"/{name}").geturl()


@contextmanager
def deliveries_locked() -> Iterator[None]:
    """Let no worker write about deliveries inside the block."""
    try:
        with transaction.atomic():
            list(AlertDelivery.objects.select_for_update())
            yield
    finally:
        connection.close()


def kill_at(server, workers: Workers, step: str, lock_at: str | None = None) -> None:
    """Have the worker killed at a step of the conversation; from `lock_at` on it can commit nothing."""
    stack = ExitStack()

    def kill() -> None:
        server.hooks.clear()
        workers.kill()
        stack.close()

    if lock_at is not None:
        server.hooks[lock_at] = lambda: stack.enter_context(deliveries_locked())
    server.hooks[step] = kill


# Where the worker is killed, from where on the database keeps it from committing, and what it has committed.
MAIL_STEPS = [
    ("connect", None, "sending"),
    ("rcpt", None, "sending"),
    ("data", None, "sending"),
    ("body", "data", "sending"),  # all but the closing line is out, and nothing committed
    ("dot", None, "handed_over"),  # the server has the mail and hasn't said so
    ("taken", "dot", "handed_over"),  # it has said so, and that isn't in the books
]
CALL_STEPS = [
    ("connect", None, "sending"),
    ("body", "headers", "sending"),
    ("whole", None, "handed_over"),
    ("answered", "whole", "handed_over"),
]


def check_killed(server, workers, step, lock_at, in_the_books, message="test"):
    """Kill the sender of a new alert at a step, and see that it arrives once whatever comes afterwards."""
    arrived = len(server.arrived)
    delivery = AlertDelivery.objects.filter(alert=make_alert(message=message))
    kill_at(server, workers, step, lock_at)

    workers.start(server.port)
    assert workers.ended() == -signal.SIGKILL
    assert delivery.get().state == in_the_books, step
    assert deliver() == 0, "its lease has not run out"

    again = deliver(LATER)
    assert again == (1 if in_the_books == "sending" else 0), step
    assert [deliver(timedelta(hours=hours)) for hours in (1, 30)] == [0, 0]
    assert delivery.get().state == ("delivered" if again else "unclear"), step
    assert len(server.arrived) == arrived + 1, step


def test_a_mail_arrives_once_wherever_its_sender_is_killed(mails, workers):
    make_channel()
    for step in MAIL_STEPS:
        check_killed(mails, workers, *step)


def test_a_call_arrives_once_wherever_its_sender_is_killed(hooks, workers):
    webhook_to(hooks)
    # So long that it can't be handed over before the receiver reads.
    message = "x" * more_than_fits_between_sockets()
    for step in CALL_STEPS:
        check_killed(hooks, workers, *step, message=message)


def to_be_sent():
    return AlertDelivery.objects.filter(state__in=["waiting", "sending"])


def test_what_was_handed_over_and_never_left_is_unclear_until_a_person_decides(mails, workers):
    make_channel()
    make_alert()
    deliver(limit=0)  # routed
    AlertDelivery.objects.update(state="handed_over", leased_until=only_delivery().next_try_at, token=1)

    workers.start(mails.port, ahead=120)
    assert (workers.ended(), states(), mails.arrived) == (0, ["unclear"], [])
    assert only_delivery().last_error == "the worker died when it had handed it over"


def test_killed_again_and_again_each_alert_arrives_once(mails, hooks, workers):
    make_channel("a@example.com")
    webhook_to(hooks)
    for _ in range(4):
        make_alert()
    deliver(limit=0)  # routed
    choose = random.Random(7)
    kills = 0
    steps = {"email": (mails, ["rcpt", "data", "dot", "taken"]), "webhook": (hooks, ["whole", "answered"])}
    while channels := sorted(set(to_be_sent().values_list("channel", flat=True))):
        server, its_steps = steps[choose.choice(channels)]
        kill_at(server, workers, choose.choice(its_steps))
        workers.start(mails.port, ahead=kills * 120)
        assert workers.ended() == -signal.SIGKILL
        kills += 1

    assert kills >= 4
    deliver(timedelta(hours=1))
    assert set(states()) == {"delivered", "unclear"}
    arrived = Counter([mail["Message-ID"] for mail in mails.arrived])
    arrived += Counter([call.headers["volbal-delivery"] for call in hooks.arrived])
    assert set(arrived.values()) == {1}
    assert len(arrived) == 8
