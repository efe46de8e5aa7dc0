"""Signs of life, and what happens when they cease."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from accounts.tests.threads import at_once
from accounts.transactions import unit_of_work
from alerts.models import Alert, Pulse
from alerts.pulses import WORKER, last_pulse, note_pulse, worker_silence
from alerts.tasks import heartbeat
from alerts.tests.builders import webhook_to
from alerts.watch import watch_worker

NOW = datetime(2024, 1, 8, 16, 0, tzinfo=UTC)

pytestmark = pytest.mark.django_db(transaction=True)


def heard_of(at):
    with unit_of_work():
        note_pulse(WORKER, at)


def watch_at(at):
    watch_worker(clock=lambda: at)


def later(seconds):
    return NOW + timedelta(seconds=seconds)


def test_a_heartbeat_is_the_time_of_the_last_one():
    heartbeat()
    first = last_pulse(WORKER)
    heartbeat()

    assert last_pulse(WORKER) > first
    assert Pulse.objects.count() == 1


def test_silence_is_told_in_words():
    assert worker_silence(NOW) == "no worker was ever heard of"
    heard_of(NOW)
    assert worker_silence(later(30)) is None
    assert worker_silence(later(31)) == "no worker was heard of for 31 seconds"


def test_a_silent_worker_is_one_alert_until_it_is_heard_again():
    heard_of(NOW)
    for seconds in (10, 40, 50, 60):
        watch_at(later(seconds))
    alert = Alert.objects.get()
    assert (alert.kind, alert.at, alert.cleared_at) == ("heartbeat", later(40), None)
    assert alert.message == (
        "No worker was heard of for 40 seconds: nothing is evaluated or sent to brokers."
    )

    heard_of(later(65))
    watch_at(later(70))
    watch_at(later(80))
    assert Alert.objects.get().cleared_at == later(70)


def test_while_no_worker_is_heard_of_the_watcher_itself_sends(hooks):
    webhook_to(hooks, tenant_id=None)
    heard_of(NOW)
    watch_at(later(20))
    assert hooks.arrived == []

    for seconds in (40, 50):
        watch_at(later(seconds))
    (call,) = hooks.arrived
    assert json.loads(call.body)["kind"] == "heartbeat"


def test_many_watchers_tell_once(hooks):
    webhook_to(hooks, tenant_id=None)

    at_once([lambda: watch_at(NOW)] * 4)

    assert Alert.objects.count() == 1
    assert len(hooks.arrived) == 1
