"""Background tasks: once at a time in a process, and called again when somebody called meanwhile."""

from __future__ import annotations

from threading import Event, Thread

import pytest
from celery.worker import state

from accounts.background import background_task, is_stopping

PATIENCE = 30


class Slow:
    """A task that is under way until it is let go; it notes what it was called with."""

    def __init__(self):
        self.began, self.may_end, self.calls = Event(), Event(), []

    def __call__(self, *arguments):
        self.calls.append(arguments)
        self.began.set()
        assert self.may_end.wait(PATIENCE)


@pytest.fixture
def slow():
    return Slow()


@pytest.fixture
def task(slow):
    def slow_task(*arguments: str) -> None:
        slow(*arguments)

    return background_task(f"tests.{id(slow)}")(slow_task)


@pytest.fixture
def under_way(slow, task):
    """The task, at work in a thread of its own."""
    thread = Thread(target=task, args=("a",))
    thread.start()
    assert slow.began.wait(PATIENCE)
    yield thread
    slow.may_end.set()
    thread.join(PATIENCE)


def test_who_calls_meanwhile_does_not_wait_and_it_is_done_again(slow, task, under_way):
    for _ in range(5):
        task("a")
    assert slow.calls == [("a",)]

    slow.may_end.set()
    under_way.join(PATIENCE)
    assert slow.calls == [("a",)] * 2
    task("a")
    assert slow.calls == [("a",)] * 3


def test_other_arguments_are_another_piece_of_work(slow, task, under_way):
    slow.may_end.set()
    task("b")
    under_way.join(PATIENCE)
    assert sorted(slow.calls) == [("a",), ("b",)]


def test_a_worker_that_is_to_stop_does_not_begin_again(slow, task, under_way, monkeypatch):
    task("a")
    monkeypatch.setattr(state, "should_stop", 0)
    assert is_stopping()

    slow.may_end.set()
    under_way.join(PATIENCE)
    assert slow.calls == [("a",)]


def test_one_that_fails_says_so_and_can_be_called_again():
    calls = []

    @background_task("tests.failing")
    def failing() -> None:
        calls.append(1)
        raise ZeroDivisionError

    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            failing()
    assert len(calls) == 2
    assert not is_stopping()
