"""Turns in the order in which they were asked for; nobody waits for ever, and nobody for themselves."""

import threading
import time

import pytest
from django.db import transaction

from accounts import transactions
from accounts.fair_lock import FairLock
from accounts.models import Tenant
from accounts.tests.threads import at_once
from accounts.transactions import unit_of_work

LONG = 20


def started(target):
    thread = threading.Thread(target=target, daemon=True)
    thread.start()
    return thread


def until(condition):
    deadline = time.monotonic() + LONG
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def queue_up(lock, names, seen):
    """Start one thread a name, each when the one before waits."""

    def take(name):
        with lock.turn():
            seen.append(name)

    threads = []
    for count, name in enumerate(names, 1):
        threads.append(started(lambda name=name: take(name)))
        until(lambda count=count: len(lock._waiting) == count)
    return threads


def finish(threads):
    for thread in threads:
        thread.join(LONG)
        assert not thread.is_alive()


def is_free(lock):
    return lock._free == 1 and not lock._waiting


def test_the_first_to_ask_is_the_first_to_go():
    lock, seen = FairLock(LONG), []

    with lock.turn():
        threads = queue_up(lock, "abcdef", seen)
        assert seen == []
    finish(threads)

    assert "".join(seen) == "abcdef"
    assert is_free(lock)


def test_as_many_threads_go_through_at_a_time_as_there_are_places():
    lock, inside, most, leave = FairLock(LONG, places=3), [], [], threading.Event()

    def take():
        with lock.turn():
            inside.append(1)
            most.append(len(inside))
            leave.wait(LONG)
            inside.pop()

    threads = [started(take) for _ in range(8)]
    until(lambda: len(inside) == 3 and len(lock._waiting) == 5)
    leave.set()
    finish(threads)

    assert len(most) == 8
    assert max(most) == 3
    assert lock._free == 3


def test_one_thread_at_a_time_goes_through():
    lock, inside, most = FairLock(LONG), [], []

    def take():
        for _ in range(100):
            with lock.turn():
                inside.append(1)
                most.append(len(inside))
                inside.pop()

    finish([started(take) for _ in range(8)])

    assert (len(most), max(most)) == (800, 1)
    assert is_free(lock)


def test_an_exception_passes_the_turn_on():
    lock, seen = FairLock(LONG), []

    with pytest.raises(ValueError, match="boom"), lock.turn():
        threads = queue_up(lock, "a", seen)
        raise ValueError("boom")
    finish(threads)

    assert seen == ["a"]
    assert is_free(lock)


def test_who_has_the_turn_goes_through_again_at_once_and_keeps_it():
    lock, seen, began = FairLock(LONG), [], time.monotonic()

    with lock.turn():
        with lock.turn():
            threads = queue_up(lock, "a", seen)
        assert seen == []
    finish(threads)

    assert is_free(lock)
    assert time.monotonic() - began < LONG / 2


def test_who_waited_long_enough_goes_on_and_takes_nobodys_turn():
    lock, seen = FairLock(patience_s=0.01), []

    def take(name):
        with lock.turn():
            seen.append(name)

    with lock.turn():
        finish([started(lambda: take("impatient"))])
        assert seen == ["impatient"]
        assert not lock._free
        assert not lock._waiting
    take("next")

    assert seen == ["impatient", "next"]
    assert is_free(lock)


@pytest.fixture
def writers(monkeypatch):
    """The lock of this process's writers, a new one."""
    lock = FairLock(LONG)
    monkeypatch.setattr(transactions, "_SQLITE_WRITERS", lock)
    return lock


@pytest.mark.django_db(transaction=True)
def test_a_unit_that_fails_or_is_refused_leaves_the_way_free(writers):
    with pytest.raises(ValueError, match="boom"), unit_of_work():
        raise ValueError("boom")
    with unit_of_work(), pytest.raises(RuntimeError, match="durable"), unit_of_work():
        pass

    assert is_free(writers)


@pytest.mark.django_db(transaction=True)
def test_a_unit_inside_a_transaction_is_refused_without_waiting_for_a_turn(writers):
    began, held, done = time.monotonic(), threading.Event(), threading.Event()

    def hold():
        with writers.turn():
            held.set()
            done.wait(LONG)

    thread = started(hold)
    held.wait(LONG)
    with transaction.atomic(), pytest.raises(RuntimeError, match="durable"), unit_of_work():
        pass
    done.set()
    finish([thread])

    assert time.monotonic() - began < LONG / 2


@pytest.mark.django_db(transaction=True)
def test_what_runs_after_the_commit_may_open_a_unit_of_its_own(writers):
    def write():
        with unit_of_work():
            Tenant.objects.create(name="after")

    began = time.monotonic()
    with unit_of_work():
        transaction.on_commit(write)

    assert time.monotonic() - began < LONG / 2
    assert Tenant.objects.filter(name="after").exists()
    assert is_free(writers)


@pytest.mark.django_db(transaction=True)
def test_units_of_many_threads_are_all_done(writers):
    def write(name):
        with unit_of_work():
            Tenant.objects.create(name=name)

    at_once([lambda name=f"t{i}": write(name) for i in range(12)])

    assert Tenant.objects.count() == 12
    assert is_free(writers)
