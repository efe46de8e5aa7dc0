"""What runs when: the entries that beat starts with, kept in the database where staff can change them."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, InterfaceError, OperationalError, connection, transaction
from django.db.models import QuerySet
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask
from django_celery_beat.schedulers import DatabaseScheduler, ModelEntry

from accounts.nudges import NUDGE_EXPIRES_S
from volbal.trading_day import NEW_YORK

log = logging.getLogger(__name__)

NO_DATABASE = (OperationalError, InterfaceError)
LOOK_AGAIN_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the timetable: a task every so many seconds, or once a day at a time of New York."""

    task: str
    what: str
    every_s: int = 0
    daily_at: str = ""

    @property
    def expires_s(self) -> int:
        """How long its message is worth anything: a few intervals; a daily one is for an hour."""
        return 3600 if self.daily_at else max(NUDGE_EXPIRES_S, 3 * self.every_s)


TIMETABLE: Mapping[str, Entry] = {
    "Heartbeat": Entry(task="alerts.heartbeat", every_s=5, what="Notes that timetable and worker are there."),
    "Evaluate positions": Entry(
        task="dividends.evaluate",
        every_s=2,
        what="Looks whether the next evaluation of all positions is due (EVALUATE_EVERY_S), and works on it.",
    ),
    "Send orders, ask brokers": Entry(
        task="orders.send_and_ask", every_s=2, what="Sends waiting orders, asks about open ones, cancels."
    ),
    "Play the replay": Entry(
        task="simulation.advance_replay",
        every_s=1,
        what="Plays what is due of the live replay of history, if there is one; the demo is one.",
    ),
    "Run simulations": Entry(
        task="simulation.work_off_jobs",
        every_s=2,
        what="Makes the simulations and tries the settings that are waiting, if there are any.",
    ),
    "Keep daily values": Entry(
        task="simulation.keep_values",
        every_s=300,
        what="Keeps what cells were worth day by day, as far as something came since the last time.",
    ),
    "Compare with brokers": Entry(
        task="orders.compare_with_brokers", every_s=300, what="Compares the books with those of brokers."
    ),
    "Expire proposals": Entry(
        task="orders.expire_proposals", every_s=60, what="Ends proposals whose session is over."
    ),
    "Begin the day": Entry(
        task="dividends.begin_days",
        every_s=60,
        what="Splits, ex-dividends and payments that are due, on days with a session; makes up for gaps.",
    ),
    "Fetch dividends and splits": Entry(
        task="dividends.fetch_from_feeds", daily_at="06:00", what="Asks the live feeds about what is held."
    ),
    "Check the books": Entry(
        task="volbal_site.check_books", daily_at="03:00", what="Ledger and audit; any fault halts everyone."
    ),
    "Deliver alerts": Entry(
        task="alerts.deliver", every_s=5, what="Sends alerts by e-mail and webhook, and tries again."
    ),
    "Prune idempotency keys": Entry(
        task="accounts.prune_idempotency_keys",
        every_s=3600,
        what="Forgets old answers, never those about orders and fills.",
    ),
}


def seed_timetable() -> list[str]:
    """Add the entries that are missing, by name; return which. What staff changed or disabled stays."""
    there = set(PeriodicTask.objects.filter(name__in=TIMETABLE).values_list("name", flat=True))
    missing = {name: entry for name, entry in TIMETABLE.items() if name not in there}
    return [name for name, entry in missing.items() if _add(name, entry)]


def _add(name: str, entry: Entry) -> bool:
    """Add an entry; return False if another beat that starts now was faster."""
    try:
        with transaction.atomic():
            PeriodicTask.objects.create(
                name=name,
                task=entry.task,
                description=entry.what,
                interval=_interval(entry.every_s) if entry.every_s else None,
                crontab=_crontab(entry.daily_at) if entry.daily_at else None,
                expire_seconds=entry.expires_s,
            )
    except (IntegrityError, ValidationError):  # the model looks for its name, and then the database does
        if not PeriodicTask.objects.filter(name=name).exists():
            raise
        return False
    return True


def _interval(seconds: int) -> IntervalSchedule:
    same = IntervalSchedule.objects.filter(every=seconds, period=IntervalSchedule.SECONDS).first()
    return same or IntervalSchedule.objects.create(every=seconds, period=IntervalSchedule.SECONDS)


def _crontab(at: str) -> CrontabSchedule:
    hour, minute = (str(int(part)) for part in at.split(":"))
    when = {"minute": minute, "hour": hour, "timezone": NEW_YORK.key}
    same = CrontabSchedule.objects.filter(
        day_of_week="*", day_of_month="*", month_of_year="*", **when
    ).first()
    return same or CrontabSchedule.objects.create(**when)


def _tell_of_outage(error: Exception) -> None:
    log.warning("timetable_not_read", extra={"error": str(error)[:300]})
    connection.close()


class Timetable(DatabaseScheduler):  # type: ignore[misc]
    """Beat's schedule: seeded before it is read. While the database is away, beat waits for it."""

    def setup_schedule(self) -> None:
        while True:
            try:
                seed_timetable()
                super().setup_schedule()
                return
            except NO_DATABASE as error:
                _tell_of_outage(error)
                time.sleep(LOOK_AGAIN_S)

    def tick(self, *arguments: Any, **options: Any) -> float:
        """Send what is due; return in how many seconds to look again."""
        try:
            return float(super().tick(*arguments, **options))
        except NO_DATABASE as error:
            _tell_of_outage(error)
            self._heap = None  # whatever was on its way into it is put there anew
            self._initial_read = True  # a reading that was cut off counts for none
            return LOOK_AGAIN_S

    def enabled_models_qs(self) -> QuerySet[PeriodicTask]:
        """Read all that are enabled. Usually daily ones are left out for most of the day, and one that was
        missed at its hour would not be made up for."""
        entries: QuerySet[PeriodicTask] = PeriodicTask.objects.enabled()
        return entries

    def apply_entry(self, entry: ModelEntry, producer: Any = None) -> None:
        """Send an entry's message; one that can't be sent is told of in a line, and sent again next time."""
        try:
            self.apply_async(entry, producer=producer, advance=False)
        except Exception as error:
            log.warning("message_not_sent", extra={"entry": entry.name, "error": str(error)[:300]})
