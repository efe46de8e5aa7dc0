"""A nudge comes after the commit, or not at all, and nobody who nudges can fail by it."""

from __future__ import annotations

import logging

import pytest

from accounts import nudges
from accounts.nudges import nudge, wake_with
from accounts.transactions import current_unit, unit_of_work

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def woken(monkeypatch):
    """What workers were woken for."""
    monkeypatch.setattr(nudges, "_wakers", [])
    found = []
    wake_with(found.append)
    return found


def test_it_comes_after_the_commit(woken):
    with unit_of_work():
        nudge("t")
        assert woken == []
    assert woken == ["t"]


def test_it_does_not_come_when_nothing_was_done(woken):
    with pytest.raises(ZeroDivisionError), unit_of_work():
        nudge("t")
        raise ZeroDivisionError
    with unit_of_work(), pytest.raises(ZeroDivisionError), current_unit().savepoint():
        nudge("t")
        raise ZeroDivisionError
    assert woken == []


def test_a_waker_with_a_bug_is_logged_and_does_no_harm(woken, caplog):
    wake_with(lambda task: 1 / 0)
    with unit_of_work():
        nudge("t")
    assert woken == ["t"]
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
