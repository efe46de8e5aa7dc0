"""The timetable: seeded by name, then staff's; its tasks exist; what is missed at its hour is made up for."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from accounts.models import User
from accounts.nudges import NUDGE_EXPIRES_S
from accounts.tests.people import with_second_factor
from accounts.tests.threads import at_once
from volbal_site.celery import app
from volbal_site.tests.away import database_away
from volbal_site.timetable import TIMETABLE, Timetable, seed_timetable

pytestmark = pytest.mark.django_db(transaction=True)  # beat closes connections as it likes


@pytest.fixture
def seeded():
    assert seed_timetable() == list(TIMETABLE)


def row(name):
    return PeriodicTask.objects.get(name=name)


def beat():
    """Return beat's schedule as it is read at a start."""
    return Timetable(app=app, lazy=False)


def test_every_entry_is_a_task_that_workers_know():
    app.loader.import_default_modules()
    assert {entry.task for entry in TIMETABLE.values()} <= set(app.tasks)


def test_what_staff_changed_or_disabled_stays_and_what_was_deleted_comes_back(seeded):
    rarely = IntervalSchedule.objects.create(every=7, period=IntervalSchedule.MINUTES)
    PeriodicTask.objects.filter(name="Deliver alerts").update(interval=rarely)
    PeriodicTask.objects.filter(name="Check the books").update(enabled=False)
    row("Begin the day").delete()

    assert seed_timetable() == ["Begin the day"]

    assert row("Deliver alerts").interval == rarely
    assert not row("Check the books").enabled
    assert row("Begin the day").interval.every == TIMETABLE["Begin the day"].every_s


def test_a_message_is_worth_nothing_after_a_few_intervals(seeded):
    assert row("Send orders, ask brokers").expire_seconds == NUDGE_EXPIRES_S
    assert row("Compare with brokers").expire_seconds == 900
    assert row("Check the books").expire_seconds == 3600


def test_times_of_day_are_new_yorks(seeded):
    crontab = row("Check the books").crontab
    assert (str(crontab.timezone), crontab.hour, crontab.minute) == ("America/New_York", "3", "0")


def test_two_beats_that_start_at_once_seed_once():
    at_once([seed_timetable] * 4)

    assert PeriodicTask.objects.count() == len(TIMETABLE)


def test_a_daily_entry_that_was_missed_is_due_at_the_next_start(seeded):
    day_before = timezone.now() - timedelta(days=2)
    PeriodicTask.objects.filter(name="Check the books").update(last_run_at=day_before)

    schedule = beat().schedule
    assert set(schedule) == set(TIMETABLE)
    assert schedule["Check the books"].is_due().is_due

    PeriodicTask.objects.filter(name="Check the books").update(last_run_at=timezone.now())
    assert not beat().schedule["Check the books"].is_due().is_due


def test_beat_seeds_before_it_reads():
    assert set(beat().schedule) == set(TIMETABLE)


def test_staff_and_nobody_else_sees_and_changes_it(client, seeded):
    address = reverse("admin:django_celery_beat_periodictask_changelist")
    change = reverse("admin:django_celery_beat_periodictask_change", args=[row("Heartbeat").pk])
    client.force_login(User.objects.create_user("ann", password="x"))
    assert client.get(address).status_code == client.get(change).status_code == 302

    client.force_login(with_second_factor(User.objects.create_superuser("root")))
    listed, form = client.get(address), client.get(change)
    assert all(name in listed.text for name in TIMETABLE)
    assert (form.status_code, "orders.send_and_ask" in form.text) == (200, True)


def test_a_message_that_can_not_be_sent_is_one_line_and_beat_goes_on(seeded, caplog, monkeypatch):
    def away(*_, **__):
        raise OSError("away")

    schedule = beat()
    monkeypatch.setattr(schedule, "apply_async", away)
    schedule.apply_entry(schedule.schedule["Heartbeat"])

    assert [(record.message, record.exc_info) for record in caplog.records] == [("message_not_sent", None)]


def test_a_database_that_is_away_when_beat_starts_is_waited_for(monkeypatch):
    outage = ExitStack()
    outage.enter_context(database_away())
    monkeypatch.setattr("time.sleep", lambda seconds: outage.close())

    assert set(TIMETABLE) <= set(beat().schedule)


def test_a_database_that_goes_away_does_not_end_beat(seeded):
    timetable = beat()
    timetable.tick()
    for changed in (False, True):
        if changed:
            timetable._heap = timetable._schedule = None
            timetable._initial_read = True  # as at a change by staff, which is read anew
        with database_away():
            assert timetable.tick() >= 0
        timetable.tick()
        assert set(TIMETABLE) <= set(timetable.schedule)
        assert len(timetable._heap) >= len(TIMETABLE)
