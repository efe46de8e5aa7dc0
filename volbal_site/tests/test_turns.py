"""Requests take turns, and none waits for ever."""

import threading

import pytest

from volbal_site import turns
from volbal_site.turns import in_turn

LONG = 20


class Requests:
    """An application that is left only when it is told to, and the requests that are in it."""

    def __init__(self):
        self.inside, self.entered, self.leave = [], threading.Semaphore(0), threading.Semaphore(0)
        self.wrapped = in_turn(self.answer)

    def answer(self, environ, start_response):
        self.inside.append(environ["name"])
        self.entered.release()
        assert self.leave.acquire(timeout=LONG)
        return [environ["name"].encode()]

    def send(self, name):
        thread = threading.Thread(target=self.wrapped, args=({"name": name}, None), daemon=True)
        thread.start()
        return thread

    def finish(self, threads):
        for _ in threads:
            self.leave.release()
        for thread in threads:
            thread.join(LONG)
            assert not thread.is_alive()


@pytest.fixture
def requests(settings):
    settings.WEB_AT_ONCE = 2
    return Requests


def test_so_many_are_worked_on_and_the_next_comes_when_one_is_done(requests, monkeypatch):
    monkeypatch.setattr(turns, "PATIENCE_S", LONG)
    site = requests()
    threads = [site.send(name) for name in "abc"]
    assert all(site.entered.acquire(timeout=LONG) for _ in range(2))

    assert not site.entered.acquire(timeout=0.2)
    site.leave.release()
    assert site.entered.acquire(timeout=LONG)

    site.finish(threads)
    assert sorted(site.inside) == ["a", "b", "c"]


def test_nobody_waits_long_for_those_who_are_stuck(requests, monkeypatch):
    monkeypatch.setattr(turns, "PATIENCE_S", 0.01)
    site = requests()
    threads = [site.send(name) for name in "abcde"]

    assert all(site.entered.acquire(timeout=LONG) for _ in range(5))

    site.finish(threads)


def test_an_answer_is_passed_on_and_an_error_gives_the_turn_back(requests):
    def failing(environ, start_response):
        if environ.get("fails"):
            raise ValueError("failed")
        return [b"answer"]

    wrapped = in_turn(failing)
    for _ in range(3):
        with pytest.raises(ValueError, match="failed"):
            wrapped({"fails": True}, None)

    assert wrapped({}, None) == [b"answer"]
