"""A host that failed is left alone, by every process, longer each time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from accounts.errors import OutsideUnitOfWork
from accounts.transactions import unit_of_work
from alerts.models import Alert
from market.breaker import Admission, admit, pause_after, record_failure, record_success
from market.errors import Unavailable
from market.models import HostBreaker

HOST = "query1.finance.yahoo.com"
NOON = datetime(2024, 6, 10, 16, 0, tzinfo=UTC)


def after(seconds):
    return NOON + timedelta(seconds=seconds)


def succeed(admission, at=NOON):
    with unit_of_work():
        record_success(admission, at=at)


def fail(admission, at=NOON, jitter=0.0):
    with unit_of_work():
        record_failure(admission, at=at, jitter=jitter)


@pytest.mark.parametrize(
    ("failures", "jitter", "seconds"),
    [
        (1, 0, 60),
        (1, 1, 66),
        (2, 0, 120),
        (3, 0, 240),
        (4, 0, 480),
        (5, 0, 900),
        (6, 0, 900),
        (5000, 0.5, 945),
    ],
)
def test_the_pause_doubles_from_a_minute_to_fifteen(failures, jitter, seconds):
    assert pause_after(failures, jitter) == timedelta(seconds=seconds)


@pytest.mark.django_db
def test_a_host_that_never_failed_is_asked_freely():
    assert admit(HOST, at=NOON) == Admission(host=HOST, failures=0)
    record_success(admit(HOST, at=NOON), at=NOON)
    assert not HostBreaker.objects.exists()


@pytest.mark.django_db
def test_a_host_that_failed_is_left_alone_and_another_is_not():
    fail(admit(HOST, at=NOON))

    with pytest.raises(Unavailable, match="left alone until 16:01:00 UTC"):
        admit(HOST, at=after(59.9))
    assert admit("query2.finance.yahoo.com", at=after(1)).failures == 0
    assert admit(HOST, at=after(60)).failures == 1


@pytest.mark.django_db
def test_after_the_pause_one_is_let_through_and_the_others_wait_for_it():
    fail(admit(HOST, at=NOON))

    probe = admit(HOST, at=after(60))
    with pytest.raises(Unavailable):
        admit(HOST, at=after(61))
    succeed(probe)

    assert admit(HOST, at=after(62)) == Admission(host=HOST, failures=0)


@pytest.mark.django_db
def test_a_probe_that_never_comes_back_is_followed_by_another():
    fail(admit(HOST, at=NOON))
    admit(HOST, at=after(60))

    assert admit(HOST, at=after(75)).failures == 1


@pytest.mark.django_db
def test_each_probe_that_fails_doubles_the_pause():
    now = NOON
    for pause in (60, 120, 240, 480, 900, 900):
        fail(admit(HOST, at=now), at=now)
        assert HostBreaker.objects.get().open_until == now + timedelta(seconds=pause)
        now = HostBreaker.objects.get().open_until


@pytest.mark.django_db
def test_of_those_who_fail_together_one_counts():
    together = [admit(HOST, at=NOON) for _ in range(5)]
    for admission in together:
        fail(admission)

    assert HostBreaker.objects.get().failures == 1


@pytest.mark.django_db
def test_a_late_success_does_not_close_what_opened_since():
    slow = admit(HOST, at=NOON)
    fail(admit(HOST, at=NOON))
    probe = admit(HOST, at=after(60))
    fail(probe, at=after(61))

    succeed(slow)
    succeed(probe)

    assert HostBreaker.objects.get().failures == 2
    with pytest.raises(Unavailable):
        admit(HOST, at=after(62))


@pytest.mark.django_db
def test_a_failure_is_recorded_in_a_unit_of_work():
    with pytest.raises(OutsideUnitOfWork):
        record_failure(admit(HOST, at=NOON), at=NOON, jitter=0)
    assert not HostBreaker.objects.exists()


@pytest.mark.django_db
def test_jitter_lengthens_the_pause():
    fail(admit(HOST, at=NOON), jitter=0.5)

    assert HostBreaker.objects.get().open_until == after(63)


@pytest.mark.django_db
def test_from_the_third_failure_on_an_alert_says_so_until_it_answers_again():
    now, told = NOON, []
    for _ in range(4):
        fail(admit(HOST, at=now), at=now)
        told.append(Alert.objects.waiting().count())
        now = HostBreaker.objects.get().open_until
    assert told == [0, 0, 1, 1]
    alert = Alert.objects.get()
    assert (alert.kind, alert.tenant, alert.label) == ("stale_feed", None, "everyone")
    assert alert.message == f"{HOST} failed 3 times in a row: nothing new comes from there."

    succeed(admit(HOST, at=now), at=now)
    assert not Alert.objects.waiting().exists()
