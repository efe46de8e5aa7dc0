"""Nudges leave in a thread of their own: nobody waits for them, and those that can't be sent are let be."""

from __future__ import annotations

from threading import Event

import pytest

from volbal_site import nudging
from volbal_site.nudging import Waker

PATIENCE = 30


class Broker:
    """Takes messages, once it is let go; or refuses them."""

    def __init__(self):
        self.may_take, self.taken, self.done = Event(), [], Event()
        self.is_away = False

    def send_task(self, task, **options):
        assert self.may_take.wait(PATIENCE)
        if task == "last":
            self.done.set()
        if self.is_away:
            raise OSError("away")
        self.taken.append((task, options))


@pytest.fixture
def broker(monkeypatch):
    found = Broker()
    monkeypatch.setattr(nudging, "app", found)
    return found


def names(broker):
    return [task for task, _ in broker.taken]


def test_many_nudges_are_few_messages_and_nobody_waits(broker):
    wake = Waker()
    wake("first")
    for _ in range(1000):
        wake("a")
        wake("b")
    broker.may_take.set()
    wake("last")
    assert broker.done.wait(PATIENCE)

    assert names(broker).count("a") <= 2
    assert set(names(broker)) >= {"first", "a", "b"}
    assert broker.taken[0][1] == {"expires": 30, "retry": False}


def test_a_broker_that_is_away_is_told_of_once_and_what_was_to_be_said_is_forgotten(broker, caplog):
    wake = Waker()
    broker.may_take.set()
    broker.is_away = True
    for task in ("a", "b", "last"):
        wake(task)
    assert broker.done.wait(PATIENCE)
    broker.done.clear()
    broker.is_away = False
    wake("last")
    assert broker.done.wait(PATIENCE)

    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "nudges_not_sent" in caplog.text
