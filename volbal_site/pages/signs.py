"""Signs of health: what is well, what isn't, and the way out. Each is read with a fixed number of queries."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.conf import settings
from django.core.cache import caches
from django.db import models
from django.db.models import Count, Max, Q, QuerySet, Sum

from accounts.models import Tenant
from accounts.prepared import Prepared, Slot
from accounts.time_words import ago, span_words
from alerts.models import Alert, AlertKind, Fault, FaultKind
from alerts.pulses import BOOKS_CHECKED, WORKER, last_pulse, silence_since
from market.calendar import is_open
from market.errors import OutsideCalendar
from market.models import HostBreaker, Quote
from market.providers.registry import provider
from orders.models import MANUAL, Order, Tick
from positions.market_day import market_day
from positions.models import Position, PositionStatus
from volbal.errors import OutOfRange
from volbal.order_states import OrderStatus
from volbal_site.readiness import outcomes

WELL, LOOK, WRONG, QUIET = "good", "wait", "bad", ""
STATES = {WELL: "Well", LOOK: "Have a look", WRONG: "Wrong", QUIET: "Not in use"}
# Checked every night at three; two hours of grace.
CHECKED_WITHIN = timedelta(hours=26)
FAULTS_WITHIN = timedelta(minutes=5)
# Seconds for which everybody is shown the same answer about the program.
ASKED_EVERY_S = 2
TICKS = "Evaluation of all cells"
# All have a key, and saying so leads to the index of those that are open, past all that ever was told.
_FAILED_CHECK = Prepared(
    lambda: Alert.objects.filter(kind=AlertKind.CHECK, key__gt="", cleared_at=None).order_by("-created_at")[
        :1
    ]
)
MORE_WORKERS = "It takes longer than the time between two. The operator adds workers."
CHECK_WORDS = {
    "database": ("Database", "The operator looks at the database server and its disk."),
    "cache": ("Cache", "The operator looks at Redis. Prices are fetched more often meanwhile."),
    "guards": ("Guards of history", "The operator runs manage.py migrate, which installs them again."),
    "migrations": ("Shape of the database", "The operator runs manage.py migrate."),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """One thing: how it is (`tone`), what is known of it, and what to do if it isn't well."""

    title: str
    tone: str
    told: str
    way_out: str = ""

    @property
    def state(self) -> str:
        """How it is, in a word or two."""
        return STATES[self.tone]


class TickDone(NamedTuple):
    """How far a tick has come: its parts, the end of the last one, those still to be done, failed cells."""

    slot: datetime
    opened_at: datetime
    chunks: int
    done: datetime | None
    waiting: int
    failed: int


_NEWEST_TICK = Prepared(
    lambda: (
        Tick.objects.annotate(
            done=Max("parts__done_at"),
            waiting=Count("parts", filter=Q(parts__done_at=None)),
            failed=Sum("parts__failed", default=0),
        )
        .order_by("-slot")
        .values_list("slot", "opened_at", "chunks", "done", "waiting", "failed")[:1]
    )
)


def worker_sign(at: datetime) -> Sign:
    """Say whether the timetable and a worker are there."""
    heard_at = last_pulse(WORKER)
    silence = silence_since(heard_at, at)
    if silence is None and heard_at is not None:
        return Sign(title="Worker and timetable", tone=WELL, told=f"Heard of {ago(heard_at, at)}.")
    told = f"{(silence or '')[:1].upper()}{(silence or '')[1:]}: nothing is evaluated, sent or told."
    way_out = "The operator starts the worker and beat again; what waits goes on by itself."
    tone = WRONG if settings.WORKER_EXPECTED or heard_at is not None else LOOK
    return Sign(title="Worker and timetable", tone=tone, told=told, way_out=way_out)


def tick_sign(at: datetime) -> Sign:
    """Say when all cells were last looked at, and how long that took."""
    found = _NEWEST_TICK.first()
    if found is None:
        told = "The schedule has not looked yet: it does while the market is open."
        return Sign(title=TICKS, tone=QUIET, told=told)
    tick = TickDone._make(found)
    return _tick_sign(tick, f"Last {ago(tick.slot, at)}", at)


def _tick_sign(tick: TickDone, last: str, at: datetime) -> Sign:
    if tick.failed:
        told = f"{last}; {tick.failed} cells could not be evaluated."
        return Sign(title=TICKS, tone=WRONG, told=told, way_out="See the alerts; the log names the error.")
    if tick.waiting:
        told, took = f"{tick.waiting} of {tick.chunks} parts still to be done", at - tick.opened_at
    else:
        took = (tick.done or tick.opened_at) - tick.opened_at
        told = f"done in {took.total_seconds():.1f} s"
    is_slow = took > timedelta(seconds=settings.EVALUATE_EVERY_S)
    tone, way_out = (LOOK, MORE_WORKERS) if is_slow else (WELL, "")
    return Sign(title=TICKS, tone=tone, told=f"{last}, {told}.", way_out=way_out)


def feed_signs(tenant: Tenant, at: datetime) -> list[Sign]:
    """Say of each source of the tenant's prices how old the newest is, and which are in doubt."""
    names = sorted(name for (name,) in _FOLLOWED.rows(tenant=tenant.pk))
    found = {name: (newest, doubted) for name, newest, doubted in _NEWEST_QUOTES.rows(tenant=tenant.pk)}
    signs = [_feed_sign(name, found.get(name, (None, 0)), tenant, at) for name in names]
    return [*signs, *_host_signs(at)]


def _feed_sign(name: str, known: tuple[datetime | None, int], tenant: Tenant, at: datetime) -> Sign:
    title, (newest, doubted) = f"Prices of {name}", known
    if _is_history(name):
        told = f"Prices of the past, played again; they have come to {market_day(tenant, at):%-d %b %Y}."
        return Sign(title=title, tone=WELL, told=told)
    if doubted:
        told = f"{doubted} ticker{'' if doubted == 1 else 's'} jumped, and nothing trades on that price yet."
        way_out = "It ends with a second sighting, a recorded split, or manage.py accept_quote."
        return Sign(title=title, tone=LOOK, told=told, way_out=way_out)
    if newest is None:
        return Sign(title=title, tone=QUIET, told="None was fetched yet; it is while the market is open.")
    told = f"The newest is {span_words(at - newest)} old."
    if at - newest > timedelta(seconds=settings.QUOTE_MAX_AGE_S) and _market_is_open(at):
        way_out = "Nothing trades on it meanwhile. Usually the feed comes back by itself."
        return Sign(title=title, tone=WRONG, told=told, way_out=way_out)
    return Sign(title=title, tone=WELL, told=told)


def _host_signs(at: datetime) -> Iterator[Sign]:
    for host in _FAILING_HOSTS.rows():
        until = host.open_until
        again = f"; it is asked again in {span_words(until - at)}" if until is not None and until > at else ""
        told = f"Failed {host.failures} times in a row{again}."
        way_out = "Usually none: every failure makes the pause longer, and it is tried again by itself."
        yield Sign(title=host.host, tone=WRONG if host.failures > 2 else LOOK, told=told, way_out=way_out)


def broker_signs(tenant: Tenant, differences: Sequence[str], at: datetime) -> list[Sign]:
    """Say of each broker of the tenant what waits there; `differences` are the brokers of open ones."""
    names = {name for (name,) in _BROKERS.rows(tenant=tenant.pk)}
    waiting = {row[0]: OpenOrders._make(row) for row in _OPEN_ORDERS.rows(tenant=tenant.pk)}
    since = at - FAULTS_WITHIN
    subjects = {f"{name}/{tenant.pk}": name for name in {*names, *waiting}}
    failed = Fault.objects.filter(kind=FaultKind.BROKER, subject__in=subjects, at__gt=since)
    errors = {subjects[row["subject"]]: row["n"] for row in failed.values("subject").annotate(n=Count("pk"))}
    return [
        _broker_sign(name, waiting.get(name), errors.get(name, 0), differences.count(name))
        for name in sorted({*names, *waiting})
    ]


class OpenOrders(NamedTuple):
    """How many orders are open at a broker, how many of them are still to be sent, and of unknown fate."""

    broker: str
    total: int
    unsent: int
    unknown: int


def _cells(tenant: Any) -> QuerySet[Position]:
    return Position.objects.filter(tenant=tenant).exclude(status=PositionStatus.CLOSED)


# What everybody who has the page open reads every few seconds.
_TENANT = Slot("tenant", models.UUIDField())
_FOLLOWED = Prepared(lambda: _cells(_TENANT).values_list("market_provider").distinct())
_NEWEST_QUOTES = Prepared(
    lambda: (
        Quote.objects.filter(
            provider__in=_cells(_TENANT).values("market_provider"),
            ticker__in=_cells(_TENANT).values("ticker"),
        )
        .values("provider")
        .annotate(newest=Max("as_of"), doubted=Count("pk", ~Q(doubt_gate="")))
        .values_list("provider", "newest", "doubted")
    )
)
_BROKERS = Prepared(lambda: _cells(_TENANT).values_list("broker").distinct())
_FAILING_HOSTS = Prepared(lambda: HostBreaker.objects.filter(failures__gt=0).order_by("host"))
_OPEN_ORDERS = Prepared(
    lambda: (
        Order.objects.open()
        .filter(tenant=_TENANT)
        .values("broker")
        .annotate(
            total=Count("pk"),
            unsent=Count("pk", filter=Q(sent_at=None) & ~Q(broker=MANUAL)),
            unknown=Count("pk", filter=Q(status=OrderStatus.UNKNOWN)),
        )
        .values_list("broker", "total", "unsent", "unknown")
    )
)


def _broker_sign(name: str, row: OpenOrders | None, errors: int, differences: int) -> Sign:
    title = f"Broker {name}"
    if differences:
        told = f"It and the books differ in {differences} way{'' if differences == 1 else 's'}."
        return Sign(title=title, tone=WRONG, told=told, way_out="Explain them under Orders.")
    if row and row.unknown:
        told = f"Of {row.unknown} order{'' if row.unknown == 1 else 's'} nobody knows what became."
        return Sign(title=title, tone=WRONG, told=told, way_out="It is asked again by itself. See Orders.")
    if errors:
        told = f"{errors} error{'' if errors == 1 else 's'} in the last five minutes."
        way_out = "It is tried again by itself; too many, and trading is stopped."
        return Sign(title=title, tone=LOOK, told=told, way_out=way_out)
    if row is None:
        return Sign(title=title, tone=WELL, told="No order is open there.")
    waits = f", {row.unsent} of them still to be sent" if row.unsent else ""
    return Sign(title=title, tone=WELL, told=f"Open orders: {row.total}{waits}.")


def books_sign(at: datetime) -> Sign:
    """Say when ledger and history were last checked, and what came of it."""
    title, checked_at = "Check of ledger and history", last_pulse(BOOKS_CHECKED)
    failed = _FAILED_CHECK.first()
    if failed is not None:
        way_out = (
            "Trading is stopped for everyone. The operator finds the cause before anything else is done."
        )
        return Sign(title=title, tone=WRONG, told=failed.message, way_out=way_out)
    if checked_at is None:
        way_out = "It runs every night at 3:00 New York; manage.py check_books does it now."
        return Sign(title=title, tone=QUIET, told="Not checked yet.", way_out=way_out)
    told = f"Checked {ago(checked_at, at)}, and everything agreed."
    if at - checked_at > CHECKED_WITHIN:
        way_out = "It should run every night: the operator looks whether beat and a worker are there."
        return Sign(title=title, tone=LOOK, told=told, way_out=way_out)
    return Sign(title=title, tone=WELL, told=told)


def program_signs() -> list[Sign]:
    """Say what the program stood on in these seconds; the worker has a sign of its own."""
    found: Any = caches["lists"].get_or_set("what-the-program-stands-on", outcomes, ASKED_EVERY_S)
    return [
        Sign(title=title, tone=WELL, told="As it should be.")
        if fault is None
        else Sign(title=title, tone=WRONG, told=f"{fault[:1].upper()}{fault[1:]}.", way_out=way_out)
        for name, fault in found.items()
        if name in CHECK_WORDS
        for title, way_out in [CHECK_WORDS[name]]
    ]


def _is_history(name: str) -> bool:
    try:
        return provider(name).is_confirmed
    except OutOfRange:
        return False


def _market_is_open(at: datetime) -> bool:
    try:
        return is_open(at)
    except OutsideCalendar:
        return False
