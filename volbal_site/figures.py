"""What the database says about how things are, for `/metrics`: one query a figure, whatever is in it.

Whichever process is asked gives the same answer. No label names a tenant, a cell or anything else that has
no end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta

import structlog
from django.db import DatabaseError, InterfaceError
from django.db.models import Count, Max, Min, Q, Sum
from django.db.models.fields.json import KT
from django.utils import timezone
from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from accounts.models import Tenant
from alerts.models import Alert, AlertDelivery, Fault, Pulse
from market.models import HostBreaker, Quote
from orders.models import MANUAL, BrokerDifference, Order, Tick, TickChunk, TradingSwitch
from orders.tick_models import unfinished
from positions.event_types import EventType
from positions.models import Event, Position

log = structlog.stdlib.get_logger(__name__)

LATELY = timedelta(minutes=5)
Rows = Iterable[tuple[object, ...]]


class DatabaseFigures(Collector):
    """Reads every figure when it is asked; without a database it says only that there is none."""

    def collect(self) -> Iterator[Metric]:
        up = GaugeMetricFamily("volbal_database_up", "1 if the database answers, else 0.")
        found: list[Metric] = []
        try:
            found = [figure(timezone.now()) for figure in FIGURES]
        except (DatabaseError, InterfaceError) as error:
            log.error("figures_not_read", error=type(error).__name__)
        up.add_metric([], int(bool(found)))
        yield from (up, *found)


def positions(at: datetime) -> Metric:
    """Cells by status."""
    rows = Position.objects.values_list("status").annotate(n=Count("*"))
    return _family("volbal_positions", "Cells by status.", ["status"], rows)


def evaluations(at: datetime) -> Metric:
    """Outcomes of the evaluations recorded lately, by market time: replays of history don't count."""
    lately = Event.objects.filter(
        # The index is by tenant and time.
        tenant__in=Tenant.objects.values("pk"),
        ts__gt=at - LATELY,
        type=EventType.POSITION_EVALUATED,
    )
    outcome = lately.annotate(action=KT("outputs__decision__action"), reason=KT("outputs__decision__reason"))
    rows = outcome.values_list("action", "reason").annotate(n=Count("*"))
    told = "Evaluations recorded in the last five minutes, by what they came to."
    return _family("volbal_evaluations_5m", told, ["action", "reason"], rows)


def heartbeats(at: datetime) -> Metric:
    """How long ago what goes on by itself was heard of."""
    rows = [(kind, _age(heard_at, at)) for kind, heard_at in Pulse.objects.values_list("kind", "at")]
    told = "Seconds since what goes on by itself was last heard of."
    return _family("volbal_heartbeat_age_seconds", told, ["kind"], rows)


def tick_duration(at: datetime) -> Metric:
    """How long the last tick that is done took, from its beginning to its last chunk."""
    recent = Tick.objects.filter(slot__gt=at - LATELY).annotate(
        done=Max("parts__done_at"), waiting=Count("parts", filter=Q(parts__done_at=None))
    )
    done = recent.filter(waiting=0).order_by("-slot").values_list("done", "opened_at")[:1]
    rows = [(_age(opened_at, ended),) for ended, opened_at in done if ended is not None]
    told = "How long the newest tick that is done took; none in the last five minutes, no number."
    return _family("volbal_tick_seconds", told, [], rows)


def chunks_waiting(at: datetime) -> Metric:
    """Chunks of the newest tick that nobody has evaluated."""
    rows = [(unfinished(since=at - LATELY).count(),)]
    return _family("volbal_tick_chunks_waiting", "Chunks of the newest tick still to be done.", [], rows)


def positions_looked_at(at: datetime) -> Metric:
    """What the ticks of the last minutes came to."""
    sums = TickChunk.objects.filter(tick__slot__gt=at - LATELY).aggregate(
        evaluated=Sum("evaluated", default=0),
        recorded=Sum("recorded", default=0),
        failed=Sum("failed", default=0),
    )
    told = (
        "Positions that ticks of the last five minutes decided on, of those recorded, and those that failed."
    )
    return _family("volbal_tick_positions_5m", told, ["what"], sums.items())


def orders(at: datetime) -> Metric:
    """All orders by broker and status."""
    rows = Order.objects.values_list("broker", "status").annotate(n=Count("*"))
    return _family("volbal_orders", "Orders by broker and status.", ["broker", "status"], rows)


def orders_waiting(at: datetime) -> Metric:
    """Open orders by what they wait for."""
    unsent = Q(sent_at__isnull=True)
    by_hand = Q(broker=MANUAL)
    counts = Order.objects.open().aggregate(
        a_person=Count("pk", filter=by_hand),
        sending=Count("pk", filter=unsent & ~by_hand),
        the_broker=Count("pk", filter=~unsent & ~by_hand),
    )
    return _family("volbal_orders_waiting", "Open orders by what they wait for.", ["for"], counts.items())


def oldest_unsent_order(at: datetime) -> Metric:
    """How long the oldest order has waited to be sent, by market time; 0 if none does."""
    unsent = Order.objects.open().filter(sent_at=None).exclude(broker=MANUAL)
    oldest = unsent.aggregate(at=Min("created_at"))["at"]
    told = "How long the oldest order that is still to be sent has waited."
    return _family("volbal_oldest_unsent_order_seconds", told, [], [(_age(oldest or at, at),)])


def alerts_waiting(at: datetime) -> Metric:
    """Alerts that no channel was given yet."""
    rows = [(Alert.objects.unrouted().count(),)]
    return _family("volbal_alerts_unrouted", "Alerts not yet handed to the channels.", [], rows)


def alert_deliveries(at: datetime) -> Metric:
    """Alerts on their way, by how far they have come."""
    rows = AlertDelivery.objects.values_list("channel", "state").annotate(n=Count("*"))
    told = "Deliveries of alerts, by channel and how far they have come."
    return _family("volbal_alert_deliveries", told, ["channel", "state"], rows)


def states_told(at: datetime) -> Metric:
    """Alerts of states that last."""
    rows = Alert.objects.filter(cleared_at=None, key__gt="").values_list("kind").annotate(n=Count("*"))
    return _family("volbal_alerts_lasting", "Alerts of states that are not over.", ["kind"], rows)


def quote_ages(at: datetime) -> Metric:
    """The age of the newest price that was accepted from each live feed."""
    rows = Quote.objects.exclude(as_of=None).values_list("provider").annotate(newest=Max("as_of"))
    told = "Age of the newest price accepted from each live feed."
    ages = [(provider, _age(newest, at)) for provider, newest in rows]
    return _family("volbal_quote_age_seconds", told, ["provider"], ages)


def quotes_in_doubt(at: datetime) -> Metric:
    """Tickers whose prices wait for a second sighting or for a person."""
    rows = Quote.objects.exclude(doubt_gate="").values_list("provider", "doubt_gate").annotate(n=Count("*"))
    told = "Tickers whose price is in doubt, by what stands against it."
    return _family("volbal_quotes_in_doubt", told, ["provider", "gate"], rows)


def feed_breakers(at: datetime) -> Metric:
    """Hosts of feeds that are being left alone."""
    hosts = HostBreaker.objects.values_list("host", "open_until")
    rows = [(host, int(until is not None and until > at)) for host, until in hosts]
    told = "1 while a feed's host is being left alone, else 0."
    return _family("volbal_feed_breaker_open", told, ["host"], rows)


def faults(at: datetime) -> Metric:
    """Errors that breakers count."""
    rows = Fault.objects.filter(at__gt=at - LATELY).values_list("kind").annotate(n=Count("*"))
    return _family(
        "volbal_faults_5m", "Errors of brokers and evaluations, of the last five minutes.", ["kind"], rows
    )


def switches(at: datetime) -> Metric:
    """The kill switches that were ever turned, by where they stand."""
    rows = TradingSwitch.objects.values_list("scope", "state").annotate(n=Count("*"))
    return _family("volbal_trading_switches", "Kill switches by scope and state.", ["scope", "state"], rows)


def differences(at: datetime) -> Metric:
    """What brokers and books don't agree on."""
    rows = (
        BrokerDifference.objects.filter(resolved_at=None).values_list("broker", "kind").annotate(n=Count("*"))
    )
    told = "Differences between a broker and the books that nobody has explained."
    return _family("volbal_broker_differences", told, ["broker", "kind"], rows)


FIGURES: tuple[Callable[[datetime], Metric], ...] = (
    positions,
    evaluations,
    heartbeats,
    tick_duration,
    chunks_waiting,
    positions_looked_at,
    orders,
    orders_waiting,
    oldest_unsent_order,
    alerts_waiting,
    alert_deliveries,
    states_told,
    quote_ages,
    quotes_in_doubt,
    feed_breakers,
    faults,
    switches,
    differences,
)


def _family(name: str, told: str, labels: list[str], rows: Rows) -> Metric:
    """Return a gauge; each row is its labels and a number."""
    family = GaugeMetricFamily(name, told, labels=labels)
    for *values, number in rows:
        family.add_metric([str(value) for value in values], float(str(number)))
    return family


def _age(then: datetime, at: datetime) -> float:
    return (at - then).total_seconds()
